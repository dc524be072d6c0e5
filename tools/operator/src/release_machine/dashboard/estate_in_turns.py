"""The estate at each look: its releases from the ledger, its pipelines not each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from release_core.domain.release import Release, ReleaseStatus
from release_machine.deployment.session import Session
from release_machine.release.estate import Estate, EstatePipeline, WaitingRelease

LATEST = 20
_MOST_RUNNING = 1000
# The pipelines cost calls of CodePipeline, whose quotas the release machine needs: the pauses
# grow with their number. The first counts when a release has changed.
_SECONDS_AFTER_CHANGE = (3.0, 0.1)
_SECONDS = (20.0, 0.5)


class EstateInTurns:
    """Reads the whole estate when a release has changed or some time has passed."""

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._clock = clock
        self._pipelines = Estate(at=datetime.min)
        self._read_at: datetime | None = None
        self._releases: Any = None

    def read(self) -> Estate:
        """The estate now; what is live may be as old as the pause for so many pipelines."""
        session, ledger = self._session, self._session.ledger
        running = self.running()
        waiting = list(ledger.pending())
        found = ledger.latest(LATEST + len(running) + len(waiting))
        latest = [each for each in found if each.closed][:LATEST]
        freezes = ledger.get_freezes()
        releases = (_standing(running), _standing(waiting), _standing(latest), freezes)
        if self._is_due(changed=releases != self._releases):
            self._pipelines = session.estate.pipelines()
            self._read_at, self._releases = self._clock(), releases
        return replace(
            self._pipelines,
            at=self._clock(),
            pipelines=tuple(_with_node(each, running) for each in self._pipelines.pipelines),
            running=tuple(running),
            waiting=tuple(
                WaitingRelease(
                    release=each, reasons=tuple(session.busy.reasons(each, each.waits_for))
                )
                for each in waiting
            ),
            latest=tuple(latest),
            freezes=freezes,
        )

    def running(self) -> list[Release]:
        """The open releases with their pipelines, the oldest first."""
        ledger = self._session.ledger
        found = ledger.latest(_MOST_RUNNING, statuses=[ReleaseStatus.RUNNING])
        read = [ledger.get_release(each.release_id) for each in found if not each.pending]
        return [each for each in reversed(read) if each is not None and not each.closed]

    def _is_due(self, *, changed: bool) -> bool:
        if self._read_at is None:
            return True
        least, each = _SECONDS_AFTER_CHANGE if changed else _SECONDS
        pause = max(least, each * len(self._pipelines.pipelines))
        return (self._clock() - self._read_at).total_seconds() >= pause


def _standing(releases: Sequence[Release]) -> list[tuple[str, str, int, int]]:
    """What tells that pipelines may stand otherwise than before."""
    return [(each.execution_arn, each.status, each.attempt, each.ended_count) for each in releases]


def _with_node(pipeline: EstatePipeline, running: Sequence[Release]) -> EstatePipeline:
    """The pipeline with its present part in the release that holds it."""
    holder = next((each for each in running if each.release_id == pipeline.release_id), None)
    node = holder.pipelines.get(pipeline.name) if holder else None
    return replace(pipeline, node=node) if node else pipeline
