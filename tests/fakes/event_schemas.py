"""Checks what is put on the bus against the schemas in schemas/events."""

import json
from functools import cache, lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from release_core.domain.announcement import MAX_BYTES

_FOLDER = Path(__file__).parents[2] / "schemas" / "events"


@lru_cache(maxsize=50_000)
def check_event(detail_type: str, detail: str) -> None:
    """Raise an error for an event that is not as its schema says, or is too large."""
    assert len(detail.encode()) <= MAX_BYTES, f"{detail_type} is too large"
    problem = best_match(_validator(detail_type).iter_errors(json.loads(detail)))
    assert problem is None, f"{detail_type} {problem.json_path}: {problem.message}"


@cache
def _validator(detail_type: str) -> Draft202012Validator:
    path = _FOLDER / f"{detail_type.lower().replace(' ', '-')}.json"
    return Draft202012Validator(json.loads(path.read_bytes()))
