"""Why an answer to an approval does not count, in words for the person who gave it."""

from collections.abc import Callable

from release_core.clock import to_iso
from release_core.decide.decisions import expiry
from release_core.domain.approvals import Approval, Vote
from release_core.domain.people import is_federated
from release_core.domain.release import Pipeline, PipelineStatus, Release, describe_outcome
from release_core.errors import RequestRefused


def refuse_requester(
    release: Release, approval: Pipeline, vote: Vote, person_of: Callable[[str], str]
) -> None:
    """Raise RequestRefused if four eyes are needed and the voter may have asked for the release.

    A federated user may be anybody who can ask for one, also a user who asked for the release.
    """
    if not _asked(approval).four_eyes:
        return
    if is_federated(vote.by):
        raise RequestRefused(
            403,
            f"{approval.name} needs four eyes, and who calls as a federated user chooses the name: "
            f"{vote.by} proves no person. Answer as an IAM user, or with a role",
        )
    if vote.voter not in map(person_of, release.requesters):
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
    asked, onward = _asked(node), _how_to_go_on(release)
    if rejection := asked.rejection:
        return f"{node.name} was rejected by {rejection.by}, which is final; {onward}"
    if node.status is PipelineStatus.SUCCEEDED or (asked.granted and _takes_no_more(node, vote)):
        has_all = f"{node.name} has all approvals that it needs: {asked.min_approvals}"
        return f"{has_all}; {_how_it_stops(release)}"
    if node.stop_reason and not node.status.ended:
        return f"{node.name} takes no more answers: {node.stop_reason}; {onward}"
    if node.status.ended:
        return f"{describe_outcome(node)}; {onward}"
    why = f"release {release.release_id} has ended" if release.closed else None
    # The end may not be on record yet.
    end = expiry(release, node)
    if end and vote.at >= end and not why:
        what = "the deadline of the release" if end == release.deadline else "its time limit"
        why = f"{node.name} takes no more answers: {what} has passed, at {to_iso(end)}"
    return f"{why}; {onward}" if why else None


def _how_to_go_on(release: Release) -> str:
    # A retry asks again. Only all pipelines tell whether one can help: none does after an unusable
    # pin.
    shows = f"release-machine show {release.release_id} says how to go on"
    return shows if release.closed else f"after the release has ended, {shows}"


def _how_it_stops(release: Release) -> str:
    if release.closed:
        return f"release {release.release_id} is {release.status}"
    return f"release-machine cancel {release.release_id} stops the release"


def _takes_no_more(node: Pipeline, vote: Vote) -> bool:
    """Whether a granted approval takes no such vote: until it is asked, it can be rejected."""
    return vote.approves or node.status is not PipelineStatus.WAITING


def _described(vote: Vote) -> str:
    if vote.voter == vote.by:
        return vote.by
    return f"{vote.by} (all sessions of {vote.voter} count as one person)"


def _asked(node: Pipeline) -> Approval:
    assert node.approval
    return node.approval
