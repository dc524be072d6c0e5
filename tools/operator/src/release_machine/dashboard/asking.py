"""What would happen if a person agreed, for each action, and what then does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from release_core.decide.resume import succeeded
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.manifest.checks import named_pipelines
from release_core.rollback.refusals import listed
from release_machine.actions.answer import answer
from release_machine.actions.cancel import refuse_unstoppable, stop_execution, would_do
from release_machine.actions.find import find_release, known_release
from release_machine.actions.retry import new_deadline, refuse_unretriable, request_attempt
from release_machine.actions.rollback import prepared_rollback
from release_machine.dashboard.state import Confirmation, Done, Offer
from release_machine.deployment.session import Session
from release_machine.errors import UsageError
from release_machine.release.approvals import asking, behind

COMMENT, REASON = "Comment", "Reason"
_ON_FAILURE = {
    "halt": "The release starts nothing more; what runs goes on.",
    "continue": "The release goes on with what does not depend on it.",
    "stop": "The release starts nothing more, and what runs is stopped.",
    "rollback": "The release is stopped and rolled back.",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """A question, and what does it with the words of the person."""

    confirmation: Confirmation
    do: Callable[[str | None], Done]


def asking_of(offer: Offer, session: Session, *, now: datetime) -> Asking:
    """What an action would do now; raises OperatorError when it cannot be done."""
    match offer.action:
        case "approve" | "reject":
            return _answering(offer, session)
        case "cancel":
            return _cancelling(offer, session)
        case "retry":
            return _retrying(offer, session, now=now)
        case _:
            return _rolling_back(offer, session)


def _answering(offer: Offer, session: Session) -> Asking:
    release = known_release(session, offer.release_id)
    if offer.name is None:
        raise UsageError("The address names no approval.", "Follow a link of the page Approvals.")
    approves = offer.action == "approve"
    node = release.pipelines.get(offer.name.partition("/")[0])

    def do(words: str | None) -> Done:
        decision = "approve" if approves else "reject"
        done = answer(session, offer.release_id, offer.name, decision=decision, comment=words)
        return Done(notice=f"{done[:1].upper()}{done[1:]}.", release_id=offer.release_id)

    confirmation = Confirmation(
        offer=offer,
        question=f"{offer.action.capitalize()} {offer.name} of release {release.label}?",
        attempt=release.attempt,
        effects=tuple(_of_answer(release, node, approves=approves)) if node else (),
        words=COMMENT if approves else REASON,
        needs_words=not approves,
    )
    return Asking(confirmation, do)


def _of_answer(release: Release, node: Pipeline, *, approves: bool) -> Iterator[str]:
    if node.approval is None:
        yield "This answers the manual approval of CodePipeline with your credentials."
    else:
        doing = asking(release, node)
        if doing.message:
            yield f"Question: {doing.message}"
        yield f"It waits for {doing.waits_for}."
        yield from (f"{note[:1].upper()}{note[1:]}." for note in doing.notes)
    names = behind(release, node)
    if approves:
        yield f"Then {listed(names)} can start." if names else "Then the release can go on."
        return
    yield "A rejection is final for this attempt, and counts as a failure."
    yield _ON_FAILURE[release.on_failure]


def _cancelling(offer: Offer, session: Session) -> Asking:
    found, arn = find_release(session, offer.release_id)
    refuse_unstoppable(found, arn, sfn=session.sfn)

    def do(words: str | None) -> Done:
        stop_execution(arn, caller=session.caller, reason=words, sfn=session.sfn)
        return Done(
            notice=f"The stop of release {offer.release_id} was requested.",
            release_id=offer.release_id,
        )

    confirmation = Confirmation(
        offer=offer,
        question=f"Stop release {offer.release_id}?",
        attempt=found.attempt if found else 1,
        effects=tuple(would_do(found, arn)),
        words=REASON,
    )
    return Asking(confirmation, do)
