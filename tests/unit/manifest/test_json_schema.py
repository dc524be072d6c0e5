"""The published JSON Schema is generated from the manifest's model, and agrees with it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from release_core.manifest.checks import examine
from release_core.manifest.model import Manifest
from release_core.strict_json import read_json
from tools.manifest_schema import SCHEMA, schema_text

ROOT = Path(__file__).parents[3]
PIN = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": "3f2a"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema as it is published."""
    published: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return published


def accepts(schema: dict[str, Any], text: str) -> tuple[bool, bool]:
    """Whether the schema accepts a document, and whether the release machine accepts its form."""
    by_schema = Draft202012Validator(schema).is_valid(json.loads(text))
    manifest, problems = examine(read_json(text, place="here"), declared=None)
    return by_schema, manifest is not None and not problems


def of(**keys: Any) -> str:
    """A small manifest with more keys, or others."""
    return json.dumps({"releaseId": "r", "pipelines": ["orders"]} | keys)


def of_pipeline(**keys: Any) -> str:
    """A manifest of one pipeline with these keys."""
    return of(pipelines=[{"name": "orders"} | keys])


def test_the_published_schema_is_current() -> None:
    """`make docs` renews the file after a change of the model."""
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema_of_draft_2020_12(schema: dict[str, Any]) -> None:
    """It says which draft it is, and keeps to it."""
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def objects(part: object) -> Iterator[dict[str, Any]]:
    """Every part of a schema that declares the keys of an object."""
    if isinstance(part, dict):
        if "properties" in part:
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from objects(each)


def test_every_key_is_described(schema: dict[str, Any]) -> None:
    """An editor can say of each key what it is for; the schema has no key more, and none less."""
    for each in objects(schema):
        assert each["title"]
        assert each["additionalProperties"] is False
        assert all(key["description"] for key in each["properties"].values())
    assert schema["properties"].keys() == {each.alias for each in Manifest.model_fields.values()}


def test_every_key_has_good_examples(schema: dict[str, Any]) -> None:
    """Whoever takes an example of a key, of whatever level, has a manifest that is accepted."""
    manifests: dict[str, Callable[..., str]] = {
        "Release manifest": of,
        "Pipeline": lambda **keys: of(pipelines=["catalog", {"name": "orders"} | keys]),
        "SourceRevision": lambda **keys: of_pipeline(sourceRevisions=[PIN | keys]),
    }
    assert len(schema["examples"]) > 1
    for example in schema["examples"]:
        assert accepts(schema, json.dumps(example)) == (True, True)
    for each in objects(schema):
        for key, declared in each["properties"].items():
            assert declared.get("examples"), key
            for example in declared["examples"]:
                text = manifests[each["title"]](**{key: example})
                assert accepts(schema, text) == (True, True), text


@pytest.mark.parametrize("path", sorted(ROOT.glob("infra/demo/manifests/*.json")), ids=str)
def test_the_demos_manifests_are_good(schema: dict[str, Any], path: Path) -> None:
    """What the project itself ships fits its schema."""
    assert accepts(schema, path.read_text(encoding="utf-8")) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        '{"releaseId": 5.10, "pipelines": ["orders"]}',
        '{"releaseId": 7, "pipelines": [{"name": "orders"}], "rollbackOf": 6.1}',
        of(**{"$schema": "https://example.com/release-manifest.schema.json"}),
        of(onFailure="rollback", maxConcurrency=1000, stopMode="abandon", onBusy="wait"),
        of(deadline="2026-11-22T18:00:00+01:00", resume=True, dryRun=True),
        of(pipelines=["orders", {"name": "web", "dependsOn": ["orders"], "retries": 10}]),
        of_pipeline(variables={"A@-_9": "5.10 \u00e4 {}"}, timeoutMinutes=525_600),
        of_pipeline(sourceRevisions=[PIN, PIN | {"actionName": "Other"}]),
    ],
)
def test_good_manifests_are_accepted_by_both(schema: dict[str, Any], text: str) -> None:
    """What the machine takes, an editor does not mark as wrong."""
    assert accepts(schema, text) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        of(pipelines=[]),
        of(pipelines=["or ders"]),
        of(pipelines=[5]),
        of(pipelines=[{}]),
        of(releaseId=""),
        of(releaseId=-1),
        of(releaseId="x" * 101),
        of(releaseId=True),
        of(color="red"),
        of(onFailure="explode"),
        of(maxConcurrency=0),
        of(maxConcurrency="5"),
        of(resume="yes"),
        of(rollbackOf="a b"),
        of(pipelines=["orders", {"name": "web", "dependsOn": ["orders", "orders"]}]),
        of_pipeline(retries=11),
        of_pipeline(timeoutMinutes=1.5),
        of_pipeline(variables={"A": ""}),
        of_pipeline(variables={"A": 5}),
        of_pipeline(variables={"A B": "5"}),
        of_pipeline(variables={"A": "one\ntwo"}),
        of_pipeline(variables={"A": "x" * 1001}),
        of_pipeline(variables={f"V{number}": "x" for number in range(51)}),
        of_pipeline(sourceRevisions=[{"actionName": "Source"}]),
        of_pipeline(sourceRevisions=[PIN | {"revisionType": "LATEST"}]),
        of_pipeline(sourceRevisions=[PIN | {"revisionValue": ""}]),
        of_pipeline(sourceRevisions=[PIN | {"more": 1}]),
    ],
)
def test_bad_manifests_are_refused_by_both(schema: dict[str, Any], text: str) -> None:
    """What an editor accepts, the machine does not refuse for its form."""
    assert accepts(schema, text) == (False, False)
