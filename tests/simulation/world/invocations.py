"""Invocations of functions: waiting to begin, or somewhere in the middle."""

from datetime import datetime
from typing import Any, NamedTuple

from tests.simulation.world.calls import Point


class Invocation(NamedTuple):
    """One invocation; without `point` it has not begun, and before `due` it cannot.

    `sent` is the time at which it was asked for.
    `cause` is the workflow's state that waits for it, or "event". A retry of an asynchronous
    invocation has another `tries`. A task that nobody waits for has the cause "nobody".
    """

    name: str
    function: str
    cause: str
    arn: str = ""
    pipeline: str = ""
    payload: Any = None
    sent: datetime | None = None
    tries: int = 1
    due: datetime | None = None
    point: Point | None = None
    deadline: datetime | None = None
    hurt: bool = False

    def key(self) -> tuple[object, ...]:
        """What tells this invocation's state from others."""
        where = self.point.number if self.point else -1
        when = (self.sent, self.due, self.deadline)
        return (self.name, self.cause, self.tries, where, when, self.hurt)

    def __str__(self) -> str:
        """Name it for a list of steps."""
        return self.name if self.tries == 1 else f"{self.name} (try {self.tries})"
