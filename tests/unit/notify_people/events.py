"""Events of the release machine as EventBridge sends them: the examples of their schemas."""

import json
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas/events"


def event(detail_type: str, detail: dict[str, Any]) -> dict[str, Any]:
    """An event with this detail."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": detail_type,
        "source": "release-machine",
        "account": "123456789012",
        "time": "2026-11-22T18:00:04Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": detail,
    }


def examples() -> dict[str, dict[str, Any]]:
    """All examples of all types; the name of one has the type's name and its number."""
    found = {}
    for path in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        for number, detail in enumerate(schema["examples"], 1):
            found[f"{path.stem}-{number}"] = event(schema["title"], detail)
    return found


def example(name: str, **changes: Any) -> dict[str, Any]:
    """The example of this name, with other values in its detail."""
    found = examples()[name]
    return {**found, "detail": {**found["detail"], **changes}}
