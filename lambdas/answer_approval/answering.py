"""Checks a person's answer to an approval, counts it, and lets the release go on."""

from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from answer_approval.refusals import has_voted, refuse_requester, refuse_vote
from release_core.api import ApiRequest
from release_core.apply.advance import Advance
from release_core.clock import Clock, to_iso
from release_core.domain.approvals import Vote
from release_core.domain.people import person_of
from release_core.domain.release import Pipeline, Release
from release_core.errors import RequestRefused, Unfinished
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import also_about, log_of
from release_core.manifest.limits import MAX_ID, MAX_NAME
from release_core.manifest.nearest import NearestName
from release_core.problems import is_storable

log = log_of(__name__)

_SOON = "The answer counts. The release goes on in a moment."
KEYS = ("decision", "comment", "attempt")

# Pipelines of a release that goes on in this function. 100 starts take some 18 s, and the API gives
# its caller an error after 29 s. Unlike a call of the API, a task of the workflow is tried again.
MOST_AT_ONCE = 100


class Answer(Immutable):
    """What a person says to an approval, for this attempt or for the present one."""

    approves: bool
    comment: str | None
    attempt: int | None


class AnswerApproval(Immutable):
    """Counts the answer of the person who signed a request."""

    ledger: Ledger
    advance: Advance
    clock: Clock
    session_names_are_pinned: bool

    def __call__(self, request: ApiRequest) -> Mapping[str, object]:
        """Count the answer, let the release go on, and return how the approval stands.

        The same answer of the same caller counts once; a repeat lets the release go on, too.
        Raises RequestRefused.
        """
        answer = read_answer(request)
        release_id, name = request.path.get("releaseId", ""), request.path.get("approval", "")
        node = self._find(release_id, name)
        # After the approval: a retry records its requester before it asks again, so the requesters
        # are at least those of the approval's attempt.
        release = self.ledger.get_header(release_id)
        if release is None:
            raise _unknown_release(release_id)
        also_about(execution_arn=release.execution_arn)
        vote = Vote(
            voter=self._person(request.caller),
            by=request.caller,
            approves=answer.approves,
            comment=answer.comment,
            at=self.clock(),
        )
        refuse_requester(release, node, vote, self._person)
        refuse_vote(release, node, vote, answer.attempt)
        cast = self.ledger.votes.cast(release_id, node, vote)
        attempt, node = node.attempt, cast.approval or node
        if not cast.counts:
            # Race: another answer or the end came first. Or it is a repeat, which is not refused.
            refuse_vote(release, node, vote, attempt)
            assert has_voted(node, vote), f"{vote} does not count in {node}"
        said = "approved" if vote.approves else "rejected"
        log.info("%s by %s", said, vote.by)
        node, later = self._go_on(release, node)
        return _response(release, node, vote, later)

    def _person(self, arn: str) -> str:
        return person_of(arn, session_names_are_pinned=self.session_names_are_pinned)

    def _find(self, release_id: str, name: str) -> Pipeline:
        if not is_storable(release_id, MAX_ID) or not is_storable(name, MAX_NAME):
            raise _unknown_release(release_id)
        found = dict(self.ledger.get_pipelines([(release_id, name)]))
        node = found.get(release_id)
        if node and node.approval:
            return node
        release = self.ledger.get_release(release_id)
        if release is None:
            raise _unknown_release(release_id)
        names = [each.name for each in release.pipelines.values() if each.approval]
        what = "is a pipeline, not an approval" if node else "is not an approval"
        raise RequestRefused(
            404, f"{name} {what} of release {release_id}{NearestName(names).suggest(name)}"
        )

    def _go_on(self, release: Release, node: Pipeline) -> tuple[Pipeline, str | None]:
        """Let the release go on; return the approval then, and what happens later, if anything.

        What is too much for this function, or fails in it, is left to the task of the approval.
        """
        if release.pipeline_count <= MOST_AT_ONCE:
            try:
                after = self.advance.pipeline(release.release_id, node.name)
                return (after.pipelines[node.name] if after else node), None
            except (Unfinished, ClientError, BotoCoreError):
                log.exception("the vote counts, but the release could not go on")
        if node.task_token is None:
            return node, _SOON  # its task is still on the way, and sees the vote
        try:
            if self.advance.looks_soon(node):
                return node, _SOON
        except (ClientError, BotoCoreError):
            log.exception("the vote counts, but its task could not be woken")
        when = f"at {to_iso(node.looks_at)} at the latest" if node.looks_at else "later"
        return node, (
            f"The answer counts. The release could not go on at once and does so {when}. Send the "
            "same answer again to let it go on now: it counts once."
        )


def _response(
    release: Release, node: Pipeline, vote: Vote, later: str | None
) -> Mapping[str, object]:
    asked = node.approval
    assert asked
    return {
        "releaseId": release.release_id,
        "approval": node.name,
        "attempt": node.attempt,
        "decision": "approve" if vote.approves else "reject",
        "votes": len(asked.approved_by),
        "needed": asked.min_approvals,
        "status": node.status.value,
        **({"message": later} if later else {}),
    }


def read_answer(request: ApiRequest) -> Answer:
    """The answer in the body of a request. Raises RequestRefused."""
    match request.body.get("decision"):
        case "approve" | "reject" as decision:
            pass
        case _:
            raise RequestRefused(400, '`decision` must be "approve" or "reject"')
    attempt = request.body.get("attempt")
    # True counts as a number in Python.
    if attempt is not None and (type(attempt) is not int or attempt < 1):
        raise RequestRefused(400, "`attempt` must be a whole number from 1, or absent")
    comment = request.text("comment")
    if decision == "reject" and not comment:
        raise RequestRefused(400, "a rejection needs a `comment` that says why")
    return Answer(approves=decision == "approve", comment=comment, attempt=attempt)


def _unknown_release(release_id: str) -> RequestRefused:
    return RequestRefused(
        404,
        f"there is no open release {release_id[:MAX_ID]!r}. A release that is held or waits for "
        "others can be answered once it is opened: release-machine list shows it",
    )
