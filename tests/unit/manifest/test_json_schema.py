"""The published JSON Schema is generated from the manifest's model and agrees with it."""

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
    """The published schema."""
    published: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return published


def accepts(schema: dict[str, Any], text: str) -> tuple[bool, bool]:
    """Whether the schema accepts a document, and whether the release machine does."""
    by_schema = Draft202012Validator(schema).is_valid(json.loads(text))
    manifest, problems = examine(read_json(text, place="here"), declared=None)
    return by_schema, manifest is not None and not problems


def manifest_with(**keys: Any) -> str:
    """A small manifest with these keys added or replaced."""
    return json.dumps({"releaseId": "r", "pipelines": ["orders"]} | keys)


def manifest_with_pipeline(**keys: Any) -> str:
    """A manifest with one pipeline that has these keys."""
    return manifest_with(pipelines=[{"name": "orders"} | keys])


def test_the_published_schema_is_current() -> None:
    """The published schema is up to date; otherwise run `make docs`."""
    assert SCHEMA.read_text(encoding="utf-8") == schema_text()


def test_it_is_a_schema_of_draft_2020_12(schema: dict[str, Any]) -> None:
    """The schema declares draft 2020-12 and is valid by it."""
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
    """Every key of the manifest is in the schema, with a description, and no other key."""
    for each in objects(schema):
        assert each["title"]
        assert each["additionalProperties"] is False
        assert all(key["description"] for key in each["properties"].values())
    assert schema["properties"].keys() == {each.alias for each in Manifest.model_fields.values()}


def test_every_key_has_valid_examples(schema: dict[str, Any]) -> None:
    """A manifest with any example of any key is accepted."""
    manifests: dict[str, Callable[..., str]] = {
        "Release manifest": manifest_with,
        "Pipeline": lambda **keys: manifest_with(pipelines=["catalog", {"name": "orders"} | keys]),
        "Approval": lambda **keys: manifest_with(approvals=[{"name": "go-live"} | keys]),
        "SourceRevision": lambda **keys: manifest_with_pipeline(sourceRevisions=[PIN | keys]),
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
def test_the_manifests_of_the_demo_are_valid(schema: dict[str, Any], path: Path) -> None:
    """The schema accepts the manifests of the demo."""
    assert accepts(schema, path.read_text(encoding="utf-8")) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        '{"releaseId": 5.10, "pipelines": ["orders"]}',
        '{"releaseId": 7, "pipelines": [{"name": "orders"}], "rollbackOf": 6.1}',
        manifest_with(**{"$schema": "https://example.com/release-manifest.schema.json"}),
        manifest_with(onFailure="rollback", maxConcurrency=1000, stopMode="abandon", onBusy="wait"),
        manifest_with(deadline="2026-11-22T18:00:00+01:00", resume=True, dryRun=True),
        manifest_with(
            pipelines=["orders", {"name": "web", "dependsOn": ["orders"], "retries": 10}]
        ),
        manifest_with_pipeline(variables={"A@-_9": "5.10 \u00e4 {}"}, timeoutMinutes=525_600),
        manifest_with_pipeline(sourceRevisions=[PIN, PIN | {"actionName": "Other"}]),
    ],
)
def test_valid_manifests_are_accepted_by_both(schema: dict[str, Any], text: str) -> None:
    """The schema accepts what the release machine accepts."""
    assert accepts(schema, text) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        manifest_with(pipelines=[]),
        manifest_with(pipelines=["or ders"]),
        manifest_with(pipelines=[5]),
        manifest_with(pipelines=[{}]),
        manifest_with(releaseId=""),
        manifest_with(releaseId=-1),
        manifest_with(releaseId="x" * 101),
        manifest_with(releaseId=True),
        manifest_with(color="red"),
        manifest_with(onFailure="explode"),
        manifest_with(maxConcurrency=0),
        manifest_with(maxConcurrency="5"),
        manifest_with(resume="yes"),
        manifest_with(rollbackOf="a b"),
        manifest_with(pipelines=["orders", {"name": "web", "dependsOn": ["orders", "orders"]}]),
        manifest_with_pipeline(retries=11),
        manifest_with_pipeline(timeoutMinutes=1.5),
        manifest_with_pipeline(variables={"A": ""}),
        manifest_with_pipeline(variables={"A": 5}),
        manifest_with_pipeline(variables={"A B": "5"}),
        manifest_with_pipeline(variables={"A": "one\ntwo"}),
        manifest_with_pipeline(variables={"A": "x" * 1001}),
        manifest_with_pipeline(variables={f"V{number}": "x" for number in range(51)}),
        manifest_with_pipeline(sourceRevisions=[{"actionName": "Source"}]),
        manifest_with_pipeline(sourceRevisions=[PIN | {"revisionType": "LATEST"}]),
        manifest_with_pipeline(sourceRevisions=[PIN | {"revisionValue": ""}]),
        manifest_with_pipeline(sourceRevisions=[PIN | {"more": 1}]),
    ],
)
def test_invalid_manifests_are_rejected_by_both(schema: dict[str, Any], text: str) -> None:
    """The schema rejects what the release machine rejects."""
    assert accepts(schema, text) == (False, False)
