"""The file of the permissions that calls have needed: a JSON object on each line, each line once.

    {"action": "dynamodb:Query", "context": {}, "resource": "arn:...", "role": "arn:..."}

Several processes write to one file. A line holds no values of parameters but names of resources and
condition keys: a task token is a parameter.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from localstack_call_record.authorization import Needed

VARIABLE = "CALL_RECORD"


class CallRecord:
    """Adds lines to the file; this process writes each line once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: set[tuple[str, Needed]] = set()

    def add(self, role: str, needed: Iterable[Needed]) -> None:
        """Note what a call of a role needs; ``role`` is its ARN."""
        for each in needed:
            if (role, each) not in self._written:
                self._written.add((role, each))
                self._append(role, each)

    def _append(self, role: str, needed: Needed) -> None:
        line = {
            "role": role,
            "action": needed.action,
            "resource": needed.resource,
            "context": dict(needed.context),
        }
        # One write at the end of the file is atomic, so the lines of two processes do not mix.
        with self._path.open("ab", buffering=0) as file:
            file.write(json.dumps(line, sort_keys=True).encode() + b"\n")
