"""What a release waits for before it is opened, and which releases wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from release_core.domain.queue import Lock, Place, Rival
from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from release_core.clock import Clock
    from release_core.domain.release import Release
    from release_core.ledger.history import HistoryReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A pipeline and the release that holds it, or that ``waits`` for it and came first."""

    pipeline: str
    release_id: str
    execution_arn: str
    since: datetime | None
    waits: bool = False

    def __str__(self) -> str:
        """Who holds the pipeline, or waits for it, since when, in a few words."""
        since = f" since {clock_time(self.since)}" if self.since else ""
        does = "is first reserved for" if self.waits else "is held by"
        return f"{self.pipeline} {does} release {self.release_id}{since}"


@dataclass(frozen=True, slots=True)
class HeldUntil:
    """The time before which the manifest lets nothing start."""

    until: datetime

    def __str__(self) -> str:
        """The time, in a few words."""
        return f"held until {clock_time(self.until)}"


# What keeps a release from being opened.
Reason: TypeAlias = Hold | HeldUntil


def held_until(reasons: Sequence[Reason]) -> datetime | None:
    """The time for which a release waits, if it is held."""
    return next((each.until for each in reasons if isinstance(each, HeldUntil)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A release that waits for pipelines which another release holds."""

    release_id: str
    execution_arn: str
    since: datetime
    pipelines: tuple[str, ...]

    def __str__(self) -> str:
        """Which release waits for which pipelines, since when, in a few words."""
        since = clock_time(self.since)
        return f"release {self.release_id} since {since}: {', '.join(self.pipelines)}"


class BusyPipelines:
    """Tells what a release waits for, and which releases wait for it."""

    def __init__(self, *, ledger: HistoryReader, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def waited_for(self, execution_arn: str, pipelines: Sequence[str]) -> list[Reason]:
        """What this execution waits for before it opens its release of these pipelines.

        Each pipeline has the first release ahead.
        """
        pending = self._ledger.pending_of(execution_arn)
        return self.reasons(pending, pipelines) if pending else []

    def reasons(self, pending: Release, pipelines: Sequence[str]) -> list[Reason]:
        """What a release waits for that is not opened, as ``waited_for`` says."""
        if pending.not_before and pending.is_held(self._clock()):
            return [HeldUntil(pending.not_before)]
        arn = pending.execution_arn
        locks = self._ledger.get_locks(pipelines).values()
        ahead = {each.pipeline: _first_ahead(each, arn) for each in locks}
        return [
            Hold(
                pipeline=name,
                release_id=rival.release_id,
                execution_arn=rival.execution_arn,
                since=rival.since,
                waits=isinstance(rival, Place),
            )
            for name, rival in ahead.items()
            if rival
        ]

    def behind(self, release: Release) -> list[Behind]:
        """The releases that wait for the pipelines which this release holds, in their order."""
        waiting: dict[Place, list[str]] = {}
        for lock in self._ledger.get_locks(list(release.of_codepipeline)).values():
            if lock.holder and lock.holder.execution_arn == release.execution_arn:
                for place in lock.queue:
                    waiting.setdefault(place, []).append(lock.pipeline)
        return [
            Behind(
                release_id=place.release_id,
                execution_arn=place.execution_arn,
                since=place.since,
                pipelines=tuple(names),
            )
            for place, names in sorted(waiting.items(), key=lambda each: each[0].order)
        ]


def _first_ahead(lock: Lock, execution_arn: str) -> Rival | None:
    """The release that an execution waits for; without a place yet it waits for the holder."""
    if lock.holder and lock.holder.execution_arn != execution_arn:
        return lock.holder
    mine = next((each for each in lock.queue if each.execution_arn == execution_arn), None)
    return next(lock.ahead(mine), None) if mine else None
