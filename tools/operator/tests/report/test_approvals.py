"""The approvals in the report: who was asked, who answered, with which words, and until when."""

from dataclasses import replace

from release_core.domain.manual_approvals import APPROVED, REJECTED, Answer
from release_core.domain.release import PipelineStatus
from tools.operator.tests.conftest import at
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.asking_release import BOB, asking_snapshot
from tools.operator.tests.samples.failing_release import refused
from tools.operator.tests.samples.made_release import by_name
from tools.operator.tests.samples.report_reading import read, with_release


def test_an_approval_that_is_asked() -> None:
    """It has its question, its votes with names and words, four eyes, and its time limit."""
    page = read(asking_snapshot())
    text = page.text[page.text.index("Approvals review") :]
    for part in (
        f"review SUCCEEDED bob {BOB} approved, 2026-",
        "looks good Approvals 1 of 1 given Four eyes no: who asked for the release may answer, too",
        "go-live RUNNING Go live? See the report of the load test. bob",
        "load test is fine Approvals 1 of 2 given Four eyes yes",
        "Four eyes yes: nobody who asked for the release may answer",
        "UTC, 1h 58m 30s left Behind it shop-web",
        "announce WAITING Approvals 0 of 1 given",
    ):
        assert part in text
    assert "#pipeline-3" in page.values("href")


def test_a_rejected_approval() -> None:
    """Its vote says who rejected it; it is the first cause of what was skipped."""
    text = read(refused()).text
    assert "go-live was rejected after 1m 20s" in text
    assert "not today (rejected by bob)" in text
    assert f"go-live FAILED Go live? See the report of the load test. bob {BOB} rejected," in text
    assert "Override by Releaser/carol: fixes incident 4711" in text


def test_a_time_limit_before_the_question() -> None:
    """An approval that is not asked yet has its time limit as a duration."""
    seen = asking_snapshot()
    go_live = seen.release.pipelines["go-live"]
    assert go_live.approval
    waiting = replace(
        go_live, approval=replace(go_live.approval, asked_at=None), status=PipelineStatus.WAITING
    )
    text = with_release(seen, pipelines=by_name((waiting,))).text
    assert "Time limit 2 h after it is asked" in text


def test_manual_approvals_of_codepipeline() -> None:
    """Each answer has its person, its words and its place, beside the approvals of the release."""
    seen = samples.good()
    web = seen.release.pipelines["web"]
    answers = [
        Answer(
            stage="Production",
            action="Ask",
            answer=answer,
            by=by,
            comment=comment,
            at=at(60),
            action_execution_id="1",
        )
        for answer, by, comment in ((REJECTED, None, "not yet"), (APPROVED, BOB, "looked at it"))
    ]
    changed = replace(web, approvals=tuple(answers))
    text = with_release(seen, pipelines={**seen.release.pipelines, "web": changed}).text
    section = text[text.index("Manual approvals of web") :]
    assert "somebody rejected at Production → Ask , 2026-" in section
    assert "not yet bob" in section
    assert f"bob {BOB} approved at Production → Ask , 2026-" in section
    assert "Approvals" not in read(seen).text
