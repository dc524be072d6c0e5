"""The calls that the platform has recorded."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.iam.evaluation import Request


@dataclass(frozen=True)
class Recorded:
    """The requests of each role, by its name; those on resources that are not known are apart."""

    requests: dict[str, list[Request]] = field(default_factory=dict)
    not_known: list[str] = field(default_factory=list)

    @classmethod
    def in_file(cls, path: Path) -> "Recorded":
        """Read the record of a platform; functions may have noted a call twice.

        Raises FileNotFoundError when the platform records nothing.
        """
        requests: dict[str, list[Request]] = {}
        not_known = []
        for line in sorted(set(path.read_text().splitlines())):
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
