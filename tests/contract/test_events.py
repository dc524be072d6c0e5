"""The schemas of our events are current, their examples are valid, and fields are only added."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from release_core.domain.announcement import DEFAULT_DEPLOYMENT, SCHEMA_VERSION
from release_core.domain.announcements import RELEASE_ORPHANED, TOLD_TO_PEOPLE
from tools.event_schemas.fields import COMMON, EVENTS
from tools.event_schemas.schemas import (
    FOLDER,
    KEPT,
    broken_promises,
    fields_of,
    file_of,
    kept,
    schemas,
    texts,
)

ROOT = Path(__file__).parents[2]
NOW = {name: fields_of(schema) for name, schema in schemas().items()}


def test_every_type_has_a_schema() -> None:
    """There is one file for each type of event, and no other."""
    assert {*EVENTS} == {*TOLD_TO_PEOPLE, RELEASE_ORPHANED}
    assert {*FOLDER.glob("*.json")} == {file_of(name) for name in EVENTS}


@pytest.mark.parametrize(("path", "text"), [*texts()], ids=lambda each: Path(each).stem)
def test_the_schemas_are_current(path: Path, text: str) -> None:
    """`make docs` writes the files again."""
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", EVENTS)
def test_the_examples_are_valid(name: str) -> None:
    """Each schema is one, and each of its examples has just the fields that it describes."""
    schema = json.loads(file_of(name).read_bytes())
    Draft202012Validator.check_schema(schema)
    assert schema["examples"]
    for example in schema["examples"]:
        Draft202012Validator(schema).validate(example)
        assert {*example} <= {*schema["properties"]}


def test_fields_are_only_added() -> None:
    """Nothing that readers of this schema version rely on is gone, or has another type.

    A change that breaks this needs another SCHEMA_VERSION, and a file of kept fields for it.
    """
    assert broken_promises(NOW, kept()) == []
    assert KEPT.stem == f"version-{SCHEMA_VERSION}"


def test_every_field_is_kept_from_now_on() -> None:
    """A new field is a promise, too: `make docs` adds it to the list."""
    assert kept() == NOW


def without(schema: dict[str, Any]) -> None:
    del schema["properties"]["why"]


def another_type(schema: dict[str, Any]) -> None:
    schema["properties"]["why"] = {"type": "object"}


def sometimes_null(schema: dict[str, Any]) -> None:
    schema["properties"]["why"] = {"type": ["string", "null"]}


def sometimes_absent(schema: dict[str, Any]) -> None:
    schema["required"].remove("why")


def deep_inside(schema: dict[str, Any]) -> None:
    del schema["properties"]["failures"]["items"]["properties"]["reason"]


def another_version(schema: dict[str, Any]) -> None:
    schema["properties"]["schemaVersion"] = {"const": "2"}


@pytest.mark.parametrize(
    "change",
    [without, another_type, sometimes_null, sometimes_absent, deep_inside, another_version],
)
def test_a_broken_promise_is_found(change: Any) -> None:
    """A field that is gone, of another type, or not always there any more breaks readers."""
    changed = deepcopy(schemas()["Release Failed"])
    change(changed)
    assert broken_promises(NOW | {"Release Failed": fields_of(changed)}, kept())


def test_a_new_field_breaks_nobody() -> None:
    """Readers ignore what they do not know."""
    changed = deepcopy(schemas()["Release Failed"])
    changed["properties"]["mood"] = {"type": "string"}
    assert not broken_promises(NOW | {"Release Failed": fields_of(changed)}, kept())


def test_the_usual_deployment_is_the_one_of_terraform() -> None:
    """Commands in events name the deployment if it has not the default name."""
    variables = (ROOT / "infra/variables.tf").read_text(encoding="utf-8")
    found = re.search(r'variable "name_prefix" \{.*?default\s+= "([^"]+)"', variables, re.DOTALL)
    assert found
    assert found[1] == DEFAULT_DEPLOYMENT


def rows_of(heading: str) -> dict[str, list[str]]:
    """The rows of a table in the reference, by their first cell."""
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    table = text.partition(f"| {heading} |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {name.strip("`"): rest for name, *rest in rows}


def test_the_reference_has_each_event() -> None:
    """It says when each event is put, and names its fields."""
    rows = rows_of("Event | Put when")
    assert {*rows} == {*TOLD_TO_PEOPLE}
    for name, (when, fields) in rows.items():
        assert when == EVENTS[name].when
        same_as = re.fullmatch(r"as `([^`]+)`", fields)
        named = rows[same_as[1]][1] if same_as else fields
        assert re.findall(r"`(\w+)`", named) == [*EVENTS[name].fields], name


def test_the_reference_has_each_common_field() -> None:
    """Its words are those of the schemas."""
    rows = rows_of("Common field | Is")
    assert {name: said for name, (said,) in rows.items()} == {
        name: field["description"] for name, field in COMMON.items()
    }
