"""The estate at each look: its releases from the ledger, its pipelines not each time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from release_core.domain.release import Release
from release_machine.dashboard.open_in_turns import OpenInTurns
from release_machine.deployment.session import Session
from release_machine.release.estate import Estate, EstatePipeline, WaitingRelease

LATEST = 20
_SEARCHED = 100  # headers in which new open releases are found at once
# The pipelines cost calls of CodePipeline, whose quotas the release machine needs: the pauses
# grow with their number. The first counts when a release has changed.
_SECONDS_AFTER_CHANGE = (3.0, 0.1)
_SECONDS = (20.0, 0.5)


class EstateInTurns:
    """Reads the whole estate when a release has changed or some time has passed."""

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._clock = clock
        self._pipelines = Estate(at=clock())
        self._read_at: datetime | None = None
        self._found: Any = None
        self._open = OpenInTurns(session.ledger, clock)

    @property
    def is_whole(self) -> bool:
        """Whether no open release can be missing, however old it is."""
        return self._open.is_whole

    def read(self) -> Estate:
        """The estate now; what is live may be as old as the pause for so many pipelines."""
        session, ledger = self._session, self._session.ledger
        headers = ledger.latest(_SEARCHED)
        waiting = list(ledger.pending())
        latest = [each for each in headers if each.closed][:LATEST]
        freezes = ledger.get_freezes()
        found = (_standing(headers), _standing(waiting), freezes)
        older = self._open.look()
        running = self._running(headers, older)
        if self._is_due(changed=(found, _standing(running)) != self._found):
            self._pipelines = session.estate.pipelines()
            # A release that holds pipelines may be older than those that were searched.
            running = self._running(headers, older)
            self._read_at, self._found = self._clock(), (found, _standing(running))
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

    def _running(self, headers: Sequence[Release], older: Collection[str]) -> list[Release]:
        """The open releases with their pipelines, the oldest first; ``older`` may be open."""
        names = {*older}
        names |= {each.release_id for each in headers if not each.closed and not each.pending}
        names |= {each.release_id for each in self._pipelines.pipelines if each.release_id}
        names -= {each.release_id for each in headers if each.closed}
        read = [self._session.ledger.get_release(name) for name in sorted(names)]
        found = [each for each in read if each is not None and not each.closed]
        return sorted(found, key=lambda each: each.opened_at)

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
