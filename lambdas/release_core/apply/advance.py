"""Advances a release: decides what is due and applies it, until nothing is due."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, replace
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.apply.announcer import NOT_ANNOUNCED, Announcer
from release_core.apply.calendar_gate import CalendarGate
from release_core.apply.ends import Ends
from release_core.apply.measuring import measure_settling
from release_core.apply.orphans import Orphans
from release_core.apply.spread import Spread
from release_core.apply.starts import Starts
from release_core.apply.stops import Stops
from release_core.aws.codepipeline import CodePipeline
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.decisions import (
    Announce,
    Ask,
    Decision,
    End,
    EndApproval,
    Free,
    Keep,
    LookEarlier,
    Resolve,
    Retry,
    Settle,
    Skip,
    Start,
    Stop,
    StopAsking,
    decide,
)
from release_core.decide.timing import UNCONFIRMED_WAIT, seconds_until
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.errors import AdvanceUnfinished, EndUnconfirmed, Unfinished
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import about, log_of
from release_core.metrics import Metrics

log = log_of(__name__)

# More rounds than one pipeline has steps mean a decision that never takes effect. A round for all
# pipelines takes one step with each of them.
MAX_ROUNDS = 24


class Advance(Immutable):
    """Decides and applies; ``actor`` is ``<function>/<invocation>``."""

    ledger: Ledger
    codepipeline: CodePipeline
    step_functions: StepFunctions
    orphans: Orphans
    announcer: Announcer
    calendars: CalendarGate
    clock: Clock
    metrics: Metrics
    actor: str
    _freed: set[str] = field(default_factory=set, init=False)  # held pipelines that had slots
    # By release and pipeline: the ends that this invocation has recorded and not settled yet.
    _recorded: dict[tuple[str, str], Change] = field(default_factory=dict, init=False)
    # By pipeline: what could not be announced now, and is not tried again by this invocation.
    _unannounced: dict[str, Exception] = field(default_factory=dict, init=False)

    def pipeline(
        self, release_id: str, pipeline: str, *, known: Release | None = None
    ) -> Release | None:
        """Advance one pipeline, and those that its end affects.

        ``known`` is the release with this pipeline, if it has just been read. Returns the release
        as it was last read. Raises Unfinished errors, and ClientError or BotoCoreError from AWS:
        the caller's retry continues. What could not be announced is no such error.
        """
        release = self._rounds(release_id, pipeline, known=known)
        if release:
            self._spread(release, pipeline)
        return release

    def _spread(self, release: Release, pipeline: str) -> None:
        Spread(
            ledger=self.ledger,
            advance=self._rounds,
            advance_all=lambda release_id, last: self._rounds(release_id, None, last=last),
            settle=self._settle,
            freed=self._freed,
        )(release, pipeline)

    def finish_closed(self, release_id: str) -> None:
        """Advance every pipeline of a closed release, unless the release was resumed.

        Raises as ``pipeline`` does.
        """
        self._rounds(release_id, None, while_closed=True)

    def raise_unannounced(self) -> None:
        """Raise the error of an announcement that failed, for a caller whose retry repeats it.

        A task of the workflow is no such caller: after so many errors it is given up.
        """
        for error in self._unannounced.values():
            raise error

    def record_look(self, release: Release, pipeline: Pipeline) -> None:
        """Look at the pipeline's execution in CodePipeline and record its state.

        Or ask the change calendars again, if they hold it. Raises as ``pipeline`` does.
        """
        self._starts().look_at_calendars(release, pipeline)
        state = self._ends().record_look(release, pipeline)
        if state is ExecutionState.STOPPING and pipeline.stop_requested_at:
            self._stops().abandon_approvals(release, pipeline, why=pipeline.stop_reason or "")

    def record_late_success(
        self, release: Release, pipeline: str, execution_id: str, success: Change
    ) -> None:
        """Record what an execution shipped that succeeded after its pipeline ended otherwise."""
        node = release.pipelines[pipeline]
        if node.execution_id == execution_id and node.status.broken:
            self._ends().record_late_success(release, node, success)

    def record_success_since(self, release: Release, pipeline: Pipeline) -> None:
        """Record that a pipeline of a closed release has succeeded since, if it has.

        Raises EndUnconfirmed while CodePipeline does not show all actions.
        """
        self._ends().record_success_since(release, pipeline)

    def resolve_start(self, release: Release, pipeline: Pipeline) -> None:
        """Find out whether a claimed start of a closed release took place.

        Raises StartUnresolved while it may still take place.
        """
        self._starts().resolve(release, pipeline)

    def record_end(self, release: Release, pipeline: Pipeline) -> None:
        """Look at a pipeline once more and record its end, if it has ended; nothing is started."""
        self.record_look(release, pipeline)
        now = self.ledger.get_pipeline(release.release_id, pipeline.name)
        if now is None:
            return
        due = decide(now, self.clock(), actor=self.actor, only=pipeline.name)
        ends = [decision for decision in due if isinstance(decision, End)]
        self._apply_all(now, ends, only=pipeline.name)

    def _rounds(
        self,
        release_id: str,
        only: str | None,
        *,
        known: Release | None = None,
        while_closed: bool = False,
        last: str | None = None,
    ) -> Release | None:
        """Decide and apply until nothing is due, for one pipeline or for all.

        ``only`` this pipeline is not settled here, or of all pipelines the ``last``: what its end
        affects comes first.
        """
        release = known or self._read(release_id, only)
        put_off: set[str] = set()
        for _ in range(MAX_ROUNDS):
            if release is None or (while_closed and release.status is ReleaseStatus.RUNNING):
                return release
            due = decide(release, self.clock(), actor=self.actor, only=only)
            decisions = [
                each
                for each in due
                if each.pipeline.name not in put_off
                and not (isinstance(each, Settle) and each.pipeline.name in {only, last})
                and not (
                    isinstance(each, Settle | Announce) and each.pipeline.name in self._unannounced
                )
            ]
            if not decisions:
                return release
            after = self._apply_all(release, decisions, only=only, put_off=put_off)
            release = after or self._read(release_id, only)
        raise AdvanceUnfinished(f"decisions for release {release_id} are still due")

    def _read(self, release_id: str, only: str | None) -> Release | None:
        if only:
            return self.ledger.get_pipeline(release_id, only)
        release = self.ledger.get_release(release_id)
        if release and release.open:
            return replace(release, freezes=self.ledger.get_freezes())
        return release

    def _apply_all(
        self,
        release: Release,
        decisions: Sequence[Decision],
        *,
        only: str | None,
        put_off: set[str] | None = None,
    ) -> Release | None:
        """Apply the decisions; return the release after them, or None when it must be read again.

        Pipelines whose tasks look again soon, or that wait for a slot, are added to ``put_off``.
        """
        # An error with one pipeline must not keep the others from being stopped or settled.
        errors: list[Exception] = []
        after: Release | None = release
        put_off = set() if put_off is None else put_off
        for decision in decisions:
            name = type(decision).__name__.lower()
            with _about(release, decision.pipeline):
                log.info("decided: %s", name)
                try:
                    known = self._apply(after or release, decision)
                    after = known if after else None
                    waits = known and known.pipelines[decision.pipeline.name].status
                    if isinstance(decision, Start) and waits is PipelineStatus.WAITING:
                        put_off.add(decision.pipeline.name)
                except (Unfinished, ClientError, BotoCoreError) as error:
                    log.warning("could not %s: %s", name, error)
                    unconfirmed = isinstance(error, EndUnconfirmed) and not only
                    if unconfirmed and self.looks_soon(decision.pipeline):
                        put_off.add(decision.pipeline.name)
                    else:
                        errors.append(error)
        if errors:
            raise errors[0]  # all are logged; the workflow retries by the name of one
        return after

    def looks_soon(self, pipeline: Pipeline) -> bool:
        """Let the task of a pipeline look again soon; False if no task waits for it."""
        token = pipeline.task_token
        return bool(token and self.step_functions.look_again(token, UNCONFIRMED_WAIT))

    def _apply(self, release: Release, decision: Decision) -> Release | None:
        """Apply a decision; return the release after it, or None when it must be read again."""
        pipeline = decision.pipeline
        match decision:
            case End(change=change):
                ended = self._ends().record_end(release, pipeline, change)
                self._recorded[release.release_id, pipeline.name] = change
                return _with(release, ended) if ended else None
            case EndApproval(answer=answer):
                ended = self._ends().end_approval(release, pipeline, answer)
                return _with(release, ended) if ended else None
            case Free():
                freed = self.ledger.headers.free_slot(release, pipeline.name)
                return replace(freed, pipelines=release.pipelines, freezes=release.freezes)
            case Start(again=again):
                return self._start(release, pipeline, again=again)
            case _:
                self._carry_out(release, decision)
                return None

    def _carry_out(self, release: Release, decision: Decision) -> None:
        """Apply a decision after which the release must be read again."""
        pipeline = decision.pipeline
        match decision:
            case Stop():
                self._stops().stop(release, decision)
            case Retry():
                self._ends().retry(release, decision)
            case Skip(why=why, fails=fails):
                self._ends().skip(release, pipeline, why, fails=fails)
            case Resolve() | Keep():
                self._starts().keep(release, decision)
            case StopAsking(answer=answer):
                self.ledger.pipelines.stop_asking(
                    release.release_id,
                    pipeline,
                    why=answer.why or "",
                    timed_out=answer.status is PipelineStatus.TIMED_OUT,
                )
            case Ask():
                self.ledger.pipelines.ask(release.release_id, pipeline)
            case LookEarlier(at=at):
                self._look_earlier(release, pipeline, at)
            case Announce():
                self._announces(pipeline, lambda: self.announcer.question(release, pipeline))
            case Settle():
                self._settle(release, pipeline)

    def _start(self, release: Release, pipeline: Pipeline, *, again: bool) -> Release | None:
        started = self._starts().start(release, pipeline, again=again)
        if started is None:
            return None
        if started.status is PipelineStatus.WAITING:
            return release
        # Race: the release is halted or closed while the pipeline starts. Then it is stopped now.
        header = self.ledger.get_header(release.release_id)
        return header and _with(replace(header, pipelines=release.pipelines), started)

    def _look_earlier(self, release: Release, pipeline: Pipeline, at: datetime) -> None:
        now = self.clock()
        seconds = seconds_until(at, now=now)
        # A token that is no longer valid needs nothing: its task is on its way here.
        self.step_functions.look_again(pipeline.task_token or "", seconds)
        # After the call: a crash between the two repeats it.
        looks_at = now + timedelta(seconds=seconds)
        self.ledger.pipelines.record_look_time(release.release_id, pipeline, looks_at)

    def _settle(self, release: Release, pipeline: Pipeline) -> None:
        with _about(release, pipeline):
            self._settle_token(release, pipeline)

    def _settle_token(self, release: Release, pipeline: Pipeline) -> None:
        sent = self.step_functions.settle(pipeline)
        if sent:
            # An end that was read again has no execution.
            end = self._recorded.pop((release.release_id, pipeline.name), None)
            measure_settling(self.metrics, end, now=self.clock())
        else:
            # Race: the workflow was stopped, and the event of its end may be lost. The release is
            # checked before the token counts as settled, so that a crash repeats the check.
            self.orphans.close_if_orphaned(release)
        # Before the mark: a crash between the two repeats the announcement.
        if not self._announces(pipeline, lambda: self.announcer.end(release, pipeline)):
            return
        self.ledger.pipelines.mark_settled(release.release_id, pipeline)
        log.info("settled" if sent else "the task token is no longer valid")

    def _announces(self, pipeline: Pipeline, announce: Callable[[], None]) -> bool:
        """Whether this was announced; the bus must not keep pipelines from starting or settling."""
        try:
            announce()
        except NOT_ANNOUNCED as error:
            log.warning("not announced yet: %s", error)
            self._unannounced[pipeline.name] = error
            return False
        return True

    def _ends(self) -> Ends:
        return Ends(
            ledger=self.ledger,
            codepipeline=self.codepipeline,
            clock=self.clock,
            metrics=self.metrics,
            actor=self.actor,
        )

    def _stops(self) -> Stops:
        return Stops(
            ledger=self.ledger, codepipeline=self.codepipeline, clock=self.clock, ends=self._ends()
        )

    def _starts(self) -> Starts:
        return Starts(
            ledger=self.ledger,
            codepipeline=self.codepipeline,
            calendars=self.calendars,
            clock=self.clock,
            metrics=self.metrics,
            actor=self.actor,
            ends=self._ends(),
            freed=self._freed,
        )


def _about(release: Release, pipeline: Pipeline) -> AbstractContextManager[None]:
    return about(
        release_id=release.release_id,
        execution_arn=release.execution_arn,
        pipeline=pipeline.name,
        execution_id=pipeline.execution_id,
    )


def _with(release: Release, pipeline: Pipeline) -> Release:
    """The release with this pipeline as it is now."""
    return replace(release, pipelines={**release.pipelines, pipeline.name: pipeline})
