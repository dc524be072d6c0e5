"""Phrases about a release that several views share."""

from collections.abc import Iterable
from datetime import timedelta

from release_core.domain.release import OnFailure, Pipeline, Release, ReleaseStatus
from release_machine.text.wording import roughly


def progress(release: Release, remaining: timedelta | None) -> str:
    """Write how far a release has come, and how long it may still take where that is known."""
    told = f"{release.ended_count} of {release.pipeline_count} ended"
    if remaining is None or remaining < timedelta(seconds=1):
        return told
    return f"{told}, {roughly(remaining)} left"


def halted(release: Release) -> str:
    """Write what halted a release and what that means; nothing for one that was not halted."""
    # A stopped pipeline of a cancelled release is what the cancelling did, not its reason.
    if not release.halted_by or release.status is ReleaseStatus.CANCELLED:
        return ""
    if release.closed:
        return f"by {release.halted_by}"
    rest = "what runs is stopped" if release.on_failure is OnFailure.STOP else "what runs goes on"
    return f"by {release.halted_by}: nothing more starts, {rest}"


def rolled_back_by(release: Release) -> str | None:
    """Write which release rolls this one back, and whether that is only announced."""
    if release.awaits_rollback:
        return f"{release.rolls_back_as}, which is not opened"
    return release.rolled_back_by


def retries_used(pipeline: Pipeline) -> str:
    """Write which of its retries a pipeline has taken."""
    return f"retry {pipeline.retried} of {pipeline.retries}"


def tally(release: Release) -> str:
    """Count the pipelines of a release by status."""
    return counted(release.pipelines.values())


def counted(pipelines: Iterable[Pipeline]) -> str:
    """Count pipelines by status, in the order in which the statuses first appear."""
    counts: dict[str, int] = {}
    for pipeline in pipelines:
        counts[pipeline.status] = counts.get(pipeline.status, 0) + 1
    return ", ".join(f"{count} {status}" for status, count in counts.items())
