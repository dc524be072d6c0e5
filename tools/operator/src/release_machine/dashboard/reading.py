"""Reads what the pages of the dashboard show, with the user's own credentials."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from release_core.domain.release import Release, ReleaseStatus
from release_machine.actions.automatic_rollback import rollback_failed
from release_machine.actions.find import known_release, pending
from release_machine.dashboard.approvals_in_turns import ApprovalsInTurns
from release_machine.dashboard.estate_in_turns import EstateInTurns
from release_machine.dashboard.history_reading import read_history
from release_machine.dashboard.offers import offers
from release_machine.dashboard.pace import Lane, lane_of
from release_machine.dashboard.state import (
    Approvals,
    History,
    Metrics,
    Offer,
    Overview,
    ReleaseState,
    Step,
)
from release_machine.dashboard.steps import StepsInTurns
from release_machine.dashboard.topics import (
    AboutApprovals,
    AboutEstate,
    AboutHistory,
    AboutMetrics,
    AboutRelease,
    Topic,
)
from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.dora.deployments import Window
from release_machine.errors import UnreachableError
from release_machine.follow.observer import ReleaseObserver, observer_of
from release_machine.follow.past_runs import PastRuns
from release_machine.release.busy import Behind, Reason
from release_machine.release.model import Activity, Snapshot
from release_machine.release.searching import Filters

_MOST_OBSERVED = 10


class Reader:
    """Reads topics, one at a time.

    After a problem the next read opens a new session, which finds new credentials.
    """

    def __init__(
        self, open_session: Callable[[], Session], *, clock: Callable[[], datetime]
    ) -> None:
        self._open_session = open_session
        self._clock = clock
        self._sources: _Sources | None = None

    def __call__(self, topic: Topic) -> Any:
        """The value of a topic; raises OperatorError for what a person can solve."""
        try:
            with explained():
                return self._read(topic)
        except UnreachableError:
            self.close()
            raise

    def close(self) -> None:
        """Forget the session, and stop its background reads."""
        if self._sources is not None:
            self._sources.close()
            self._sources = None

    def _read(self, topic: Topic) -> Any:
        if self._sources is None:
            self._sources = _Sources(self._open_session(), self._clock)
        known = self._sources
        match topic:
            case AboutRelease(release_id=release_id):
                return known.release(release_id)
            case AboutEstate():
                return known.overview()
            case AboutApprovals():
                return known.approvals()
            case AboutHistory(filters=filters):
                return known.history(filters)
            case AboutMetrics(days=days):
                return known.metrics(days)


class Readers:
    """Reads topics, those of each lane through a session of its own: a lane has its own thread."""

    def __init__(
        self, open_session: Callable[[], Session], *, clock: Callable[[], datetime]
    ) -> None:
        self._readers = {lane: Reader(open_session, clock=clock) for lane in Lane}

    def __call__(self, topic: Topic) -> Any:
        """The value of a topic; raises OperatorError for what a person can solve."""
        return self._readers[lane_of(topic)](topic)

    def close(self) -> None:
        """Forget the sessions, and stop their background reads."""
        for each in self._readers.values():
            each.close()


@dataclass(frozen=True, slots=True)
class _Observed:
    """A release that is looked at again and again."""

    observer: ReleaseObserver
    past: PastRuns
    steps: StepsInTurns


class _Sources:
    """What is read through one session."""

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._clock = clock
        self._observed: OrderedDict[str, _Observed] = OrderedDict()
        self._approvals = ApprovalsInTurns(session.codepipeline, clock)
        self._estate = EstateInTurns(session, clock)

    def close(self) -> None:
        """Stop the background reads."""
        while self._observed:
            self._observed.popitem()[1].past.close()

    def overview(self) -> Overview:
        """The first page."""
        estate = self._estate.read()
        return Overview(estate=estate, approvals=self._asked_in(estate.running))

    def approvals(self) -> Approvals:
        """Everything that waits for people."""
        return self._asked_in(self._estate.read().running)

    def release(self, release_id: str) -> ReleaseState:
        """One release."""
        snapshot = self._look(release_id)
        release = snapshot.release
        waits_for, behind = self._queue(release)
        return ReleaseState(
            snapshot=snapshot,
            steps=self._steps(release_id, release),
            waits_for=tuple(waits_for),
            behind=tuple(behind),
            offers=self._offers(snapshot),
        )

    def history(self, filters: Filters) -> History:
        """The latest releases that the filters let through."""
        return read_history(self._session, filters, at=self._clock())

    def metrics(self, days: int) -> Metrics:
        """The figures of some days."""
        at = self._clock()
        window = Window(since=at - timedelta(days=days), until=at)
        return Metrics(at=at, days=days, dora=self._session.dora.read(window, at=at))

    def _asked_in(self, running: Sequence[Release]) -> Approvals:
        return replace(self._approvals.read(running), searching=not self._estate.is_whole)

    def _look(self, release_id: str) -> Snapshot:
        if release_id not in self._observed:
            found = known_release(self._session, release_id)
            if found.pending or found.status is ReleaseStatus.REJECTED:
                return Snapshot(at=self._clock(), release=found)
            self._observe(release_id, found.release_id)
        self._observed.move_to_end(release_id)
        seen = self._observed[release_id].observer.look()
        release = self._session.ledger.with_executions(seen.release)
        activity = {name: without_token(each) for name, each in seen.activity.items()}
        return replace(seen, release=release, activity=activity)

    def _observe(self, name: str, release_id: str) -> None:
        session = self._session
        past = PastRuns(session.codepipeline)
        observer = observer_of(session, release_id, past=past, clock=self._clock)
        self._observed[name] = _Observed(observer, past, StepsInTurns(session.codepipeline))
        if len(self._observed) > _MOST_OBSERVED:
            self._observed.popitem(last=False)[1].past.close()

    def _steps(self, name: str, release: Release) -> Mapping[str, tuple[Step, ...]]:
        # Each release has its turns: a release and its rollback run other executions of a pipeline.
        observed = self._observed.get(name)
        return observed.steps.get_all(release.pipelines.values()) if observed else {}

    def _offers(self, snapshot: Snapshot) -> tuple[Offer, ...]:
        if snapshot.left_open:
            return ()  # its execution has ended: nothing is there to stop or to answer
        release = snapshot.release
        failed = rollback_failed(self._session, release)
        return tuple(offers(release, snapshot.activity, rollback_failed=failed))

    def _queue(self, release: Release) -> tuple[list[Reason], list[Behind]]:
        busy = self._session.busy
        if not release.closed and not release.pending:
            return [], busy.behind(release)
        waiting = [release] if release.pending else pending(self._session, release.release_id)
        return [reason for each in waiting for reason in busy.reasons(each, each.waits_for)], []


def without_token(activity: Activity) -> Activity:
    """The activity without a command that has the token of an approval in it.

    That of an execution which is ahead, and of no release.
    """
    if activity.way_out and "--token" in activity.way_out:
        return replace(activity, way_out=None)
    return activity
