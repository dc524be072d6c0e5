"""Checks what is put on the bus against the schemas in schemas/events."""

import json
from functools import cache, lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from release_core.domain.announcement import MAX_BYTES

_FOLDER = Path(__file__).parents[2] / "schemas" / "events"


class InvalidEventError(AssertionError):
    """An event is not as its schema says; the message says where."""


@lru_cache(maxsize=50_000)
def check_event(detail_type: str, detail: str) -> None:
    """Raise InvalidEventError for an event that has no schema, breaks it, or is too large."""
    try:
        size = len(detail.encode())
    except UnicodeEncodeError as error:
        raise InvalidEventError(f"{detail_type} has half a character: {error}") from error
    if size > MAX_BYTES:
        raise InvalidEventError(f"{detail_type} is too large")
    validator = _validator(detail_type)
    if validator is None:
        raise InvalidEventError(f"{detail_type} has no schema")
    problem = best_match(validator.iter_errors(json.loads(detail)))
    if problem is not None:
        raise InvalidEventError(f"{detail_type} {problem.json_path}: {problem.message}")


@cache
def _validator(detail_type: str) -> Draft202012Validator | None:
    path = _FOLDER / f"{detail_type.lower().replace(' ', '-')}.json"
    return Draft202012Validator(json.loads(path.read_bytes())) if path.is_file() else None
