"""Answers what waits for a person in a release: an approval, or a manual one of CodePipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from release_core.domain.release import PipelineStatus, Release
from release_core.manifest.nearest import NearestName
from release_core.rollback.refusals import listed
from release_machine.actions.find import known_release
from release_machine.errors import OperatorError, UsageError
from release_machine.release.approvals import approvals_of
from release_machine.release.questions import (
    Asked,
    AskedByHand,
    Question,
    asked_by_hand,
    questions,
    unread_words,
)

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

    from release_machine.deployment.release_api import ReleaseApi
    from release_machine.deployment.session import Session

Decision: TypeAlias = Literal["approve", "reject"]
_DONE = {"approve": "approved", "reject": "rejected"}
LONGEST_SUMMARY = 512  # characters, in CodePipeline
WHAT_WAITS = "See what waits with: release-machine approvals"


def answer(
    session: Session, release_id: str, name: str | None, *, decision: Decision, comment: str | None
) -> str:
    """Answer what this name stands for, or the only thing that waits; returns what was done.

    Raises UsageError when the name is not clear, and OperatorError when the answer is refused.
    """
    release = known_release(session, release_id)
    asked = question_of(session, release, name)
    return give(session, release, asked, decision=decision, comment=comment)


def question_of(session: Session, release: Release, name: str | None) -> Question:
    """What this name stands for, or the only thing that waits.

    Raises UsageError when the name is not clear, and OperatorError when nothing waits.
    """
    if release.closed or release.pending:
        why = "is not opened yet" if release.pending else f"has ended as {release.status}"
        raise OperatorError(f"Release {release.label} {why}, so nothing waits in it.", WHAT_WAITS)
    return _find(release, name, session.codepipeline)


def give(
    session: Session,
    release: Release,
    asked: Question,
    *,
    decision: Decision,
    comment: str | None,
) -> str:
    """Answer this question and no later one; returns what was done.

    Raises OperatorError when the answer is refused.
    """
    match asked:
        case Asked(node=node):
            return _vote(release, node.name, decision, comment, session.api)
        case AskedByHand():
            _put_result(asked, decision, comment, session.codepipeline)
            return f"{_DONE[decision]} {asked.name} of release {release.release_id}"


def _find(release: Release, name: str | None, codepipeline: CodePipelineClient) -> Question:
    found: Sequence[Question]
    if name is None:
        waiting = questions(release, codepipeline)
        found = waiting.questions
        if waiting.unread:
            # One of these pipelines may wait, too.
            raise UsageError(f"{unread_words(waiting.unread)} Give NAME.", _choices(found))
        nothing = f"Nothing waits for an answer in release {release.release_id}."
    elif name in approvals_of(release):
        # It may be approved before it is asked.
        return Asked(node=release.pipelines[name])
    else:
        found = _find_by_hand(release, name, codepipeline)
        nothing = f"No manual approval waits in {name}."
    if not found:
        raise OperatorError(nothing, WHAT_WAITS)
    if len(found) > 1:
        raise UsageError("Several approvals wait; name one of them.", _choices(found))
    return found[0]


def _find_by_hand(
    release: Release, name: str, codepipeline: CodePipelineClient
) -> Sequence[AskedByHand]:
    pipeline = name.partition("/")[0]
    if pipeline not in release.pipelines:
        raise UsageError(
            f"Release {release.release_id} has no approval and no pipeline "
            f"{name}{NearestName(release.pipelines).suggest(name)}",
            WHAT_WAITS,
        )
    waiting = list(asked_by_hand(release.pipelines[pipeline], codepipeline))
    found = [each for each in waiting if name in {each.pipeline, each.name}]
    if waiting and not found:
        # The pipeline may have gone on since the name was shown. Its next approval was not seen.
        names = listed([each.name for each in waiting])
        raise OperatorError(
            f"{name} does not wait for an answer, so nothing was answered. What waits is {names}.",
            WHAT_WAITS,
        )
    return found


def _choices(found: Sequence[Question]) -> str:
    names = ", ".join(each.name for each in found)
    return f"There are: {names}." if names else WHAT_WAITS


def _vote(
    release: Release, name: str, decision: Decision, comment: str | None, api: ReleaseApi
) -> str:
    answered = api.send(
        "POST",
        "approvals",
        name,
        release.release_id,
        body={
            "decision": decision,
            "attempt": release.pipelines[name].attempt,
            **({"comment": comment} if comment else {}),
        },
        way_out=f"See it with: release-machine show {release.release_id}",
    )
    done = f"{_DONE[decision]} {name} of release {release.release_id}"
    if decision == "approve":
        done += f": {answered['votes']} of {answered['needed']} given"
        if answered["status"] == PipelineStatus.WAITING:
            done += ", before it is asked"
    # The release may not be able to go on at once.
    return "; ".join([done, *filter(None, [answered.get("message")])])


def _put_result(
    asked: AskedByHand, decision: Decision, comment: str | None, codepipeline: CodePipelineClient
) -> None:
    if len(comment or "") > LONGEST_SUMMARY:
        raise UsageError(
            f"CodePipeline takes at most {LONGEST_SUMMARY} characters of text with an answer.",
            "Say it in fewer words.",
        )
    gone = codepipeline.exceptions
    try:
        codepipeline.put_approval_result(
            pipelineName=asked.pipeline,
            stageName=asked.stage,
            actionName=asked.action,
            token=asked.token,
            result={
                "summary": comment or "",
                "status": "Approved" if decision == "approve" else "Rejected",
            },
        )
    except (gone.ApprovalAlreadyCompletedException, gone.InvalidApprovalTokenException) as error:
        problem = f"{asked.name} was answered meanwhile, or has ended."
        raise OperatorError(problem, WHAT_WAITS) from error
