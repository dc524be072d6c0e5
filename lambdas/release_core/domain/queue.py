"""The lock of a pipeline, and the releases that wait for it in the order in which they came."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

from release_core.domain.release import LockHolder
from release_core.domain.revisions import Good
from release_core.immutable import Immutable


class Place(Immutable):
    """The place of a release in the queues of its pipelines.

    The release came ``since`` its workflow execution was started. Of two that came at the same
    moment, the ARN decides.
    """

    since: datetime
    execution_arn: str
    release_id: str

    @property
    def order(self) -> tuple[datetime, str]:
        """What orders all releases."""
        return self.since, self.execution_arn


# A release that another release has to wait for.
Rival: TypeAlias = LockHolder | Place


class Lock(Immutable):
    """The lock of a pipeline: its holder, if it is held, and its queue, the earliest place first.

    The holder is not in the queue. A release that waits is in the queues of all its pipelines, also
    of those that are free: otherwise a later release would run them first.
    """

    pipeline: str
    holder: LockHolder | None = None
    queue: tuple[Place, ...] = ()

    def ahead(self, mine: Place, *, overtakes: str | None = None) -> Iterator[Rival]:
        """The other releases that come first: the holder, then the earlier places.

        The place of the release that it ``overtakes`` does not count.
        """
        if self.holder and self.holder.execution_arn != mine.execution_arn:
            yield self.holder
        for place in self.queue:
            if place.order < mine.order and place.release_id != overtakes:
                yield place


class PipelineUse(Immutable):
    """Which release holds a pipeline, which wait for it, and which one has run it last."""

    lock: Lock
    latest_release: str | None = None


class PipelineRecord(Immutable):
    """What is on record of a pipeline beside its releases: its lock, who ran it, what is live."""

    lock: Lock
    latest_release: str | None = None
    last_good: Good | None = None


class Waiter(Immutable):
    """A workflow execution that waits for pipelines, and the token of the task that waits."""

    place: Place
    pipelines: frozenset[str]
    task_token: str | None


def describe_rival(pipeline: str, rival: Rival) -> str:
    """One line that says which release another one has to wait for."""
    does = "holds it" if isinstance(rival, LockHolder) else "came first and waits for it"
    return f"{pipeline}: release {rival.release_id} {does} ({rival.execution_arn})"
