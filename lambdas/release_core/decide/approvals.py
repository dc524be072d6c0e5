"""How an approval ends: by its votes, at its time limit, or because its release is over; pure."""

from datetime import datetime, timedelta

from release_core.domain.approvals import Approval, Vote
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.immutable import Immutable


class Answer(Immutable, kw_only=False):
    """The status with which an approval ends, and why it was not granted.

    One that ends because of ``nobody`` must take no more votes before its end affects the release.
    """

    status: PipelineStatus
    why: str | None = None
    nobody: bool = False


def answer_to(
    release: Release, pipeline: Pipeline, *, now: datetime, end: datetime | None
) -> Answer | None:
    """How an approval ends now, or None while it is open; ``end`` is its time limit.

    What people have answered counts before everything else: an approval that is granted stays so,
    also if the release is halted or the time is over when a function reads it. A rejection counts
    although the approval is not asked yet. Then counts why it takes no more votes, if it is on
    record.
    """
    approval = pipeline.approval
    assert approval
    if approval.rejection:
        return Answer(PipelineStatus.FAILED, rejected_by(approval.rejection))
    if pipeline.status is not PipelineStatus.RUNNING:
        return None
    if approval.granted:
        return Answer(PipelineStatus.SUCCEEDED)
    return _unanswered(release, pipeline, approval, late=end is not None and now >= end)


def rejected_by(vote: Vote) -> str:
    """In which words an approval was rejected, and by whom."""
    return f"{vote.comment or 'no reason was given'} (rejected by {vote.by})"


def _unanswered(
    release: Release, pipeline: Pipeline, approval: Approval, *, late: bool
) -> Answer | None:
    if pipeline.stop_reason:
        timed_out = pipeline.timed_out
        status = PipelineStatus.TIMED_OUT if timed_out else PipelineStatus.FAILED
        return Answer(status, pipeline.stop_reason, nobody=True)
    if release.why_over:
        return Answer(PipelineStatus.CANCELLED, release.why_over)
    if pipeline.given_up:
        return Answer(PipelineStatus.FAILED, pipeline.given_up, nobody=True)
    if late:
        return Answer(PipelineStatus.TIMED_OUT, _not_in_time(release, approval), nobody=True)
    return None


def _not_in_time(release: Release, approval: Approval) -> str:
    count = f"{len(approval.approved_by)} of {approval.min_approvals} approvals"
    expires, deadline = approval.expires_at, release.deadline
    if expires is None or (deadline and deadline < expires):
        return f"the deadline of the release has passed with {count}"
    minutes = (approval.expires_after or timedelta()) // timedelta(minutes=1)
    return f"it expired: {count} came within {minutes:,} minutes"
