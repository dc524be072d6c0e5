"""Invocations of functions: not yet begun, or between two calls."""

from datetime import datetime
from typing import Any, NamedTuple

from tests.simulation.world.calls import Point


class Invocation(NamedTuple):
    """One invocation; without `point` it has not begun, and it cannot begin before `due`.

    `sent` is the time of its request. `cause` is the workflow state that waits for it, "event", or
    "nobody" if nothing waits for it any more. `tries` counts the retries of an asynchronous
    invocation. With `repeats`, the call at `point` took effect, and the SDK will send it again.
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
    repeats: bool = False

    def key(self) -> tuple[object, ...]:
        """What distinguishes the state of this invocation from others."""
        where = self.point.number if self.point else -1
        when = (self.sent, self.due, self.deadline)
        return (self.name, self.cause, self.tries, where, when, self.hurt, self.repeats)

    def __str__(self) -> str:
        """Return its name, with the number of the try."""
        return self.name if self.tries == 1 else f"{self.name} (try {self.tries})"
