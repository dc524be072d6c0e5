"""Whether a workflow execution is over, and the outcome of a release from its pipelines."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from release_core.decide.timing import VISIBLE_WITHIN
from release_core.domain.release import (
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
    describe_outcome,
)
from release_core.domain.workflow_end import WHY_LIMIT, WorkflowEnd
from release_core.errors import Rejection

# The error of the workflow execution of a failed release, as statemachine.asl.json has it.
_RELEASE_FAILED = "ReleaseFailed"


def is_over(end: WorkflowEnd | None, *, since: datetime | None, now: datetime) -> bool:
    """Whether a workflow execution has ended; it is on record ``since`` this moment, or unknown.

    DescribeExecution is eventually consistent: an execution that it does not find counts as ended
    only if the execution is old enough to be found.
    """
    if end is None or not end.not_found:
        return end is not None
    return since is not None and now - since >= VISIBLE_WITHIN


def is_fault(end: WorkflowEnd) -> bool:
    """Whether a workflow failed by itself: not a stop, a failed release or a rejected manifest."""
    ordinary = {_RELEASE_FAILED, *(rejection.__name__ for rejection in Rejection.__subclasses__())}
    return end.status == "TIMED_OUT" or (end.status == "FAILED" and end.error not in ordinary)


def tally(release: Release) -> tuple[ReleaseStatus, str]:
    """The final status of a release and the reason; SUCCEEDED only if every pipeline succeeded."""
    nodes = sorted(release.pipelines.values(), key=lambda each: each.position)
    pipelines = [each for each in nodes if not each.approval]
    unsuccessful = [each for each in nodes if each.status is not PipelineStatus.SUCCEEDED]
    if pipelines and not unsuccessful:
        all_of_them = "its 1 pipeline" if len(pipelines) == 1 else f"all {len(pipelines)} pipelines"
        skipped = [
            f"\n- {each.name}: {stage}" for each in pipelines for stage in each.skipped_stages
        ]
        but = f", but CodePipeline skipped stages:{''.join(skipped)}" if skipped else ""
        return ReleaseStatus.SUCCEEDED, f"{all_of_them} succeeded{but}"[:WHY_LIMIT]
    # What failed is the cause of what was skipped, and a long list is cut at its end.
    causes_first = sorted(unsuccessful, key=lambda each: not each.status.broken)
    lines = [f"- {describe_outcome(each)}" for each in causes_first]
    why = _title(unsuccessful, len(pipelines)) + ":\n" + "\n".join(lines)
    return ReleaseStatus.FAILED, why[:WHY_LIMIT]


def _title(unsuccessful: Sequence[Pipeline], count: int) -> str:
    asked = [each for each in unsuccessful if each.approval]
    others = len(unsuccessful) - len(asked)
    # The words of people come first.
    reasons = [*_rejections(asked)]
    if not_granted := len(asked) - len(reasons):
        approvals = "approvals were" if not_granted > 1 else "approval was"
        reasons.append(f"{not_granted} {approvals} not granted")
    if others or not asked:
        reasons.append(f"{others} of {count} pipelines did not succeed")
    return ", and ".join(reasons)


def _rejections(asked: Sequence[Pipeline]) -> Iterator[str]:
    for node in asked:
        rejection = node.approval.rejection if node.approval else None
        if rejection and rejection.comment and node.status is PipelineStatus.FAILED:
            yield f"{' '.join(rejection.comment.split())} ({node.name} rejected by {rejection.by})"
