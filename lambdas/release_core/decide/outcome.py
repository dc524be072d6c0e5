"""Whether a workflow execution is over, and the outcome of a release from its pipelines."""

from datetime import datetime

from release_core.decide.timing import VISIBLE_WITHIN
from release_core.domain.release import PipelineStatus, Release, ReleaseStatus, describe_outcome
from release_core.domain.workflow_end import WHY_LIMIT, WorkflowEnd


def is_over(end: WorkflowEnd | None, *, since: datetime | None, now: datetime) -> bool:
    """Whether a workflow execution has ended; it is on record ``since`` this moment, or unknown.

    DescribeExecution is eventually consistent: an execution that it does not find counts as ended
    only if the execution is old enough to be found.
    """
    if end is None or not end.not_found:
        return end is not None
    return since is not None and now - since >= VISIBLE_WITHIN


def tally(release: Release) -> tuple[ReleaseStatus, str]:
    """The final status of a release and the reason; SUCCEEDED only if every pipeline succeeded."""
    pipelines = sorted(release.pipelines.values(), key=lambda each: each.position)
    unsuccessful = [each for each in pipelines if each.status is not PipelineStatus.SUCCEEDED]
    if pipelines and not unsuccessful:
        all_of_them = "its 1 pipeline" if len(pipelines) == 1 else f"all {len(pipelines)} pipelines"
        skipped = [
            f"\n- {each.name}: {stage}" for each in pipelines for stage in each.skipped_stages
        ]
        but = f", but CodePipeline skipped stages:{''.join(skipped)}" if skipped else ""
        return ReleaseStatus.SUCCEEDED, f"{all_of_them} succeeded{but}"[:WHY_LIMIT]
    lines = [f"- {describe_outcome(each)}" for each in unsuccessful]
    title = f"{len(unsuccessful)} of {len(pipelines)} pipelines did not succeed:\n"
    why = title + "\n".join(lines)
    return ReleaseStatus.FAILED, why[:WHY_LIMIT]
