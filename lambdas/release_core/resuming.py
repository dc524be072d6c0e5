"""A release id that is taken: the same release again, another one, or its next attempt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_core.clock import Clock
from release_core.codepipeline import CodePipeline
from release_core.errors import ReleaseIdTaken, ReleaseNotResumable
from release_core.ledger import Ledger
from release_core.manifest import Manifest
from release_core.materials import bill_of_materials
from release_core.model import (
    ExecutionState,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.opening_ledger import Opening, OpeningLedger
from release_core.orphans import Orphans
from release_core.overtaking import overtaken_by
from release_core.problems import listing
from release_core.reservations import Reservations

# A close has been tried as often as it is by then, and what it could find out is on record.
CLOSED_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Resuming:
    """Decides what a manifest means whose release exists already."""

    ledger: Ledger
    opening_ledger: OpeningLedger
    codepipeline: CodePipeline
    reservations: Reservations
    orphans: Orphans
    clock: Clock

    def __call__(self, opening: Opening, holder: Release) -> tuple[str, str, list[str]]:
        """The outcome, the execution that runs or ran the release, and the pipelines to run.

        Raises ReleaseIdTaken when it is another release, and ReleaseNotResumable while parts of
        the attempt before still run.
        """
        manifest = opening.manifest
        refuse_other(manifest, holder)
        if runs_already(manifest, holder):
            self.orphans.notice(holder)
            return "ALREADY_RELEASED", holder.execution_arn, []
        refuse_resume(holder, has_ended=self.orphans.has_ended)
        manifest.refuse_past(self.clock())
        release = self._caught_up(holder)
        # One that was stopped while it was opened may lack pipelines.
        missing = [name for name in manifest.names if name not in release.pipelines]
        names = [*unfinished(release), *missing]
        if not self.reservations.take(names, opening):
            return "BUSY", opening.execution_arn, []
        try:
            # Nobody else runs them from here on.
            refuse_overtaken(release, overtaken_by(self.ledger, release, names))
        except ReleaseNotResumable:
            self.reservations.give_back(names, opening.execution_arn)
            raise
        if not self.opening_ledger.reopen(opening, release):
            self.reservations.give_back(names, opening.execution_arn)
            raise ReleaseNotResumable(
                f"release {holder.release_id} was resumed or rolled back by somebody else"
            )
        return self.go_on(opening, holder)

    def go_on(self, opening: Opening, holder: Release) -> tuple[str, str, list[str]]:
        """Make the pipelines of the attempt that this execution has opened wait again."""
        previous = self.ledger.holders.last_good(opening.manifest.names)
        self.opening_ledger.put_pipelines(opening, previous)
        release = self._read(holder.release_id)
        self.opening_ledger.renew_pipelines(release, previous)
        return "OPENED", opening.execution_arn, unfinished(release)

    def _caught_up(self, holder: Release) -> Release:
        """The release, with what the console did to its executions since it was closed.

        What was retried with success counts as succeeded.
        """
        release = self._read(holder.release_id)
        going_on = []
        for pipeline in release.pipelines.values():
            if may_begin(pipeline, self.clock()):
                going_on.append(f"- {pipeline.name}: its start or retry, which may still come")
            if pipeline.status is PipelineStatus.SUCCEEDED or pipeline.execution_id is None:
                continue
            seen = self.codepipeline.look(pipeline.name, pipeline.execution_id)
            if seen and seen.state in {None, ExecutionState.STOPPING}:
                going_on.append(f"- {pipeline.name}: execution {pipeline.execution_id}")
            elif seen and seen.state is ExecutionState.SUCCEEDED:
                shipped = bill_of_materials(self.codepipeline, pipeline, seen)
                self.ledger.holders.record_last_good(release.release_id, pipeline, shipped)
                self.ledger.finish(
                    release.release_id, pipeline, PipelineStatus.SUCCEEDED, shipped=shipped
                )
        if going_on:
            raise ReleaseNotResumable(
                f"release {release.release_id} can be resumed when these have ended:\n"
                + "\n".join(going_on)
            )
        return self._read(holder.release_id)

    def _read(self, release_id: str) -> Release:
        release = self.ledger.read_release(release_id)
        if release is None:
            raise LookupError(f"there is no release {release_id}")
        return release


def refuse_unknown(manifest: Manifest) -> None:
    """Raise ReleaseNotResumable for a resume of a release that never was."""
    if manifest.resume:
        raise ReleaseNotResumable(
            f"there is no release {manifest.release_id} to resume; leave out resume"
        )


def refuse_other(manifest: Manifest, holder: Release) -> None:
    """Raise ReleaseIdTaken when the release that has the id is another one."""
    if holder.manifest_sha256 != manifest.sha256:
        raise ReleaseIdTaken(
            f"release {holder.release_id} was opened with another manifest by "
            f"{holder.execution_arn}; give this one a releaseId of its own"
        )


def runs_already(manifest: Manifest, holder: Release) -> bool:
    """Whether a manifest, given again, is answered with the release that it already is."""
    return not manifest.resume or holder.status is ReleaseStatus.SUCCEEDED


def refuse_resume(holder: Release, *, has_ended: Callable[[str], bool]) -> None:
    """Raise ReleaseNotResumable for a release that was rolled back or that still runs.

    ``has_ended`` tells it of the execution with an ARN.
    """
    if holder.rolled_back_by:
        raise ReleaseNotResumable(
            f"release {holder.release_id} was rolled back by release {holder.rolled_back_by}, "
            "so that what had succeeded in it is gone; give its manifest a new releaseId"
        )
    if holder.status is ReleaseStatus.RUNNING and not has_ended(holder.execution_arn):
        raise ReleaseNotResumable(
            f"release {holder.release_id} still runs, as {holder.execution_arn}"
        )


def refuse_overtaken(release: Release, later: Mapping[str, str]) -> None:
    """Raise ReleaseNotResumable for a rollback some of whose pipelines ``later`` releases ran."""
    if release.rollback_of and later:
        raise ReleaseNotResumable(
            listing(
                f"release {release.release_id} would go over what came after it; roll "
                f"{release.rollback_of} back anew, which tells what can still go back. Ran since",
                [f"- {name}: release {other}" for name, other in later.items()],
            )
        )


def may_begin(pipeline: Pipeline, now: datetime) -> bool:
    """Whether a start or retry that nobody has recorded may still take place."""
    # The close finds out what became of them, in three tries at most, and stops what it finds.
    tries = []
    if pipeline.status is PipelineStatus.STARTING and pipeline.start_tried_at:
        tries.append(pipeline.start_tried_at)
    if pipeline.status is PipelineStatus.RUNNING and pipeline.retry:
        tries.append(pipeline.retry.at)
    return any(now - at < CLOSED_WITHIN for at in tries)


def unfinished(release: Release) -> list[str]:
    """The pipelines of a release that its next attempt runs, in their order."""
    pipelines: list[Pipeline] = sorted(release.pipelines.values(), key=lambda each: each.position)
    return [each.name for each in pipelines if each.status is not PipelineStatus.SUCCEEDED]
