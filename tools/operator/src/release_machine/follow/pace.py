"""The pause before the next look, and the number of failed looks in a row to accept."""

from release_machine.errors import UnreachableError

FIRST_PAUSE_SECONDS = 0.4
# In most Regions an account may call DescribeExecution 10 times a second.
LONGEST_PAUSE_SECONDS = 3.0
PAUSE_GROWTH = 1.5
TRIES_UNREACHED = 20


class Pace:
    """Pauses grow while nothing changes; ``pause`` is in seconds."""

    def __init__(self) -> None:
        self.pause = FIRST_PAUSE_SECONDS
        self._reached = False
        self._unreached = 0

    def looked(self, *, changed: bool) -> None:
        """A look has succeeded."""
        again = self._reached and not changed
        self.pause = (
            min(self.pause * PAUSE_GROWTH, LONGEST_PAUSE_SECONDS) if again else FIRST_PAUSE_SECONDS
        )
        self._reached = True
        self._unreached = 0

    def missed(self, error: UnreachableError) -> None:
        """A look has failed; raises the error after many of them, or when none has succeeded."""
        self._unreached += 1
        if not self._reached or self._unreached > TRIES_UNREACHED:
            raise error
        self.pause = LONGEST_PAUSE_SECONDS
