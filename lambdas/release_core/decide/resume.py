"""What a manifest means whose release exists already: the same again, or its next attempt."""

from collections.abc import Callable, Mapping
from datetime import datetime

from release_core.decide.timing import UNRECORDED_START_WINDOW
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.errors import ReleaseIdTaken, ReleaseNotResumable
from release_core.manifest.model import Manifest
from release_core.problems import listing


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
    return any(now - at < UNRECORDED_START_WINDOW for at in tries)


def unfinished(release: Release) -> list[str]:
    """The pipelines of a release that its next attempt runs, in their order."""
    pipelines: list[Pipeline] = sorted(release.pipelines.values(), key=lambda each: each.position)
    return [each.name for each in pipelines if each.status is not PipelineStatus.SUCCEEDED]
