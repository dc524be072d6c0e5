"""Why an answer to an approval does not count, in words for the person who gave it."""

from collections.abc import Callable

from release_core.clock import to_iso
from release_core.domain.approvals import Approval, Vote
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.errors import RequestRefused

_ENDS = {
    PipelineStatus.FAILED: "was rejected",
    PipelineStatus.TIMED_OUT: "has expired",
    PipelineStatus.CANCELLED: "was cancelled",
    PipelineStatus.SKIPPED: "is not asked in this attempt",
}


def refuse_requester(
    release: Release, approval: Pipeline, vote: Vote, person_of: Callable[[str], str]
) -> None:
    """Raise RequestRefused if four eyes are needed and the voter asked for the release."""
    asked = _asked(approval)
    if not asked.four_eyes or vote.voter not in map(person_of, release.requesters):
        return
    raise RequestRefused(
        403,
        f"{_described(vote)} asked for release {release.release_id} or retried it, and "
        f"{approval.name} needs four eyes. Another person must answer: anybody else with the "
        f"permission execute-api:Invoke on POST/approvals/{approval.name}/*",
    )


def refuse_vote(release: Release, approval: Pipeline, vote: Vote, attempt: int | None) -> None:
    """Raise RequestRefused if the approval takes no such vote, for this or for the attempt it has.

    A vote that counts already is not refused.
    """
    if why := _why_not(release, approval, vote, attempt):
        raise RequestRefused(409, why)


def has_voted(approval: Pipeline, vote: Vote) -> bool:
    """Whether the very same answer of the same caller counts already."""
    said = (vote.voter, vote.by, vote.approves, vote.comment)
    votes = _asked(approval).votes
    return said in [(each.voter, each.by, each.approves, each.comment) for each in votes]


def _why_not(release: Release, node: Pipeline, vote: Vote, attempt: int | None) -> str | None:
    name, release_id = node.name, release.release_id
    if attempt is not None and attempt != node.attempt:
        return (
            f"release {release_id} is in attempt {node.attempt}, not {attempt}. See what it ships "
            f"now (release-machine show {release_id}), then answer {name} again"
        )
    if has_voted(node, vote):
        return None
    if earlier := next((each for each in _asked(node).votes if each.voter == vote.voter), None):
        return (
            f"{_described(vote)} has {'approved' if earlier.approves else 'rejected'} {name} "
            f"already, as {earlier.by} at {to_iso(earlier.at)}. An answer cannot be changed; "
            f"{_how_it_stops(release)}"
        )
    return _why_over(release, node, vote)


def _why_over(release: Release, node: Pipeline, vote: Vote) -> str | None:
    """Why the approval takes no such vote of anybody in its attempt."""
    asked, again = _asked(node), _how_to_ask_again(release)
    if rejection := asked.rejection:
        return f"{node.name} was rejected by {rejection.by}, which is final; {again}"
    if node.status is PipelineStatus.SUCCEEDED or (asked.granted and _takes_no_more(node, vote)):
        has_all = f"{node.name} has all approvals that it needs: {asked.min_approvals}"
        return f"{has_all}; {_how_it_stops(release)}"
    if node.stop_reason and not node.status.ended:
        return f"{node.name} takes no more answers: {node.stop_reason}; {again}"
    if node.status.ended:
        return f"{node.name} {_ENDS[node.status]}; {again}"
    return f"release {release.release_id} has ended; {again}" if release.closed else None


def _how_to_ask_again(release: Release) -> str:
    again = f"release-machine retry {release.release_id} asks again"
    return again if release.closed else f"after the release has ended, {again}"


def _how_it_stops(release: Release) -> str:
    if release.closed:
        return f"release {release.release_id} is {release.status}"
    return f"release-machine cancel {release.release_id} stops the release"


def _takes_no_more(node: Pipeline, vote: Vote) -> bool:
    """Whether a granted approval takes no such vote: until it is asked, it can be rejected."""
    return vote.approves or node.status is not PipelineStatus.WAITING


def _described(vote: Vote) -> str:
    all_sessions = vote.voter != vote.by
    return f"{vote.voter} (all its sessions count as one person)" if all_sessions else vote.voter


def _asked(node: Pipeline) -> Approval:
    assert node.approval
    return node.approval
