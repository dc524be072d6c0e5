"""Handles a release id that is taken: the same release again, another release, or a resume."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from open_release.reservations import Reservations
from release_core.apply.advance import Advance
from release_core.apply.measuring import measure_opening
from release_core.apply.orphans import Orphans
from release_core.aws.codepipeline import CodePipeline
from release_core.clock import Clock
from release_core.decide.resume import (
    may_begin,
    refuse_other,
    refuse_overtaken,
    refuse_resume,
    runs_already,
    succeeded,
    to_renew,
    unfinished,
    unfinished_pipelines,
)
from release_core.domain.execution import ExecutionState
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.errors import EndUnconfirmed, ReleaseNotResumable, StartUnresolved
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.ledger.opening_items import Opening
from release_core.manifest.checks import refuse_unproved
from release_core.metrics import Metrics
from release_core.rollback.later_releases import overtaken_by
from release_core.rollback.reader import RollbackReader


class Opened(NamedTuple):
    """The outcome, and for the workflow: who runs the release, its nodes to run, its attempt."""

    outcome: str
    released_by: str
    pipelines: Sequence[str] = ()
    attempt: int = 1


class Resuming(Immutable):
    """Opens the next attempt of a release that exists, or answers with the existing release."""

    ledger: Ledger
    codepipeline: CodePipeline
    reservations: Reservations
    orphans: Orphans
    advance: Advance
    rollbacks: RollbackReader
    clock: Clock
    metrics: Metrics

    def __call__(self, opening: Opening, holder: Release) -> Opened:
        """Open the next attempt, or find out that the release exists already.

        Raises ReleaseIdTaken for another manifest, and ReleaseNotResumable while parts of the
        previous attempt still run.
        """
        manifest = opening.manifest
        refuse_other(manifest, holder)
        if runs_already(manifest, holder):
            self.orphans.close_if_orphaned(holder)
            return Opened("ALREADY_RELEASED", holder.execution_arn, [])
        refuse_resume(holder, has_ended=self.orphans.close_if_ended)
        manifest.refuse_untimely(self.clock(), came_at=opening.came_at)
        release = self._caught_up(holder)
        refuse_unproved(manifest, opening.channel, granted=succeeded(release))
        # A release that was stopped while it was opened may lack pipelines.
        missing = [name for name in manifest.names if name not in release.pipelines]
        names = [*unfinished_pipelines(release), *missing]
        # What the release is called stays, also while its next attempt waits. Its notes are an item
        # of their own, which nobody needs for that.
        opening = replace(
            opening, manifest=manifest.as_on_record(holder), overtakes=holder.rolls_back_as
        )
        waits = self.reservations.take(names, opening)
        if waits:
            return Opened(waits, opening.execution_arn, [])
        try:
            # This release holds the pipelines now: no other release runs them from here on.
            outside = self.rollbacks.foreign_since(release, names) if release.rollback_of else {}
            refuse_overtaken(release, overtaken_by(self.ledger, release, names), outside)
        except ReleaseNotResumable:
            self.reservations.give_back(names, opening.execution_arn)
            raise
        if not self.ledger.openings.reopen(opening, release):
            self.reservations.give_back(names, opening.execution_arn)
            raise ReleaseNotResumable(
                f"release {holder.release_id} was resumed or rolled back by another execution; "
                f"see it with release-machine show {holder.release_id}"
            )
        measure_opening(self.metrics, came_at=opening.came_at, now=self.clock())
        return self.go_on(opening, holder)

    def go_on(self, opening: Opening, holder: Release) -> Opened:
        """Set the pipelines to WAITING for the attempt that this execution has opened."""
        previous = self.ledger.last_good(opening.manifest.names)
        self.ledger.openings.put_pipelines(opening, previous)
        release = self._read(holder.release_id)
        self.ledger.openings.renew_pipelines(release, to_renew(release), previous)
        names = [each.name for each in unfinished(release)]
        return Opened("OPENED", opening.execution_arn, names, release.attempt)

    def _caught_up(self, holder: Release) -> Release:
        """The release, updated with unrecorded starts and with retries in the console.

        A pipeline that has succeeded since the release was closed counts as succeeded.
        """
        release = self._read(holder.release_id)
        going_on = [
            f"- {pipeline.name}: a start or retry that may still take place"
            for pipeline in release.pipelines.values()
            if may_begin(pipeline, self.clock()) or not self._resolved(release, pipeline)
        ]
        release = self._read(holder.release_id)
        for pipeline in release.pipelines.values():
            if pipeline.status is PipelineStatus.SUCCEEDED or pipeline.execution_id is None:
                continue
            seen = self.codepipeline.get_execution(pipeline.name, pipeline.execution_id)
            if seen and seen.state in {None, ExecutionState.STOPPING}:
                going_on.append(f"- {pipeline.name}: execution {pipeline.execution_id}")
            elif seen and seen.state is ExecutionState.SUCCEEDED:
                try:
                    self.advance.record_success_since(release, pipeline)
                except EndUnconfirmed as unconfirmed:
                    going_on.append(f"- {pipeline.name}: {unconfirmed}")
        if going_on:
            raise ReleaseNotResumable(
                f"release {release.release_id} can be resumed when these have ended:\n"
                + "\n".join(going_on)
            )
        return self._read(holder.release_id)

    def _resolved(self, release: Release, pipeline: Pipeline) -> bool:
        """Whether it is known if a claimed start took place; the close may not have come so far."""
        if pipeline.status is not PipelineStatus.STARTING:
            return True
        try:
            self.advance.resolve_start(release, pipeline)
        except StartUnresolved:
            return False
        return True

    def _read(self, release_id: str) -> Release:
        release = self.ledger.get_release(release_id)
        if release is None:
            raise LookupError(f"there is no release {release_id}")
        return release
