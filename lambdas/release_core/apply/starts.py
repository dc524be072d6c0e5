"""Applies decisions about the start of a pipeline: claim, start or hold, and find lost starts."""

from dataclasses import replace
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.apply.calendar_gate import CalendarGate
from release_core.apply.ends import Ends
from release_core.apply.measuring import measure_start
from release_core.aws.codepipeline import (
    CodePipeline,
    StartRefused,
    client_request_token,
    is_throttled,
)
from release_core.clock import Clock
from release_core.decide.decisions import Keep, Resolve, hold_of, why_not_started
from release_core.decide.timing import (
    CLAIM_WINDOW,
    MIN_WAIT,
    REQUEST_TOKEN_LIFETIME,
    START_PACE,
    START_PATIENCE,
    THROTTLED_PATIENCE,
    pause_before_start,
    pause_until_turn,
    wait_for_turn,
)
from release_core.domain.holds import Hold, HoldKind
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release
from release_core.errors import CalendarsThrottled, ExecutionTaken, StartUnresolved
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import also_about
from release_core.metrics import STARTS_THROTTLED, Metrics

_CLOSED_FIRST = "the release was closed or halted before this pipeline started"
_ASKS = "the change calendars are asked in turns, because SSM throttles the calls"
_TURN = "nothing holds it any more; what was held is started in turns"


