"""Whether a workflow execution is over, and the outcome of a release from its pipelines."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from release_core.decide.timing import VISIBLE_WITHIN
from release_core.domain.announcement import cut
from release_core.domain.release import (
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
    describe_outcome,
)
from release_core.domain.workflow_end import WHY_LIMIT, WorkflowEnd
from release_core.errors import Rejection

_MAX_WORDS = 200  # characters of a comment in the title; the line of the approval has all of it
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
    """How many pipelines and approvals of a release with ``count`` pipelines did not succeed.

    The words of the person who first rejected come first: those of the others stand in the lines.
    What was skipped never ran, and counts apart.
    """
    reasons = [*_first_rejection(unsuccessful)]
    counts = Counter(
        (each.approval is not None, each.status is PipelineStatus.SKIPPED) for each in unsuccessful
    )
    if not_granted := counts[True, False] - len(reasons):
        reasons.append(f"{_approvals(not_granted, 'other ' if reasons else '')} not granted")
    # An empty release has no pipeline that succeeded, either.
    if (broken := counts[False, False]) or not unsuccessful:
        reasons.append(f"{broken} of {count} pipelines did not succeed")
    skipped = [*_skipped(counts, of_all="" if broken else f" of {count} pipelines")]
    told = ", and ".join([*reasons, *([] if broken else skipped)])
    return ", ".join([told, *skipped]) if broken else told


def _first_rejection(unsuccessful: Sequence[Pipeline]) -> Iterator[str]:
    """What was said with the first rejection, in one line, if anything was."""
    said = [
        (rejection.at, " ".join(rejection.comment.split()), node.name, rejection.by)
        for node in unsuccessful
        if node.status is PipelineStatus.FAILED
        and node.approval
        and (rejection := node.approval.rejection)
        and rejection.comment
    ]
    if said:
        _, comment, name, by = min(said)
        yield f"{cut(comment, _MAX_WORDS)} ({name} rejected by {by})"


def _skipped(counts: Mapping[tuple[bool, bool], int], *, of_all: str) -> Iterator[str]:
    if pipelines := counts[False, True]:
        yield f"{pipelines}{of_all} {'was' if pipelines == 1 else 'were'} skipped"
    if approvals := counts[True, True]:
        yield f"{_approvals(approvals)} skipped"


def _approvals(count: int, which: str = "") -> str:
    return f"1 {which}approval was" if count == 1 else f"{count} {which}approvals were"
