"""A manifest of a release that exists: it is the same release again, or the next attempt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from release_core.decide.timing import UNRECORDED_START_WINDOW
from release_core.domain.order import before, without
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.domain.revisions import foreign
from release_core.errors import ReleaseIdTaken, ReleaseNotResumable
from release_core.manifest.model import Manifest
from release_core.problems import listing


def refuse_unknown(manifest: Manifest) -> None:
    """Raise ReleaseNotResumable for a resume of a release that does not exist."""
    if manifest.resume:
        raise ReleaseNotResumable(
            f"there is no release {manifest.release_id} to resume; remove resume"
        )


def refuse_other(manifest: Manifest, holder: Release) -> None:
    """Raise ReleaseIdTaken when the release with this id has another manifest."""
    if holder.manifest_sha256 != manifest.sha256:
        raise ReleaseIdTaken(
            f"release {holder.release_id} was opened with another manifest by "
            f"{holder.execution_arn}; give this manifest another releaseId"
        )


def runs_already(manifest: Manifest, holder: Release) -> bool:
    """Whether a manifest, submitted again, starts nothing: the answer is the existing release."""
    return not manifest.resume or holder.status is ReleaseStatus.SUCCEEDED


def refuse_resume(holder: Release, *, has_ended: Callable[[str, datetime], bool]) -> None:
    """Raise ReleaseNotResumable for a release that was rolled back or that still runs.

    ``has_ended`` answers whether the workflow execution with an ARN, on record since a moment, has
    ended.
    """
    if holder.rolled_back_by:
        raise ReleaseNotResumable(
            f"release {holder.release_id} was rolled back by release {holder.rolled_back_by}, "
            "so its changes are no longer live; submit its manifest with a new releaseId"
        )
    if holder.status is ReleaseStatus.RUNNING and not has_ended(
        holder.execution_arn, holder.began_at
    ):
        raise ReleaseNotResumable(
            f"release {holder.release_id} still runs, as {holder.execution_arn}; wait until it "
            "has ended, or cancel it"
        )


def refuse_overtaken(
    release: Release, later: Mapping[str, str], outside: Mapping[str, Sequence[str]]
) -> None:
    """Raise ReleaseNotResumable for a rollback when others ran its pipelines since.

    ``later`` has the later release of each pipeline, ``outside`` the executions that no release
    started.
    """
    lines = [f"- {name}: release {other}" for name, other in later.items()]
    lines += [f"- {name}: {foreign(each)}" for name, found in outside.items() for each in found]
    if release.rollback_of and lines:
        raise ReleaseNotResumable(
            listing(
                f"release {release.release_id} would overwrite later changes; roll "
                f"{release.rollback_of} back again instead. Later changes",
                lines,
            )
        )


def may_begin(pipeline: Pipeline, now: datetime) -> bool:
    """Whether a start or retry that was not recorded may still take place."""
    # close_release looks for unrecorded starts, three times at most, and stops their executions.
    tries = []
    if pipeline.status is PipelineStatus.STARTING and pipeline.start_tried_at:
        tries.append(pipeline.start_tried_at)
    if pipeline.status is PipelineStatus.RUNNING and pipeline.retry:
        tries.append(pipeline.retry.at)
    return any(now - at < UNRECORDED_START_WINDOW for at in tries)


def succeeded(release: Release | None) -> frozenset[str]:
    """The pipelines and approvals of a release that its next attempt does not run again.

    A granted approval with four eyes is asked again while anything behind it has not succeeded:
    that may ship another revision now, and who retries must not approve what they ask for.
    """
    nodes = release.pipelines.values() if release else ()
    ended = {each.name for each in nodes if each.status is PipelineStatus.SUCCEEDED}
    ahead = before([each.name for each in nodes if each.name not in ended], nodes)
    asked_again = {
        each.name
        for each in nodes
        if each.approval and each.approval.four_eyes and each.name in ahead
    }
    return frozenset(ended - asked_again)


def unfinished(release: Release) -> list[Pipeline]:
    """The pipelines and approvals that the next attempt of a release runs, in order."""
    done = succeeded(release)
    nodes = sorted(release.pipelines.values(), key=lambda each: each.position)
    return [each for each in nodes if each.name not in done]


def to_renew(release: Release) -> list[Pipeline]:
    """The nodes that still have their state of an earlier attempt, approvals first.

    They are renewed in this order, so an approval that is asked again holds what is behind it from
    the beginning. What depends on it through nodes that do not run again now depends on it itself.
    """
    depends_on = without(succeeded(release), release.pipelines.values())
    stale = [each for each in unfinished(release) if each.attempt != release.attempt]
    return [
        replace(each, depends_on=tuple(dict.fromkeys(each.depends_on + depends_on[each.name])))
        for each in sorted(stale, key=lambda each: each.approval is None)
    ]


def unfinished_pipelines(release: Release) -> list[str]:
    """The pipelines that the next attempt of a release runs, in order; no approvals."""
    return [each.name for each in unfinished(release) if not each.approval]
