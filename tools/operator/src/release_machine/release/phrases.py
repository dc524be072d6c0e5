"""Phrases about a release, shared by several views."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from release_core.domain.release import (
    OnFailure,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.domain.revisions import foreign
from release_core.rollback.refusals import listed
from release_machine.release.approvals import signer
from release_machine.release.model import Activity
from release_machine.text.wording import clock_time, roughly

EDITED = "the pipeline was edited while it ran"
WHAT_TO_DO_WHEN_EDITED = f"{EDITED}: stop it or wait"


def progress(release: Release, remaining: timedelta | None) -> str:
    """How many pipelines have ended, and the estimated time left if it is known."""
    ended = f"{release.ended_count} of {release.pipeline_count} ended"
    if remaining is None or remaining < timedelta(seconds=1):
        return ended
    return f"{ended}, {roughly(remaining)} left"


def pipelines_and_approvals(pipelines: int, approvals: int) -> str:
    """How many there are of both, without what there is none of."""
    counts = ((pipelines, "pipeline"), (approvals, "approval"))
    told = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count]
    return " and ".join(told) or "0 pipelines"


def waits_briefly(release: Release, now: datetime) -> str:
    """What a release waits for that is not opened."""
    if release.not_before and release.is_held(now):
        return f"held until {clock_time(release.not_before)}"
    return "waits for pipelines"


# What a halt means for the pipelines that run, by the policy.
_RUNNING_PIPELINES = {
    OnFailure.HALT: "running pipelines continue to their end",
    OnFailure.CONTINUE: "running pipelines continue to their end",
    OnFailure.STOP: "running pipelines are stopped",
    OnFailure.ROLLBACK: "running pipelines are stopped, then the release is rolled back",
}


def halted(release: Release) -> str:
    """What halted a release and what that means by its policy; empty when it was not halted."""
    # In a cancelled release a stopped pipeline is a result, not the reason of the halt.
    if not release.halted_by or release.status is ReleaseStatus.CANCELLED:
        return ""
    if release.closed:
        stopped = ", running pipelines were stopped" if release.on_failure.stops else ""
        return f"by {release.halted_by}: no more pipelines started{stopped}"
    rest = _RUNNING_PIPELINES[release.on_failure]
    return f"by {release.halted_by}: no more pipelines start, {rest}"


def rolled_back_by(release: Release) -> str | None:
    """The release that rolls this release back, and whether it is only announced."""
    if release.awaits_rollback:
        return f"{release.rolls_back_as}, which is not opened"
    return release.rolled_back_by


def restores(release: Release) -> str:
    """What each pipeline of a rollback goes back to, if no release had shipped it."""
    return listed([f"{name}: {foreign(each)}" for name, each in release.restores.items()])


def retries_used(pipeline: Pipeline) -> str:
    """How many retries a pipeline has used."""
    return f"retry {pipeline.retried} of {pipeline.retries}"


def edited(pipeline: Pipeline, doing: Activity | None) -> str | None:
    """That a pipeline was edited while it ran, and what to do while it still runs."""
    if not pipeline.edited_at and not (doing and doing.edited):
        return None
    return EDITED if pipeline.status.ended else WHAT_TO_DO_WHEN_EDITED


def answers(pipeline: Pipeline) -> Iterator[str]:
    """Who answered each manual approval of a pipeline, and with which words."""
    for each in pipeline.approvals:
        who = signer(each.by) if each.by else "somebody"
        words = f": {each.comment}" if each.comment else ""
        yield f"{each.answer.lower()} by {who} at {each.stage} → {each.action}{words}"


def skips(pipeline: Pipeline) -> Iterator[str]:
    """The stages that CodePipeline skipped in an execution that counts as succeeded."""
    if pipeline.status is PipelineStatus.SUCCEEDED:
        yield from map(str, pipeline.skipped_stages)


def counted(pipelines: Iterable[Pipeline]) -> str:
    """The number of pipelines in each status, in the order in which the statuses appear."""
    counts = Counter(pipeline.status for pipeline in pipelines)
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def sentence(text: str) -> str:
    """The text with a full stop, so that another sentence can follow; AWS's texts often lack it."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