class Starts(Immutable):
    """Applies decisions about pipelines that have no execution yet.

    The names of those that are held and whose slots it frees are added to ``freed``.
    """

    ledger: Ledger
    codepipeline: CodePipeline
    calendars: CalendarGate
    clock: Clock
    metrics: Metrics
    actor: str
    ends: Ends
    freed: set[str]

    def start(self, release: Release, pipeline: Pipeline, *, again: bool) -> Pipeline | None:
        """Start the pipeline once, however many functions try.

        Returns the pipeline if it runs now, and unchanged if it waits for a free slot. None means
        that it must be read again.
        """
        if self._waits(release, pipeline, again=again):
            return None
        if not self._has_slot(release, pipeline):
            return pipeline
        claimed = self.ledger.pipelines.claim_start(release.release_id, pipeline, self.actor)
        if claimed is None:
            return None
        # Race: the release is closed or halted. If that came before the claim, this read shows it.
        # Otherwise the other function reads STARTING and finds out whether the start happened.
        # Race: the pipeline is frozen. If that came before the claim, this read shows the freeze.
        # Otherwise the function that freezes reads STARTING, and names this start.
        now = self.ledger.get_header(release.release_id)
        if now and now.open:
            hold = hold_of(now, claimed, self.clock()) or self._closed(now, claimed)
            if hold is None:
                return self._begin(now, claimed, again=again)
            if again:
                self.resolve(now, claimed, hold=hold)
            else:
                self._hold(now, claimed, hold)
            return None
        if now and not again:
            self.ends.skip(now, claimed, _CLOSED_FIRST)
        return None

    def keep(self, release: Release, decision: Resolve | Keep) -> None:
        """Apply a decision not to start a pipeline now; raises as ``resolve`` does."""
        if isinstance(decision, Resolve):
            self.resolve(release, decision.pipeline, hold=decision.hold)
        else:
            # Race: the freeze is lifted. The release is read again after this write, and the
            # function that lifts the freeze reads afterwards what is held. One sees the other.
            self._hold(release, decision.pipeline, decision.hold)

    def resolve(self, release: Release, pipeline: Pipeline, *, hold: Hold | None = None) -> None:
        """Find out whether a claimed start happened, when the pipeline is not started any more.

        If it did not happen, the pipeline is skipped, or waits again with the ``hold``. Raises
        StartUnresolved while the start, or a claimed retry, may still happen.
        """
        of_release = f"of {pipeline.name} in release {release.release_id} may still happen"
        if pipeline.execution_id:
            raise StartUnresolved(f"a retry {of_release}")
        found = self._search(release, pipeline)
        if found:
            self._bind(release, pipeline, found)
        elif self._since(pipeline.start_tried_at) <= CLAIM_WINDOW:
            raise StartUnresolved(f"the start {of_release}")
        elif hold:
            self._hold(release, pipeline, hold)
        else:
            failed = why_not_started(pipeline)
            self.ends.skip(release, pipeline, failed or _CLOSED_FIRST, fails=failed is not None)

    def _waits(self, release: Release, pipeline: Pipeline, *, again: bool) -> bool:
        """Whether the start is not claimed now because of what held it, or holds it again."""
        if pipeline.held and pipeline.held.kind is not HoldKind.TURN:
            self._take_turn(release, pipeline)
            return True
        # Asked before a claim is taken over: that would be another try, which may be under way.
        closed = self._closed(release, pipeline) if again else None
        if closed:
            self.resolve(release, pipeline, hold=closed)
        return closed is not None

    def look_at_calendars(self, release: Release, pipeline: Pipeline) -> None:
        """Ask the calendars again that hold the pipeline: they may have been changed since."""
        held = pipeline.held
        if held is None or held.kind is not HoldKind.CALENDAR or not release.open:
            return
        hold = self._closed(release, pipeline)
        if hold is None:
            self._take_turn(release, pipeline)
        else:
            self._hold(release, pipeline, hold)

    def _closed(self, release: Release, pipeline: Pipeline) -> Hold | None:
        """Why the calendars keep the pipeline from being started now, or None.

        While SSM throttles, the pipeline is held until its turn to ask again.
        """
        try:
            return self.calendars.hold(release, pipeline)
        except CalendarsThrottled:
            until, held = self._turn(release, pipeline), pipeline.held
            until = max(until, self.clock() + timedelta(seconds=MIN_WAIT))
            if held and held.kind is HoldKind.CALENDAR:
                return replace(held, until=until)
            return Hold(kind=HoldKind.TURN, until=until, why=_ASKS)

    def _take_turn(self, release: Release, pipeline: Pipeline) -> None:
        """Give a pipeline that was held its turn: not all of them start at one moment."""
        until = self._turn(release, pipeline)
        self._hold(release, pipeline, Hold(kind=HoldKind.TURN, until=until, why=_TURN))

    def _turn(self, release: Release, pipeline: Pipeline) -> datetime:
        """The time of the next turn; now, if it comes before a task could wait for it."""
        now = self.clock()
        turn = self.ledger.pace.take_turn(now, apart=START_PACE) - now
        wait = wait_for_turn(turn, key=_key(release, pipeline))
        return now if wait <= timedelta(seconds=MIN_WAIT) else now + wait

    def _hold(self, release: Release, pipeline: Pipeline, hold: Hold) -> None:
        if self.ledger.holds.hold(release, pipeline, hold):
            self.freed.add(pipeline.name)

    def _begin(self, release: Release, pipeline: Pipeline, *, again: bool) -> Pipeline | None:
        try:
            execution_id = self._found_or_started(release, pipeline, again=again)
        except StartRefused as refused:
            self.ends.record(release, pipeline, PipelineStatus.FAILED, failure=refused.failure)
        except (ClientError, BotoCoreError) as error:
            # It passes with time. The task waits meanwhile, which uses none of its tries.
            self._put_off(release, pipeline, error)
        else:
            return self._bind(release, pipeline, execution_id)
        return None

    def _put_off(
        self, release: Release, pipeline: Pipeline, error: ClientError | BotoCoreError
    ) -> None:
        why, now, patience = str(error), self.clock(), START_PATIENCE
        key = _key(release, pipeline)
        pause = pause_before_start(pipeline.start_refusals, key=key)
        if isinstance(error, ClientError):
            detail = error.response["Error"]
            why = Failure(message=detail.get("Message", ""), code=detail["Code"]).reason
        if isinstance(error, ClientError) and is_throttled(error):
            self.metrics.put({STARTS_THROTTLED: 1})
            patience = THROTTLED_PATIENCE
            turn = self.ledger.pace.take_turn(now, apart=START_PACE) - now
            pause = pause_until_turn(turn, pipeline.start_refusals, key=key)
        self.ledger.pipelines.put_off_start(
            release.release_id,
            pipeline,
            why=why,
            again_at=now + pause,
            tried_until=(pipeline.starting_at or now) + patience,
        )

    def _has_slot(self, release: Release, pipeline: Pipeline) -> bool:
        """Whether the pipeline has a slot, or needs none; otherwise it waits in line."""
        if not release.max_concurrency:
            return True
        is_free = len(release.in_flight) < release.max_concurrency
        if (is_free or pipeline.name in release.in_flight) and self._claim_slot(release, pipeline):
            return True
        self.ledger.line.join(release, pipeline)
        has_slot = self._claim_slot(release, pipeline)
        if has_slot:
            self.ledger.line.leave(release, pipeline)
        return has_slot

    def _claim_slot(self, release: Release, pipeline: Pipeline) -> bool:
        return self.ledger.headers.claim_slot(release, pipeline.name)

    def _found_or_started(self, release: Release, pipeline: Pipeline, *, again: bool) -> str:
        if again and self._since(pipeline.starting_at) > REQUEST_TOKEN_LIFETIME:
            found = self._search(release, pipeline)
            if found:
                return found
        token = client_request_token(release, pipeline)
        return self.codepipeline.start(pipeline, client_request_token=token)

    def _search(self, release: Release, pipeline: Pipeline) -> str | None:
        """Search for the execution of an unrecorded start, and claim it for the release.

        Raises StartUnresolved while an execution that was found may belong to another release.
        """
        if not (pipeline.starting_at and pipeline.start_tried_at):
            return None
        found = self.codepipeline.find_started(
            pipeline.name,
            since=pipeline.starting_at,
            until=pipeline.start_tried_at + CLAIM_WINDOW,
            starters=pipeline.starters,
        )
        # Race: the next release starts the pipeline and has not claimed its execution yet. The lock
        # is read after the search: a release that takes it later starts executions not found here.
        holders = self.ledger.lock_holders([pipeline.name]) if found else {}
        holds_lock = any(each.execution_arn == release.execution_arn for each in holders.values())
        for execution_id, started_at in found.items():
            if execution_id in pipeline.earlier_executions:
                continue
            if not holds_lock and self._may_be_claimed(execution_id, started_at):
                raise StartUnresolved(
                    f"execution {execution_id} of {pipeline.name} may belong to another release "
                    "that has not recorded it yet"
                )
            try:
                self.ledger.executions.claim(
                    execution_id, release_id=release.release_id, pipeline=pipeline
                )
            except ExecutionTaken:
                continue  # it belongs to another release
            return execution_id
        return None

    def _may_be_claimed(self, execution_id: str, started_at: datetime) -> bool:
        """Whether the execution is not claimed yet, and its starter may still claim it."""
        known = self.ledger.get_executions([execution_id]).get(execution_id)
        claimed = known is not None and known.release_id is not None
        return not claimed and self._since(started_at) <= CLAIM_WINDOW

    def _bind(self, release: Release, pipeline: Pipeline, execution_id: str) -> Pipeline | None:
        # The execution's record first: after a crash between the two, the execution's next event
        # finds the release there and binds it.
        execution = self.ledger.executions.claim(
            execution_id, release_id=release.release_id, pipeline=pipeline
        )
        bound = self.ledger.pipelines.bind_execution(release.release_id, pipeline, execution_id)
        if bound:
            also_about(execution_id=execution_id)
            measure_start(self.metrics, release, pipeline, now=self.clock())
        return replace(bound, execution=execution) if bound else None

    def _since(self, moment: datetime | None) -> timedelta:
        now = self.clock()
        return now - (moment or now)


def _key(release: Release, pipeline: Pipeline) -> str:
    return f"{release.execution_arn} {pipeline.name}"
