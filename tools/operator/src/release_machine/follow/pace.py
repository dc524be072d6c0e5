"""How long to wait before the next look, and how many failed looks in a row to survive."""

from release_machine.errors import UnreachableError

FIRST_PAUSE_SECONDS = 0.4
# A whole account has 10 DescribeExecution a second in most Regions.
LONGEST_PAUSE_SECONDS = 3.0
PAUSE_GROWTH = 1.5
TRIES_UNREACHED = 20


class Pace:
    """Looks become rarer while nothing changes; ``pause`` is the seconds until the next one."""

    def __init__(self) -> None:
        self.pause = FIRST_PAUSE_SECONDS
        self._reached = False
        self._unreached = 0

    def looked(self, *, changed: bool) -> None:
        """One look was good."""
        again = self._reached and not changed
        self.pause = (
            min(self.pause * PAUSE_GROWTH, LONGEST_PAUSE_SECONDS) if again else FIRST_PAUSE_SECONDS
        )
        self._reached = True
        self._unreached = 0

    def missed(self, error: UnreachableError) -> None:
        """One look did not reach AWS; raises the error when AWS stays away, or always was."""
        self._unreached += 1
        if not self._reached or self._unreached > TRIES_UNREACHED:
            raise error
        self.pause = LONGEST_PAUSE_SECONDS
