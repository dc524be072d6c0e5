"""Who answered an approval, and that a pipeline was edited while it ran, in each view."""

import io
from dataclasses import replace

import pytest

from release_core.domain.manual_approvals import Answer
from release_core.domain.release import Pipeline
from release_machine.follow.events import PipelineActs
from release_machine.release.model import Activity, Snapshot
from release_machine.views.json_output import document
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.plain import PlainView
from tools.operator.tests.conftest import at, pipeline
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.made_release import by_name
from tools.operator.tests.samples.report_reading import read

ADA = "arn:aws:sts::123456789012:assumed-role/ReleaseManager/ada"
ANSWER = Answer(
    stage="Approve",
    action="Ask",
    answer="Rejected",
    by=ADA,
    comment="wrong prices",
    at=at(20),
    action_execution_id="a-1",
)
SAID = "rejected by ReleaseManager/ada at Approve → Ask: wrong prices"
EDITED = "the pipeline was edited while it ran"
STOP = "aws codepipeline stop-pipeline-execution --pipeline-name web"


def answered(snapshot: Snapshot, status: str = "FAILED") -> Snapshot:
    """The release with one pipeline whose approval was answered and which was edited."""
    web = pipeline(0, "web", status, execution_id="e-1", began=1)
    web = replace(web, approvals=(ANSWER,), edited_at=at(25))
    return replace(snapshot, release=replace(snapshot.release, pipelines=by_name([web])))


def test_the_table_and_the_report_have_the_answer(running: Snapshot) -> None:
    """The table and the report name who answered and the words, and that it was edited."""
    seen = answered(running)
    table = pipeline_table(seen.release, now=seen.at, activity={}, width=200)
    for text in (drawn(table, width=200), read(seen).text):
        assert SAID in text
        assert EDITED in text
        assert "stop it or wait" not in text


@pytest.mark.parametrize("recorded", [True, False])
def test_while_it_runs_the_view_says_what_to_do(running: Snapshot, *, recorded: bool) -> None:
    """A look of the command or of a function finds the edit; then it says: stop it or wait."""
    seen = answered(running, "RUNNING")
    web: Pipeline = seen.release.pipelines["web"]
    doing = Activity(edited=not recorded, way_out=STOP, ends=True)
    web = replace(web, edited_at=at(25) if recorded else None)
    seen = replace(
        seen,
        release=replace(seen.release, pipelines=by_name([web])),
        activity={"web": doing},
    )
    table = pipeline_table(seen.release, now=seen.at, activity=seen.activity, width=200)
    for text in (drawn(table, width=200), read(seen).text):
        assert f"{EDITED}: stop it or wait" in text
    assert STOP in drawn(table, width=200)


def test_a_line_says_that_it_was_edited(running: Snapshot) -> None:
    """In a pipe the line has the notice and the command that ends the execution."""
    out = io.StringIO()
    web = running.release.pipelines["web"]
    doing = Activity(stage="Approve", action="Ask", edited=True, way_out=STOP, ends=True)
    PlainView(out).show(running, [PipelineActs(web, doing)])
    assert (
        f"at Approve → Ask; {EDITED}: stop it or wait; stop it now with: {STOP}" in out.getvalue()
    )


def test_json_has_the_whole_answer(running: Snapshot) -> None:
    """A program gets the ARN, the words, the place and the time, and no token."""
    written = document(answered(running).release.pipelines["web"])
    assert written["editedAt"] == "2026-11-22T10:00:25.000Z"
    assert written["approvals"] == [
        {
            "stage": "Approve",
            "action": "Ask",
            "answer": "Rejected",
            "by": ADA,
            "comment": "wrong prices",
            "at": "2026-11-22T10:00:20.000Z",
        }
    ]
