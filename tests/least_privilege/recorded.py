"""The calls that the platform has recorded."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.account.machines import VARIANT
from tests.iam.evaluation import Request


@dataclass(frozen=True)
class Recorded:
    """The requests of each role, by its name; those on resources that are not known are apart."""

    requests: dict[str, list[Request]] = field(default_factory=dict)
    not_known: list[str] = field(default_factory=list)

    @classmethod
    def in_file(cls, path: Path, machine: str) -> "Recorded":
        """Read the record of a platform; functions may have noted a call twice.

        Tests start variants of the state machine with the name ``machine``. What is done with a
        variant counts as done with that. Raises FileNotFoundError when the platform records
        nothing.
        """
        variant = rf"(:execution:|:stateMachine:){VARIANT}-\w+"
        text = re.sub(variant, rf"\g<1>{machine}", path.read_text())
        requests: dict[str, list[Request]] = {}
        not_known = []
        for line in sorted(set(text.splitlines())):
            call = json.loads(line)
            role = call["role"].rpartition("/")[2]
            if call["resource"] is None:
                not_known.append(f"{role}: {call['action']}")
                continue
            request = Request(
                action=call["action"], resource=call["resource"], context=call["context"]
            )
            requests.setdefault(role, []).append(request)
        return cls(requests, not_known)
