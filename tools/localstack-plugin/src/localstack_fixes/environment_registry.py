"""Lets many invocations of one function arrive at the same moment.

LocalStack's AssignmentService looks for a free environment by iterating over a plain dict, without
a lock, while other invocations add theirs. When the two meet, an invocation fails with "dictionary
changed size during iteration".
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.utils.patch import patch


class SnapshotDict(dict[str, Any]):
    """A dict whose values() are those of the moment it is called: one step for the interpreter, so no lock is needed."""

    def values(self) -> Iterator[Any]:  # type: ignore[override] # callers only iterate
        return iter(list(super().values()))


def apply() -> None:
    """Keeps each version's environments in such a dict."""

    @patch(AssignmentService.__init__)
    def with_snapshots(init: Callable[[Any], None], service: Any) -> None:
        init(service)
        service.environments = defaultdict(SnapshotDict)
