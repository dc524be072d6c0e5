"""The approvals of the release: who was asked, who answered, with which words, and until when."""

from collections.abc import Iterator
from datetime import datetime

from release_core.domain.approvals import Approval, Vote
from release_core.domain.manual_approvals import APPROVED, Answer
from release_core.domain.release import Pipeline
from release_core.rollback.refusals import listed
from release_machine.release.approvals import approvals_of, behind
from release_machine.release.model import Snapshot
from release_machine.report.durations import brief, in_brief, ran
from release_machine.report.markup import Content, Markup, element, isolated, joined
from release_machine.report.parts import anchor, facts_list, in_full, person, utc
from release_machine.report.statuses import badge, icon
from release_machine.text.wording import left, limit


def approvals(snapshot: Snapshot) -> Markup | None:
    """Each approval of the release, and each answered manual approval of CodePipeline."""
    release = snapshot.release
    cards = [_card(each, snapshot) for each in approvals_of(release).values()]
    cards += [_by_hand(each) for each in release.of_codepipeline.values() if each.approvals]
    return joined(cards) if cards else None


def _card(node: Pipeline, snapshot: Snapshot) -> Markup:
    asked = node.approval
    assert asked
    question = in_full(asked.question, key=f"{anchor(node)}-question") if asked.question else None
    return element(
        "article",
        element("h3", isolated(node.name), " ", badge(node.status)),
        element(
            "div",
            element("blockquote", question) if question else None,
            _votes(asked),
            class_="answers",
        )
        if question or asked.votes
        else None,
        facts_list(_facts(node, asked, snapshot)),
        id=anchor(node),
        class_="approval",
    )


def _facts(node: Pipeline, asked: Approval, snapshot: Snapshot) -> Iterator[tuple[str, Content]]:
    release, at = snapshot.release, snapshot.at
    given, needed = len(asked.approved_by), asked.min_approvals
    yield "Approvals", f"{given} of {needed} given"
    yield "Four eyes", _four_eyes(asked)
    yield "Asked", utc(asked.asked_at)
    if asked.asked_at:
        yield "Took" if node.status.ended else "So far", brief(*ran(node, at)) or None
    yield "Time limit", _until(asked, at=at, is_over=node.status.ended)
    yield "Behind it", isolated(listed(behind(release, node)))


def _four_eyes(asked: Approval) -> str:
    if asked.four_eyes:
        return "yes: nobody who asked for the release may answer"
    return "no: who asked for the release may answer, too"


def _until(asked: Approval, *, at: datetime, is_over: bool) -> Content:
    if asked.expires_after is None:
        return None
    if asked.expires_at is None:
        return f"{limit(asked.expires_after)} after it is asked"
    rest = "" if is_over else f", {left(asked.expires_at - at, written=in_brief)}"
    return [utc(asked.expires_at), rest]


def _votes(asked: Approval) -> Markup | None:
    if not asked.votes:
        return None
    return element("ul", [_vote(each) for each in asked.votes], class_="votes")


def _vote(vote: Vote) -> Markup:
    return _answered(vote.by, comment=vote.comment, at=vote.at, approves=vote.approves, where=None)


def _by_hand(pipeline: Pipeline) -> Markup:
    answers = [_answer(each) for each in pipeline.approvals]
    name = element("a", isolated(pipeline.name), href=f"#{anchor(pipeline)}")
    return element(
        "article",
        element("h3", "Manual approvals of ", name),
        element("ul", answers, class_="votes answers"),
        class_="approval",
    )


def _answer(answer: Answer) -> Markup:
    return _answered(
        answer.by,
        comment=answer.comment,
        at=answer.at,
        approves=answer.answer == APPROVED,
        where=f"{answer.stage} → {answer.action}",
    )


def _answered(
    by: str | None, *, comment: str | None, at: datetime, approves: bool, where: str | None
) -> Markup:
    """One answer: who, with which words, when."""
    return element(
        "li",
        icon("SUCCEEDED" if approves else "REJECTED"),
        element(
            "div",
            element("p", person(by) or "somebody"),
            element(
                "p",
                "approved" if approves else "rejected",
                [" at ", isolated(where)] if where else None,
                ", ",
                utc(at),
            ),
            element("p", isolated(comment), class_="words") if comment else None,
        ),
    )
