"""Advancing a release: decide what is due and apply it, until nothing is."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from release_core.apply.ends import Ends
from release_core.apply.orphans import Orphans
from release_core.apply.starts import Starts
from release_core.aws.codepipeline import CodePipeline
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.decisions import (
    Decision,
    End,
    Find,
    Free,
    Retry,
    Settle,
    Skip,
    Start,
    Stop,
    decide,
)
from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.errors import AdvanceUnfinished, Unfinished
from release_core.ledger.ledger import Ledger

log = logging.getLogger(__name__)

# More rounds than the steps a pipeline can take at once mean a decision that never ends; a whole
# release takes more, as when one pipeline after the other gets a slot and cannot be started.
MAX_ROUNDS = 16


@dataclass(frozen=True, kw_only=True)
class Advance:
    """Decides and applies; ``actor`` is ``<function>/<invocation>`` of the one who acts."""

    ledger: Ledger
    codepipeline: CodePipeline
    step_functions: StepFunctions
    orphans: Orphans
    clock: Clock
    actor: str

    def pipeline(self, release_id: str, pipeline: str) -> Release | None:
        """Advance one pipeline, and the whole release if the end of one matters to others.

        Answers the release as it was last read. Raises AdvanceUnfinished when decisions keep
        coming, and whatever AWS answered that may pass: both mean try again.
        """
        release = self._rounds(release_id, pipeline)
        if release and release.coupled and release.pipelines[pipeline].status.ended:
            return self._rounds(release_id, None)
        return release

    def release(self, release_id: str) -> Release | None:
        """Advance every pipeline of a release; answers and raises as ``pipeline`` does."""
        return self._rounds(release_id, None)

    def finish_closed(self, release_id: str) -> None:
        """Advance what is left of a closed release; one that has been opened again is left alone.

        Raises as ``pipeline`` does.
        """
        self._rounds(release_id, None, only_closed=True)

    def record_look(self, release: Release, pipeline: Pipeline) -> None:
        """Record what one look at CodePipeline shows of a pipeline that has an execution."""
        self._ends().record_look(release, pipeline)

    def keep_good(self, release: Release, pipeline: str, execution_id: str) -> None:
        """Keep what an execution shipped that succeeds after its pipeline has ended otherwise."""
        node = release.pipelines[pipeline]
        if node.execution_id == execution_id and node.status.broken:
            self._ends().keep_good(release, node)

    def record_end(self, release: Release, pipeline: Pipeline) -> None:
        """Look at a pipeline once more and record its end, if it has ended; start nothing."""
        self.record_look(release, pipeline)
        now = self.ledger.get_pipeline(release.release_id, pipeline.name)
        if now is None:
            return
        due = decide(now, self.clock(), actor=self.actor, only=pipeline.name)
        self._apply_all(now, [decision for decision in due if isinstance(decision, End)])

    def _rounds(
        self, release_id: str, only: str | None, *, only_closed: bool = False
    ) -> Release | None:
        release = self._read(release_id, only)
        for _ in range(MAX_ROUNDS + (len(release.pipelines) if release else 0)):
            if release is None or (only_closed and release.status is ReleaseStatus.RUNNING):
                return release
            decisions = decide(release, self.clock(), actor=self.actor, only=only)
            if not decisions:
                return release
            self._apply_all(release, decisions)
            release = self._read(release_id, only)
        raise AdvanceUnfinished(f"release {release_id} still asks for decisions")

    def _read(self, release_id: str, only: str | None) -> Release | None:
        if only:
            return self.ledger.get_pipeline(release_id, only)
        return self.ledger.get_release(release_id)

    def _apply_all(self, release: Release, decisions: Sequence[Decision]) -> None:
        # One pipeline's trouble must not keep the others from being stopped or settled.
        troubles: list[Exception] = []
        for decision in decisions:
            facts = {
                "release_id": release.release_id,
                "pipeline": decision.pipeline.name,
                "execution_id": decision.pipeline.execution_id,
            }
            name = type(decision).__name__.lower()
            log.info("decided: %s", name, extra=facts)
            try:
                self._apply(release, decision)
            except (Unfinished, ClientError, BotoCoreError) as trouble:
                log.warning("could not %s: %s", name, trouble, extra=facts)
                troubles.append(trouble)
        if troubles:
            raise troubles[0]  # all are logged; the workflow knows how to retry one by its name

    def _apply(self, release: Release, decision: Decision) -> None:
        pipeline = decision.pipeline
        match decision:
            case Stop():
                self._ends().stop(release, decision)
            case End(change=change):
                self._ends().record_end(release, pipeline, change)
            case Retry():
                self._ends().retry(release, decision)
            case Skip(why=why):
                self._ends().skip(release, pipeline, why)
            case Free():
                self.ledger.headers.free_slot(release, pipeline.name)
            case Find():
                self._starts().find(release, pipeline)
            case Start(again=again):
                self._starts().start(release, pipeline, again=again)
            case Settle():
                self._settle(release, pipeline)

    def _settle(self, release: Release, pipeline: Pipeline) -> None:
        sent = self.step_functions.settle(pipeline)
        if not sent:
            # A dead token may mean that the workflow was stopped, and that event may be lost: then
            # nobody else would ever close the release. Settled is what need not be asked again.
            self.orphans.notice(release)
        self.ledger.pipelines.mark_settled(release.release_id, pipeline)
        log.info(
            "settled" if sent else "nobody waits any more",
            extra={"release_id": release.release_id, "pipeline": pipeline.name},
        )

    def _ends(self) -> Ends:
        return Ends(
            ledger=self.ledger, codepipeline=self.codepipeline, clock=self.clock, actor=self.actor
        )

    def _starts(self) -> Starts:
        return Starts(
            ledger=self.ledger,
            codepipeline=self.codepipeline,
            clock=self.clock,
            actor=self.actor,
            ends=self._ends(),
        )
