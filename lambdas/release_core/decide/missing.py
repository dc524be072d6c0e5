"""Which announcements of a release are missing on record: pure."""

from collections.abc import Iterator
from datetime import datetime

from release_core.decide.timing import ANNOUNCED_WITHIN
from release_core.domain.approvals import Vote
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus

# The marks of announcements, beside the identity of each voter whose vote was announced.
STARTED = "started"  # of an attempt
ASKED, ENDED = "asked", "ended"  # of an approval, and of a pipeline that is not marked as settled


def is_question_missing(node: Pipeline) -> bool:
    """Whether people are asked for this approval and were not told so."""
    is_asked = node.approval is not None and node.status is PipelineStatus.RUNNING
    return is_asked and ASKED not in node.announcements


def missing_votes(node: Pipeline) -> tuple[Vote, ...]:
    """The votes for an approval that are not announced."""
    votes = node.approval.votes if node.approval else ()
    return tuple(vote for vote in votes if vote.voter not in node.announcements)


def is_question_late(node: Pipeline, now: datetime) -> bool:
    """Whether a question to people or one of their answers should have been announced by now."""
    asked_at = node.approval.asked_at if node.approval else None
    missing = [asked_at] if is_question_missing(node) else []
    missing += [vote.at for vote in missing_votes(node)]
    return any(is_late(each, now) for each in missing)


def is_end_missing(release: Release, node: Pipeline) -> bool:
    """Whether a pipeline or approval has ended in this attempt and that may not be announced.

    What is settled was announced before. A success of an earlier attempt is no end of this one.
    """
    ended = node.status.ended and node.attempt == release.attempt
    return ended and not node.settled and ENDED not in node.announcements


def missing_ends(release: Release, now: datetime) -> Iterator[Pipeline]:
    """The pipelines and approvals whose end should have been announced by now."""
    for node in release.pipelines.values():
        if is_end_missing(release, node) and is_late(node.ended_at, now):
            yield node


def is_first_failure(release: Release, node: Pipeline) -> bool:
    """Whether the release begins to fail with this node, and something of it may still go on.

    Where only a part of the release was read, the rest counts as going on.
    """
    if release.status is not ReleaseStatus.RUNNING or release.failing_by != node.name:
        return False
    others = [each for each in release.pipelines.values() if each.name != node.name]
    all_read = len(release.of_codepipeline) >= release.pipeline_count
    return node.status.broken and not (all_read and all(each.status.ended for each in others))


def is_late(moment: datetime | None, now: datetime) -> bool:
    """Whether what happened then should have been announced by the function that recorded it."""
    return moment is None or now - moment > ANNOUNCED_WITHIN
