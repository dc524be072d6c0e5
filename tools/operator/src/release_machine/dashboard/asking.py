"""What would happen if a person agreed, for each action, and what then does it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.rollback.reader import free_id
from release_core.rollback.refusals import listed
from release_machine.actions.answer import Decision, give, question_of
from release_machine.actions.automatic_rollback import may_come
from release_machine.actions.cancel import refuse_unstoppable, stop_execution, would_do
from release_machine.actions.find import find_release, known_release
from release_machine.actions.retry import (
    manifest_of,
    new_deadline,
    prepare_attempt,
    refuse_unretriable,
)
from release_machine.actions.rollback import (
    done_before,
    left_out,
    plan_of,
    prepare_rollback,
    refuse_unready,
    rollback_of,
    under_way,
    would_be_idle,
)
from release_machine.dashboard.offers import offer as offer_of
from release_machine.dashboard.state import Confirmation, Done, Offer
from release_machine.deployment.session import Session
from release_machine.errors import OperatorError, UsageError
from release_machine.release.approvals import asking, behind, count_of_votes_left
from release_machine.release.questions import AskedByHand, Question
from release_machine.release.remedies import correct_manifest

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
    decision: Decision = "approve" if approves else "reject"
    # A pipeline that has one approval after the other is asked for by the whole name of this one.
    asked = question_of(session, release, offer.name)

    def do(words: str | None) -> Done:
        done = give(session, release, asked, decision=decision, comment=words)
        return Done(notice=f"{done[:1].upper()}{done[1:]}.", release_id=offer.release_id)

    confirmation = Confirmation(
        offer=offer_of(offer.action, offer.release_id, asked.name),
        question=f"{offer.action.capitalize()} {asked.name} of release {release.label}?",
        attempt=release.attempt,
        subject=_digest(asked.token) if isinstance(asked, AskedByHand) else "",
        effects=tuple(_of_answer(release, asked, approves=approves)),
        words=COMMENT if approves else REASON,
        needs_words=not approves,
    )
    return Asking(confirmation, do)


def _digest(text: str) -> str:
    """What tells a text from others in a page, which must not have the text itself."""
    return sha256(text.encode()).hexdigest()


def _after_approval(release: Release, asked: Question, node: Pipeline) -> str:
    left = 0 if isinstance(asked, AskedByHand) else count_of_votes_left(node) - 1
    if left > 0:
        return f"Then {'1 more approval is' if left == 1 else f'{left} more approvals are'} needed."
    names = behind(release, node)
    return f"Then {listed(names)} can start." if names else "Then the release can go on."


def _of_answer(release: Release, asked: Question, *, approves: bool) -> Iterator[str]:
    node = release.pipelines[asked.pipeline if isinstance(asked, AskedByHand) else asked.name]
    if isinstance(asked, AskedByHand):
        if asked.question:
            yield f"Question: {asked.question}"
        yield f"It waits in the stage {asked.stage}, action {asked.action}."
        yield "This answers the manual approval of CodePipeline with your credentials."
    else:
        doing = asking(release, node)
        if doing.message:
            yield f"Question: {doing.message}"
        yield f"It waits for {doing.waits_for}."
        yield from (f"{note[:1].upper()}{note[1:]}." for note in doing.notes)
    if approves:
        yield _after_approval(release, asked, node)
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
        # An attempt that waits to be opened has another execution, and no number of its own yet.
        subject=_digest(arn),
        effects=tuple(would_do(found, arn)),
        words=REASON,
    )
    return Asking(confirmation, do)


def _retrying(offer: Offer, session: Session, *, now: datetime) -> Asking:
    release = known_release(session, offer.release_id)
    refuse_unretriable(release)
    if release.status is ReleaseStatus.SUCCEEDED:
        raise UsageError(
            f"Release {release.release_id} has SUCCEEDED; nothing is left to run.",
            "To release it again, give the manifest a new releaseId and submit it.",
        )
    manifest = manifest_of(session, release)
    changes, dropped = new_deadline(manifest, given=None, now=now)

    def do(_: str | None) -> Done:
        prepare_attempt(session, release, manifest, changes)()
        notice = f"Attempt {release.attempt + 1} of release {release.release_id} was requested."
        return Done(notice=notice, release_id=release.release_id)

    remedy = correct_manifest(release)
    confirmation = Confirmation(
        offer=offer,
        question=f"Retry release {release.release_id}?",
        attempt=release.attempt,
        effects=tuple(_of_retry(release, dropped)),
        warnings=(f"This attempt may fail as the last one did: {remedy}.",) if remedy else (),
    )
    return Asking(confirmation, do)


def _of_retry(release: Release, dropped: str | None) -> Iterator[str]:
    nodes = [*release.pipelines.values()]
    again = [each.name for each in nodes if each.status is not PipelineStatus.SUCCEEDED]
    kept = [each.name for each in nodes if each.status is PipelineStatus.SUCCEEDED]
    yield f"Run or ask again: {listed(again)}."
    if kept:
        yield f"Succeeded, not run again: {listed(kept)}."
    if dropped:
        yield f"The deadline {dropped} has passed and is left out."


def _rolling_back(offer: Offer, session: Session) -> Asking:
    name = known_release(session, offer.release_id).release_id
    # Race: another person rolls the release back. The id is chosen first: then that rollback either
    # has the same id, or is found in the release.
    rollback_id = free_id(session.ledger, name)
    release = known_release(session, name)
    _refuse_second(session, release)
    rollback = rollback_of(session, release, rollback_id=rollback_id)
    plan, names = plan_of(session, rollback), listed([*rollback.wanted])
    confirmation = Confirmation(
        offer=offer,
        question=f"Roll back release {release.label}?",
        attempt=release.attempt,
        subject=_digest(json.dumps(rollback.manifest, sort_keys=True)),
        effects=(f"Release {rollback_id} ships again what was good before: {names}.",),
        warnings=tuple(
            f"{name} stays as it is: {why}." for name, why in left_out(rollback).items()
        ),
        plan=plan.as_json(),
    )
    if would_be_idle(rollback):
        problem = "Nothing would change: what the rollback would ship is live already."
        next_step = f"To ship it again: release-machine rollback {name} --force"
        return _refused(confirmation, OperatorError(problem, next_step))
    try:
        refuse_unready(plan, rollback)
    except OperatorError as error:
        return _refused(confirmation, error)

    def do(_: str | None) -> Done:
        prepare_rollback(session, rollback)()
        notice = f"Release {rollback_id}, which rolls back {release.label}, was requested."
        return Done(notice=notice, release_id=name)

    return Asking(confirmation, do)


def _refuse_second(session: Session, release: Release) -> None:
    """Raise OperatorError when a rollback of the release runs, may still come, or has succeeded."""
    if release.rolled_back_by:
        done = done_before(release, session.ledger.get_header(release.rolled_back_by))
        if done:
            again = f"release-machine rollback {release.release_id}"
            raise UsageError(
                f"{done[:1].upper()}{done[1:]}.",
                f"See which pipelines it did not roll back: {again} --dry-run. "
                f"To roll back again: {again} --force",
            )
    if release.awaits_rollback and may_come(session, release, wait=time.sleep):
        raise under_way(release)


def _refused(confirmation: Confirmation, error: OperatorError) -> Asking:
    """What would happen, and why it cannot be done."""

    def do(_: str | None) -> Done:
        raise error

    told = replace(confirmation, problem=error.problem, next_step=error.next_step, possible=False)
    return Asking(told, do)
