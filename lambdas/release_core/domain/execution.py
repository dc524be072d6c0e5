"""An execution of a pipeline, with the state changes that CodePipeline has shown."""

from datetime import datetime
from enum import StrEnum

from release_core.immutable import Immutable


class ExecutionState(StrEnum):
    """A state of a pipeline execution, as CodePipeline's events spell it."""

    STARTED = "STARTED"
    RESUMED = "RESUMED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    SUCCEEDED = "SUCCEEDED"
    SUPERSEDED = "SUPERSEDED"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        """Whether the state is final; an execution that is FAILED or STOPPED can be resumed."""
        return self in {self.SUCCEEDED, self.SUPERSEDED, self.CANCELED}

    @property
    def ended(self) -> bool:
        """Whether the execution has ended, finally or until it is retried."""
        return self.final or self in {self.STOPPED, self.FAILED}


class Change(Immutable):
    """One state change of an execution.

    ``source`` is ``event`` or ``look``, ``note`` the reason that was given for a stop.
    """

    state: ExecutionState
    attempt: int
    at: datetime
    source: str
    note: str | None = None

    @property
    def order(self) -> tuple[bool, int, int]:
        """The sort key of changes: the newer state is greater, whenever its event arrived."""
        rank = 2 if self.state.ended else int(self.state is ExecutionState.STOPPING)
        return (self.state.final, self.attempt, rank)


class Execution(Immutable):
    """The record of a pipeline execution; without a ``release_id`` no release has claimed it."""

    execution_id: str
    pipeline: str
    changes: tuple[Change, ...] = ()
    release_id: str | None = None
    attempt: int | None = None

    @property
    def latest(self) -> Change | None:
        """The newest change, by attempt and rank."""
        return max(self.changes, key=lambda change: change.order, default=None)

    @property
    def note(self) -> str | None:
        """The reason that was given for the last stop, if any."""
        notes = [change for change in self.changes if change.note]
        return max(notes, key=lambda change: change.order).note if notes else None
