"""Advancing a release: decide what is due and apply it, until nothing is."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.clock import Clock, to_iso
from release_core.codepipeline import CodePipeline, Seen, StartRefused, client_request_token
from release_core.decide import Decision, Find, Finish, Settle, Skip, Start, Stop, decide
from release_core.errors import AdvanceUnfinished, ExecutionTaken, StartUnresolved, Unfinished
from release_core.ledger import Ledger
from release_core.model import (
    STATUS_OF_STATE,
    Change,
    ExecutionState,
    Failure,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.tokens import Tokens

log = logging.getLogger(__name__)

# One round for each step a pipeline can take, twice over: more would be a decision that never ends.
MAX_ROUNDS = 16
# How long AWS remembers a clientRequestToken is not published; for so long it is relied upon.
TOKEN_REMEMBERED = timedelta(minutes=5)
# By then a function that was starting a pipeline has ended, one way or another.
START_WINDOW = timedelta(seconds=90)
# AWS does not say how soon an execution can be looked at; for so long one not found is not lost.
SHOWN_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Advance:
    """Decides and applies; ``starter`` is ``<function>/<invocation>`` of the one who acts."""

    ledger: Ledger
    codepipeline: CodePipeline
    tokens: Tokens
    clock: Clock
    starter: str

    def pipeline(self, release_id: str, pipeline: str) -> Release | None:
        """Advance one pipeline of a release and answer the release as it then stands.

        Raises AdvanceUnfinished when decisions keep coming, and whatever AWS answered that may
        pass: both mean try again.
        """
        return self._rounds(release_id, pipeline)

    def release(self, release_id: str) -> Release | None:
        """Advance every pipeline of a release; answers and raises as ``pipeline`` does."""
        return self._rounds(release_id, None)

    def look(self, release_id: str, pipeline: Pipeline) -> None:
        """Record what one look at CodePipeline shows of a pipeline that has an execution."""
        if pipeline.execution_id is None or pipeline.status.ended:
            return
        log.info("looking at the execution", extra=_facts(release_id, pipeline))
        seen = self.codepipeline.look(pipeline.name, pipeline.execution_id)
        if seen is None and self._since_last_try(pipeline) < SHOWN_WITHIN:
            return
        if seen is None:
            self.ledger.finish(
                release_id,
                pipeline,
                PipelineStatus.FAILED,
                failure=Failure(message=str(VANISHED.summary)),
            )
            return
        latest = pipeline.execution.latest if pipeline.execution else None
        self._record_look(pipeline, seen.state, latest)

    def _rounds(self, release_id: str, only: str | None) -> Release | None:
        for _ in range(MAX_ROUNDS):
            release = (
                self.ledger.read_pipeline(release_id, only)
                if only
                else self.ledger.read_release(release_id)
            )
            decisions = decide(release) if release else []
            if release is None or not decisions:
                return release
            self._apply_all(release, decisions)
        raise AdvanceUnfinished(f"release {release_id} still asks for decisions: {decisions}")

    def _apply_all(self, release: Release, decisions: Sequence[Decision]) -> None:
        # One pipeline's trouble must not keep the others from being stopped or settled.
        troubles: list[Exception] = []
        for decision in decisions:
            try:
                self._apply(release, decision)
            except (Unfinished, ClientError, BotoCoreError) as trouble:
                log.warning(
                    "could not apply %s: %s",
                    type(decision).__name__.lower(),
                    trouble,
                    extra=_facts(release.release_id, decision.pipeline),
                )
                troubles.append(trouble)
        if troubles:
            raise troubles[0]  # all are logged; the workflow knows how to retry one by its name

    def _apply(self, release: Release, decision: Decision) -> None:
        pipeline = decision.pipeline
        facts = _facts(release.release_id, pipeline)
        log.info("decided: %s", type(decision).__name__.lower(), extra=facts)
        match decision:
            case Start(again=again):
                self._start(release.release_id, pipeline, again=again)
            case Find():
                self._find(release.release_id, pipeline)
            case Skip(why=why):
                self._skip(release.release_id, pipeline, why)
            case Stop(why=why):
                assert pipeline.execution_id
                if not self.codepipeline.stop(pipeline.name, pipeline.execution_id, reason=why):
                    # It has ended, and the event that told so may be lost.
                    self.look(release.release_id, pipeline)
                self.ledger.mark_stop_requested(release.release_id, pipeline)
            case Finish(change=change):
                self._finish(release.release_id, pipeline, change)
            case Settle():
                sent = self.tokens.settle(pipeline)
                self.ledger.mark_settled(release.release_id, pipeline)
                log.info("settled" if sent else "nobody waits any more", extra=facts)

    def _start(self, release_id: str, pipeline: Pipeline, *, again: bool) -> None:
        if not self.ledger.claim_start(release_id, pipeline, self.starter):
            return
        # The release may have been closed before the claim; if it is closed later, the closing
        # side sees STARTING and finds out what became of it.
        now = self.ledger.read_pipeline(release_id, pipeline.name)
        claimed = now.pipelines.get(pipeline.name) if now else None
        if not now or not claimed or claimed.execution_id or claimed.status.ended:
            return
        if now.status is not ReleaseStatus.RUNNING:
            if not again:
                self._skip(release_id, claimed, f"release {release_id} is {now.status}")
            return
        try:
            execution_id = self._found_or_started(release_id, pipeline, again=again)
        except StartRefused as refused:
            self.ledger.finish(release_id, claimed, PipelineStatus.FAILED, failure=refused.failure)
            return
        self._bind(release_id, claimed, execution_id)

    def _found_or_started(self, release_id: str, pipeline: Pipeline, *, again: bool) -> str:
        if again and self._since_first_try(pipeline) > TOKEN_REMEMBERED:
            found = self._search(release_id, pipeline)
            if found:
                return found
        token = client_request_token(release_id, pipeline.name, pipeline.attempt)
        return self.codepipeline.start(pipeline.name, client_request_token=token)

    def _find(self, release_id: str, pipeline: Pipeline) -> None:
        found = self._search(release_id, pipeline)
        if found:
            self._bind(release_id, pipeline, found)
        elif self._since_last_try(pipeline) > START_WINDOW:
            self._skip(release_id, pipeline, "the release was closed before it was started")
        else:
            raise StartUnresolved(
                f"the start of {pipeline.name} for release {release_id} may be on its way"
            )

    def _skip(self, release_id: str, pipeline: Pipeline, why: str) -> None:
        self.ledger.finish(
            release_id, pipeline, PipelineStatus.SKIPPED, failure=Failure(message=why)
        )

    def _search(self, release_id: str, pipeline: Pipeline) -> str | None:
        """The execution that an unrecorded start made, claimed for the release, if there is one."""
        if not (pipeline.starting_at and pipeline.start_tried_at and pipeline.started_by):
            return None
        for execution_id in self.codepipeline.find_started(
            pipeline.name,
            since=pipeline.starting_at,
            until=pipeline.start_tried_at + START_WINDOW,
            starter=pipeline.started_by.partition("/")[0],
        ):
            try:
                self.ledger.claim_execution(
                    execution_id, release_id=release_id, pipeline=pipeline.name
                )
            except ExecutionTaken:
                continue  # another release's start of the same pipeline
            return execution_id
        return None

    def _bind(self, release_id: str, pipeline: Pipeline, execution_id: str) -> None:
        # The execution's side first: its events then lead here, and repair a death in between.
        self.ledger.claim_execution(execution_id, release_id=release_id, pipeline=pipeline.name)
        self.ledger.bind_execution(release_id, pipeline, execution_id)

    def _finish(self, release_id: str, pipeline: Pipeline, change: Change) -> None:
        assert pipeline.execution_id
        seen = self.codepipeline.look(pipeline.name, pipeline.execution_id) or VANISHED
        if seen is not VANISHED and not change.state.final and seen.state is not change.state:
            # FAILED and STOPPED are not final: somebody has resumed the execution since.
            self._record_look(pipeline, seen.state, change)
            return
        status = STATUS_OF_STATE[change.state]
        if status is PipelineStatus.SUCCEEDED:
            self.ledger.record_last_good(release_id, pipeline, seen.revisions)
        self.ledger.finish(
            release_id,
            pipeline,
            status,
            ended_at=to_iso(change.at),
            failure=self._failure(pipeline, change.state, seen),
            revisions=seen.revisions,
        )

    def _failure(self, pipeline: Pipeline, state: ExecutionState, seen: Seen) -> Failure | None:
        if state is ExecutionState.SUCCEEDED:
            return None
        note = pipeline.execution.note if pipeline.execution else None
        reason = note or seen.summary or _DEFAULT_REASON[state]
        if seen is VANISHED or not pipeline.execution_id:
            return Failure(message=reason)
        action = self.codepipeline.explain_end(pipeline.name, pipeline.execution_id)
        if action is None:
            return Failure(message=reason)
        return action if state is ExecutionState.FAILED else replace(action, message=reason)

    def _record_look(
        self, pipeline: Pipeline, state: ExecutionState | None, latest: Change | None
    ) -> None:
        """Add what a look showed, unless the record says so already."""
        assert pipeline.execution_id
        attempt = latest.attempt if latest else 1
        if latest and latest.state is state:
            return
        if latest and latest.state.ended and not (state and state.final):
            # What had ended goes on or has ended otherwise: that is the next attempt.
            attempt += 1
            state = state or ExecutionState.RESUMED
        if state is None:
            return
        change = Change(state=state, attempt=attempt, at=self.clock(), source="look")
        self.ledger.record_change(pipeline.execution_id, pipeline.name, change)

    def _since_first_try(self, pipeline: Pipeline) -> timedelta:
        now = self.clock()
        return now - (pipeline.starting_at or now)

    def _since_last_try(self, pipeline: Pipeline) -> timedelta:
        now = self.clock()
        return now - (pipeline.start_tried_at or now)


VANISHED = Seen(state=None, summary="CodePipeline knows this execution no more", revisions=())

_DEFAULT_REASON = {
    ExecutionState.FAILED: "the execution failed",
    ExecutionState.STOPPED: "the execution was stopped",
    ExecutionState.SUPERSEDED: "a newer execution of the pipeline overtook this one",
    ExecutionState.CANCELED: "the execution was cancelled, as when the pipeline is changed",
}


def _facts(release_id: str, pipeline: Pipeline) -> dict[str, str | None]:
    return {
        "release_id": release_id,
        "pipeline": pipeline.name,
        "execution_id": pipeline.execution_id,
    }
