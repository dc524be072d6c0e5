"""The JSON Schema of each event, and the list of their fields that later versions must keep."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.event_schemas.fields import COMMON, EVENTS, OPTIONAL, Schema
from tools.event_schemas.samples import samples

FOLDER = Path(__file__).parents[2] / "schemas" / "events"
# By path of a field: its JSON types, and whether it is always there.
type Fields = dict[str, list[str]]
KEPT = FOLDER / "kept" / "version-1.json"


def file_of(detail_type: str) -> Path:
    """The file with the schema of an event."""
    return FOLDER / f"{detail_type.lower().replace(' ', '-')}.json"


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each event's detail, by detail type."""
    examples = samples()
    return {
        name: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": name,
            "description": f"The detail of the event: {event.when}. New fields may be added.",
            **_object({} if event.is_internal else COMMON, event.fields),
            "examples": examples[name],
        }
        for name, event in EVENTS.items()
    }


def texts() -> Iterator[tuple[Path, str]]:
    """Each file with a schema, and its text."""
    for name, schema in schemas().items():
        yield file_of(name), json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def fields_of(schema: Mapping[str, Any], place: str = "") -> Fields:
    """The fields of a schema, with those of the objects in it."""
    found: Fields = {}
    for name, each in schema.get("properties", {}).items():
        path = f"{place}{name}"
        always = ["always"] if name in schema.get("required", ()) else []
        found[path] = [*_types(each), *always]
        found |= fields_of(each, f"{path}.")
        found |= fields_of(each.get("items", {}), f"{path}[].")
    return found


def kept() -> dict[str, Fields]:
    """The fields of all events that were ever published as this schema version."""
    loaded: dict[str, Fields] = json.loads(KEPT.read_text(encoding="utf-8"))
    return loaded


def broken_promises(now: Mapping[str, Fields], before: Mapping[str, Fields]) -> list[str]:
    """What readers of earlier events would miss now, in words."""
    return [
        f"{event}: {path} was {was}, and is {now.get(event, {}).get(path, 'gone')}"
        for event, fields in before.items()
        for path, was in fields.items()
        if not _reads_as(now.get(event, {}).get(path), was)
    ]


def _reads_as(now: list[str] | None, was: list[str]) -> bool:
    """Whether readers who expect the field as it was can read it now."""
    if now is None or ("always" in was and "always" not in now):
        return False
    return {*now} - {"always"} <= {*was} - {"always"}


def _types(schema: Mapping[str, Any]) -> list[str]:
    if "const" in schema:
        return [f"const {schema['const']}"]
    of = schema["type"]
    return [of] if isinstance(of, str) else [*of]


def _object(*fields: Mapping[str, Schema]) -> dict[str, Any]:
    properties = {name: each for some in fields for name, each in some.items()}
    return {
        "type": "object",
        "additionalProperties": True,
        "properties": properties,
        "required": [name for name in properties if name not in OPTIONAL],
    }
