"""What waits for the answers of people, drawn with rich and as JSON."""

import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from release_core.domain.release import Pipeline, Release
from release_machine.release.approvals import asking, behind, may_not_answer
from release_machine.release.model import MANUAL_APPROVAL, Activity
from release_machine.release.questions import Asked, AskedByHand, Question
from release_machine.release.ways_out import Copyable
from release_machine.views.json_output import Json, document, part
from release_machine.views.pipeline_rows import doing_lines

Waiting: TypeAlias = tuple[Release, Question]


def approvals_table(waiting: Sequence[Waiting], *, now: datetime) -> RenderableType:
    """Draw each question with what it waits for, and the commands that answer it.

    Names stand whole on a line of their own.
    """
    parts: list[RenderableType] = []
    for release, question in waiting:
        activity = _activity(release, question)
        parts.append(Text(f"{release.release_id}  {question.name}", style="bold", overflow="fold"))
        facts = [*doing_lines(activity, now=now)]
        parts += [Padding(fact, (0, 0, 0, 4)) for fact in facts]
        named = f"{shlex.quote(release.release_id)} {shlex.quote(question.name)}"
        parts.append(Copyable(f"release-machine approve {named}"))
        parts.append(Copyable(f"release-machine reject {named} --reason TEXT"))
        parts.append(Text(""))
    return Group(*parts[:-1])


def waiting_document(release: Release, question: Question) -> Json:
    """A question as JSON."""
    head = {"releaseId": release.release_id, "name": question.name}
    match question:
        case Asked(node=node):
            return {**head, "kind": "approval", **_of_approval(release, node)}
        case AskedByHand():
            asked = part(question, "pipeline stage action question link")
            return {**head, "kind": "manual", "since": document(question.since), **asked}


def _of_approval(release: Release, node: Pipeline) -> Json:
    assert node.approval
    return {
        "since": document(node.approval.asked_at),
        **part(node.approval, "question expiresAt minApprovals fourEyes votes"),
        "mayNotAnswer": list(may_not_answer(release, node)),
        "behind": behind(release, node),
    }


def _activity(release: Release, question: Question) -> Activity:
    if isinstance(question, Asked):
        return asking(release, question.node)
    return Activity(
        waits_for=f"a {MANUAL_APPROVAL}",
        since=question.since,
        message=question.question,
        notes=(question.link,) if question.link else (),
    )
