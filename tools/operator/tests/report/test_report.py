"""The HTML report shows everything that is known about a release."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from release_core.domain.automation import SkippedStage
from release_core.domain.execution import Change, Execution, ExecutionState
from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_machine.release.model import Snapshot
from release_machine.report import body, html
from release_machine.report.audit import function_of
from release_machine.text.wording import times_in
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.asking_release import asking_snapshot
from tools.operator.tests.samples.made_release import ALICE, Ran, by_name, moment, release
from tools.operator.tests.samples.report_reading import read, with_release

ROOT = Path(__file__).resolve().parents[4]
type Sample = Callable[[], Snapshot]
every_sample = pytest.mark.parametrize("sample", samples.SAMPLES.values())


def test_a_failure_link_that_is_not_a_web_page() -> None:
    """The address is shown as text, without a link."""
    failed = samples.failed().release.pipelines["payments"]
    assert failed.failure is not None
    changed = replace(failed, failure=replace(failed.failure, link="s3://logs/payments.txt"))
    page = with_release(samples.failed(), pipelines=by_name((changed,)))
    assert "Address s3://logs/payments.txt" in page.text
    assert "Open the action" not in page.text
    assert "s3://logs/payments.txt" not in page.values("href")


def test_failure_in_full() -> None:
    """Each failure has place, code, reason, retries and link; skipped pipelines have a reason."""
    page = read(samples.failed())
    failed = samples.failed().release.pipelines["payments"]
    assert failed.failure is not None
    for part in (
        "payments failed",
        failed.failure.message,
        "Stage Deploy · action UpdateService",
        "Code JobFailed",
        f"Summary {failed.failure.summary}",
        "2 of 2 retries used",
        "it depends on web, which is SKIPPED",
    ):
        assert part is not None
        assert part in page.text
    assert failed.failure.link in page.values("href")


def test_stopped_pipelines_have_their_own_title() -> None:
    """A cancelled release lists stopped pipelines under that title."""
    text = read(samples.cancelled()).text
    assert "What was stopped orders was stopped" in text
    assert "The release was cancelled" in text
    assert "What else did not succeed" not in text


def test_executions_link_to_the_console() -> None:
    """Every execution has a link to its page; without a console there are none."""
    seen = samples.good()
    page = "https://eu-central-1.console.aws.amazon.com"
    first = seen.release.pipelines["catalog"]
    assert (
        f"{page}/codesuite/codepipeline/pipelines/catalog/executions/{first.execution_id}"
        "/timeline?region=eu-central-1"
    ) in read(seen).values("href")
    workflow = f"{page}/states/home?region=eu-central-1#/v2/executions/details/"
    assert f"{workflow}{seen.release.execution_arn}" in read(seen).values("href")
    without = read(seen, region=None)
    assert first.execution_id is not None
    assert first.execution_id in without.text
    assert all(each.startswith("#") for each in without.values("href"))


def test_the_audit_is_in_the_order_of_time() -> None:
    """It has every entry of the release and its pipelines, and the state changes; who did what."""
    seen = samples.retried_in_the_console()
    text = read(seen).text
    audit = text[text.index("Audit trail Audit trail") :]
    told = [
        "ReleaseManager/alice@example.com opened through api RUNNING",
        "opened WAITING 5 pipelines open-release",
        "execution FAILED payments CodePipeline",
        "execution RESUMED, attempt 2 payments CodePipeline",
        "retry 1 of 2 claimed orders record-state-change",
        "execution SUCCEEDED, attempt 2 payments CodePipeline, found by a look",
        "all 5 pipelines succeeded RUNNING → SUCCEEDED close-release",
    ]
    places = [audit.index(each) for each in told]
    assert places == sorted(places)
    count = len(seen.release.audit) + sum(
        len(each.audit) + len(each.changes) for each in seen.release.pipelines.values()
    )
    # Five pipelines were opened in one line; twice the starts of two were claimed in one.
    together = 6
    times = audit.count("2026-11-22 22:") - audit.count("recorded at 2026-11-22")
    assert times == count - together
    assert f"ReleaseManager/alice@example.com is {ALICE}" in audit


def test_whole_seconds_of_codepipeline() -> None:
    """In the same second our own entries come before those of CodePipeline."""
    made = release(
        "r", ReleaseStatus.SUCCEEDED, [Ran(name="a", began=2.4, ended=3.2)], closed=4, why=None
    )
    told = Change(state=ExecutionState.SUCCEEDED, attempt=1, at=moment(2), source="event")
    (only,) = made.pipelines.values()
    changed = replace(only, execution=Execution(execution_id="", pipeline="a", changes=(told,)))
    page = read(Snapshot(at=moment(9), release=replace(made, pipelines=by_name((changed,)))))
    places = [page.text.index(each) for each in ("started as", "execution SUCCEEDED", "ended RUN")]
    assert places == sorted(places)


def test_changes_of_one_second_are_in_the_order_of_what_happened() -> None:
    """Events may arrive in any order; an entry of the next second comes after them."""
    rans = [Ran(name="a", began=1, ended=2.6, status=PipelineStatus.STOPPED)]
    made = release("r", ReleaseStatus.CANCELLED, rans, closed=3, why="wrong build")
    (only,) = made.pipelines.values()
    told = [
        Change(state=state, attempt=attempt, at=moment(2), source="event")
        for attempt, state in (
            (1, ExecutionState.FAILED),
            (2, ExecutionState.STOPPING),
            (2, ExecutionState.STOPPED),
        )
    ]
    arrived = Execution(execution_id="", pipeline="a", changes=tuple(reversed(told)))
    changed = replace(only, execution=arrived)
    page = read(Snapshot(at=moment(9), release=replace(made, pipelines=by_name((changed,)))))
    lines = (
        "execution FAILED",
        "execution STOPPING, attempt 2",
        "execution STOPPED, attempt 2",
        "wrong build RUNNING",
    )
    places = [page.text.index(each) for each in lines]
    assert places == sorted(places)


def test_the_audit_names_people_in_reasons() -> None:
    """A cause is in the same words as in the head; the ARN of a person stands below."""
    by = "arn:aws:sts::123456789012:assumed-role/OnCall/bob@example.com"
    last = samples.cancelled().release.audit[-1]
    audit = (replace(last, what=f"wrong branch, by {by}"),)
    page = with_release(samples.cancelled(), audit=audit)
    assert "wrong branch, by OnCall/bob@example.com RUNNING" in page.text


def test_people_stand_out_in_the_audit() -> None:
    """What people did and what failed is not folded; the name of a function comes last."""
    page = read(samples.two_hundred())
    short, _, _ = page.text.partition(" entries Audit trail")
    short = short[short.rindex("What people did") :]
    assert "alice@example.com opened through api" in short
    assert "started as" not in short
    assert page.values("class").count("by-person") == 2
    assert function_of("release-machine-open-release") == "open-release"
    assert function_of("close-release") == "close-release"
    assert function_of("close-release-manager") is None
    assert function_of(ALICE) is None


def test_earlier_attempts() -> None:
    """A resumed release shows how each attempt ended, with a timeline of its own."""
    text = read(samples.resumed()).text
    assert "SUCCEEDED in 10m 12s, attempt 2" in text
    assert "Resumed by OnCall/bob@example.com" in text
    assert "Timeline of attempt 1 2026-11-22 22:02:40 to 22:15:05 UTC, 12m 25s" in text
    assert "in attempt 1" in text
    assert "1 payments FAILED The deployment of service payments failed" in text


def test_the_dots_before_a_bar_are_explained() -> None:
    """In a short release also the time until the first start is drawn, and named."""
    page = read(samples.short())
    assert [each for each in page.all("line") if each.get("class") == "waited"]
    (legend,) = [each for each in page.all("ul") if each.get("class") == "legend"]
    assert legend
    assert "critical path waited" in page.text


def test_the_timeline_for_screen_readers() -> None:
    """Each bar has a text with its times, its marks, and whether it is critical."""
    labels = read(samples.good()).values("aria-label")
    assert (
        "orders: SUCCEEDED, 22:06:16 to 22:11:05, 4 min 49 s, stage retried at 22:08:30, "
        "on the critical path"
    ) in labels
    assert "search: SUCCEEDED, 22:02:42 to 22:04:15, 1 min 33 s" in labels
    waited = read(samples.twelve()).values("aria-label")
    assert any(each.startswith("mail:") and "ready 6 min 13 s before" in each for each in waited)


def test_a_status_is_more_than_a_colour() -> None:
    """Each status has a shape and a word beside its colour."""
    shapes = [each["href"] for each in read(samples.failed()).all("use")]
    assert {"#is-failed", "#is-skipped", "#is-succeeded"} <= set(shapes)
    assert read(samples.failed()).text.count("SKIPPED") >= 3


def test_dependencies_as_steps() -> None:
    """Each step shows the status, time and dependencies of its pipelines."""
    text = read(samples.failed()).text
    steps = text[text.index("In bold : the critical path.") : text.index("The pipelines of the")]
    told = (
        "catalog SUCCEEDED 3m 32s , on the critical path search SUCCEEDED 6m 33s",
        "orders SUCCEEDED 4m 49s after catalog",
        "payments FAILED 8m 46s , on the critical path after catalog",
        "web SKIPPED after orders, payments, search reports SKIPPED after orders",
        "mail SKIPPED after web",
    )
    places = [steps.index(each) for each in told]
    assert places == sorted(places)


def test_while_it_runs_no_step_is_critical() -> None:
    """The critical path is not known yet; a running step shows its time so far."""
    text = read(samples.running()).text
    assert "critical path" not in text
    assert "orders RUNNING 4m 15s after catalog" in text


def test_pipelines_without_edges() -> None:
    """Pipelines without dependencies and dependents are listed with their status."""
    text = read(samples.two_hundred()).text
    assert "no dependents: lone-00 SUCCEEDED lone-01 SUCCEEDED" in text


def test_a_release_without_dependencies() -> None:
    """A sentence takes the place of the graph."""
    rans = [Ran(name=name, began=1, ended=9) for name in ("a", "b")]
    made = release("r", ReleaseStatus.SUCCEEDED, rans, closed=10, why=None)
    page = read(Snapshot(at=moment(20), release=made))
    assert "No pipeline depends on another pipeline." in page.text
    assert "graph" not in page.values("class")


@every_sample
def test_the_same_snapshot_gives_the_same_page(sample: Sample) -> None:
    """Two reports of one snapshot are the same to the byte."""
    assert html(sample()) == html(sample())


@pytest.mark.parametrize("write", [html, lambda seen: body(seen).html], ids=["page", "part"])
def test_times_are_in_utc(write: Callable[[Snapshot], str]) -> None:
    """A report is for readers in every zone, whatever the zone of the terminal is."""
    with times_in(timezone(timedelta(hours=9))):
        there = write(asking_snapshot())
    assert there == write(asking_snapshot())
    assert "12:00:00Z" in there


def test_every_process_gives_the_same_page() -> None:
    """The order of Python's sets does not change the page."""
    program = (
        "import hashlib, sys\n"
        "from release_machine.report import html\n"
        "from tools.operator.tests.samples.report_samples import SAMPLES\n"
        "pages = ''.join(html(sample()) for sample in SAMPLES.values())\n"
        "sys.stdout.write(hashlib.sha256(pages.encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = "".join(html(sample()) for sample in samples.SAMPLES.values())
    assert digests == {hashlib.sha256(here.encode()).hexdigest()}


def test_a_skipped_stage_is_said() -> None:
    """The row of a pipeline names the stage without which it succeeded."""
    sample = samples.good()
    name, good = next(iter(sample.release.pipelines.items()))
    skipped = SkippedStage(stage="Deploy", deploys=True, why="the gate is closed")
    page = with_release(sample, pipelines={name: replace(good, skipped_stages=(skipped,))})
    assert "stage Deploy was skipped: the gate is closed" in page.text


def test_a_late_success_is_said() -> None:
    """The row of a pipeline says that its execution succeeded after the release had failed."""
    failed = samples.failed().release.pipelines["payments"]
    late = replace(failed, late_success=moment(600))
    page = with_release(samples.failed(), pipelines=by_name((late,)))
    assert "succeeded later, at 2026-11-22T22:12:40Z, after a retry in CodePipeline" in page.text


def test_a_failed_bar_leads_to_its_reason() -> None:
    """In the timeline the name of a failed pipeline leads to its failure, others to their rows."""
    text = html(samples.failed())
    timeline = text[text.index('id="timeline"') : text.index('id="order"')]
    assert 'href="#failure-3"><bdi>payments' in timeline
    assert 'href="#pipeline-2"><bdi>orders' in timeline
    # In the timeline of an earlier attempt it leads to the row, because it succeeded since.
    assert 'href="#failure-3"' not in html(samples.resumed())
