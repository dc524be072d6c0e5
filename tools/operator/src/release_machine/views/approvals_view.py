"""What waits for the answers of people, drawn with rich and as JSON."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.domain.release import Pipeline, Release
from release_machine.release.approvals import asking, behind, may_not_answer
from release_machine.release.model import MANUAL_APPROVAL, Activity
from release_machine.release.questions import Asked, AskedByHand, Question
from release_machine.views.json_output import Json, document, part
from release_machine.views.pipeline_rows import doing_lines

_ANSWER = "Answer with: release-machine approve RELEASE NAME, or reject RELEASE NAME --reason TEXT"
type Waiting = tuple[Release, Question]


def approvals_table(waiting: Sequence[Waiting], *, now: datetime) -> RenderableType:
    """Draw one row for each question, and the commands that answer."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("RELEASE", "NAME", "WAITS"):
        table.add_column(name, overflow="fold")
    for release, question in waiting:
        lines = doing_lines(_activity(release, question), now=now)
        table.add_row(release.release_id, question.name, Text("\n").join(lines))
    return Group(table, Text(""), Text(_ANSWER, style="dim"))


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
