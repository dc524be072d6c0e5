"""Lets many invocations of one function arrive at the same moment.

LocalStack's AssignmentService looks for a free environment by iterating over a plain dict, without
a lock, while other invocations add theirs. When the two meet, an invocation fails with "dictionary
changed size during iteration".
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any


class SnapshotDict(dict[str, Any]):
    """A dict whose values() are those of the moment of the call: one step of the interpreter."""

    def values(self) -> Iterator[Any]:  # type: ignore[override] # callers only iterate
        return iter(list(super().values()))


def apply() -> None:
    """Keeps each version's environments in such a dict."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.services.lambda_.invocation.assignment import AssignmentService  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    @patch(AssignmentService.__init__)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def with_snapshots(init: Callable[[Any], None], service: Any) -> None:
        init(service)
        service.environments = defaultdict(SnapshotDict)
