"""Whether AWS answers: what is shown when it does not, and once when it does again."""

from datetime import datetime

from release_core.clock import Clock
from release_machine.errors import UnreachableError
from release_machine.follow.events import ConnectedAgain, LookFailed


class Connection:
    """Remembers since when looks have failed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lost_since: datetime | None = None

    @property
    def lost(self) -> bool:
        """Whether the latest look has failed."""
        return self._lost_since is not None

    def failed(self, error: UnreachableError) -> LookFailed:
        """The event for a look that has failed."""
        at = self._clock()
        self._lost_since = self._lost_since or at
        return LookFailed(error.problem, error.next_step, at)

    def reached(self) -> list[ConnectedAgain]:
        """The event for a look that has succeeded after one that failed; otherwise none."""
        since, self._lost_since = self._lost_since, None
        return [ConnectedAgain(self._clock(), since)] if since else []
