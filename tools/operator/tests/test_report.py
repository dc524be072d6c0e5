"""The HTML report says all that is known of a release, and what to do about it."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from operator_cli.model import Good, Pin, Release, Revision, Snapshot, StateChange
from operator_cli.report import html
from operator_cli.report.history import is_function
from tools.operator.tests import report_samples as samples
from tools.operator.tests.made_release import ALICE, REGION, Ran, moment, release
from tools.operator.tests.report_reading import Page

ROOT = Path(__file__).resolve().parents[3]
type Sample = Callable[[], Snapshot]
every_sample = pytest.mark.parametrize("sample", samples.SAMPLES.values())


def read(seen: Snapshot, region: str | None = REGION) -> Page:
    """The page of a snapshot."""
    return Page(html(seen, console_region=region))


def with_release(seen: Snapshot, **changed: object) -> Page:
    """The page of a snapshot of which something in the header is otherwise."""
    made: Release = replace(seen.release, **changed)  # type: ignore[arg-type] # any field
    return read(replace(seen, release=made))


def test_header() -> None:
    """It says which release, how it went, how long it took, who opened it, how and when."""
    text = read(samples.good()).text
    assert text.startswith(
        "Release 2026.11.22-1: SUCCEEDED To the details Release report 2026.11.22-1 "
        "SUCCEEDED after 12 min 43 s 5 SUCCEEDED Outcome all 5 pipelines succeeded "
        "Opened by alice@example.com "
        "arn:aws:sts::123456789012:assumed-role/ReleaseManager/alice@example.com "
        "Through the manifest bucket (S3) Opened 2026-11-22 22:02:40 Closed 2026-11-22 22:15:23 "
    )


@pytest.mark.parametrize(
    ("sample", "steps"),
    [
        (samples.good, ["Nothing: every pipeline succeeded", "rollback 2026.11.22-1"]),
        (samples.failed, ["Mend what failed", "retry 2026.11.22-2", "rollback 2026.11.22-2"]),
        (samples.cancelled, ["where it was stopped", "retry 5.10", "rollback 5.10"]),
        (
            samples.running,
            [
                "orders , at Production → Approve , waits for manual approval . Go there",
                "watch 2026.11.22-3",
                "cancel 2026.11.22-3",
            ],
        ),
        (samples.rejected, ["Nothing was started", "submit manifest.json"]),
    ],
)
def test_what_to_do_next(sample: Sample, steps: list[str]) -> None:
    """For each status it names the commands that make sense, and whom it waits for."""
    text = read(sample()).text
    for step in steps:
        assert step in text


def test_a_rollback_is_not_rolled_back() -> None:
    """Of a rollback it says what it puts back, and offers no rollback of it, however it went."""
    for status in ("SUCCEEDED", "FAILED"):
        text = with_release(samples.rollback(), status=status).text
        assert "Rolls back 2026.11.22-2 " in text
        assert "release-machine rollback" not in text


def test_what_was_rolled_back_names_its_rollback() -> None:
    """Of a release that was rolled back it says by which, instead of offering it again."""
    text = with_release(samples.failed(), rolled_back_by="2026.11.22-2-rollback").text
    assert "release-machine show 2026.11.22-2-rollback" in text
    assert "release-machine rollback" not in text
    assert "release-machine retry" not in text


def test_a_rollback_that_was_asked_for() -> None:
    """Of a failed release whose manifest asks for a rollback it says where to look for it."""
    told = "Its manifest asks for a rollback"
    assert told in with_release(samples.failed(), on_failure="rollback").text
    assert told not in with_release(samples.cancelled(), on_failure="rollback").text
    assert told not in read(samples.failed()).text


def test_a_failure_whose_link_leads_nowhere() -> None:
    """An address that is no web page's is told, but nothing offers to go there."""
    failed = samples.failed().release.pipelines[3]
    assert failed.failure is not None
    changed = replace(failed, failure=replace(failed.failure, link="s3://logs/payments.txt"))
    page = with_release(samples.failed(), pipelines=(changed,))
    assert "Look at s3://logs/payments.txt" in page.text
    assert "Look at it" not in page.text
    assert "s3://logs/payments.txt" not in page.values("href")


def test_failure_in_full() -> None:
    """Each failure stands there with place, code, reason, retries and links; skips have theirs."""
    page = read(samples.failed())
    failed = samples.failed().release.pipelines[3]
    assert failed.failure is not None
    for part in (
        "What failed payments FAILED",
        failed.failure.message,
        "Where Deploy → UpdateService",
        "Code JobFailed",
        f"Summary {failed.failure.summary}",
        "2 of 2 retries used",
        "it depends on web, which is SKIPPED",
    ):
        assert part is not None
        assert part in page.text
    assert failed.failure.link in page.values("href")


def test_what_was_stopped_did_not_fail() -> None:
    """A release that was cancelled lists what was stopped under that title."""
    text = read(samples.cancelled()).text
    assert "What was stopped" in text
    assert "What failed" not in text


def test_executions_lead_to_the_console_of_the_region() -> None:
    """Every execution links to its own page, and nothing does where there is no console."""
    seen = samples.good()
    page = "https://eu-central-1.console.aws.amazon.com"
    first = seen.release.pipelines[0]
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


def test_bill_of_materials() -> None:
    """Per source: what ran with its commit's message, the pin, what was good before."""
    text = read(samples.good()).text
    web = samples.good().release.pipelines[4]
    orders = samples.good().release.pipelines[2]
    for revision in (*web.revisions, *orders.revisions):
        assert revision.revision in text
    assert "Prices in web are whole cents" in text
    assert "CommitMessage" not in text
    assert f"{orders.revisions[0].revision} commit id" in text
    assert "this revision" in text
    assert "release 2026.11.15-1 2026-11-15 22:02:40" in text
    assert "nothing known" in text


def test_a_version_is_not_hidden_by_the_key_that_goes_with_it() -> None:
    """What ran, what was asked for and what was good before are versions, of whatever objects."""
    (catalog, *_) = samples.good().release.pipelines
    version = Revision(artifact="S", revision="v1", action="S", type="S3_OBJECT_VERSION_ID")
    key = replace(version, revision="old.zip", type="S3_OBJECT_KEY")
    pins = tuple(
        Pin(action="S", type=str(each.type), revision=each.revision) for each in (key, version)
    )
    good = Good(release_id="before", execution_id="e", revisions=(version, key))
    shown = replace(catalog, revisions=(version, key), source_revisions=pins, previous_good=good)
    page = with_release(samples.good(), pipelines=(shown,))
    assert "catalog S v1 s3 object version id this revision the same release before" in page.text


def test_pins_of_what_has_not_run() -> None:
    """Before there is a revision that ran, the one that was asked for is shown."""
    seen = samples.good()
    orders = seen.release.pipelines[2]
    waiting = replace(orders, status="WAITING", revisions=(), started_at=None, ended_at=None)
    page = with_release(seen, pipelines=(waiting,), status="RUNNING", closed_at=None)
    assert f"orders Source {orders.source_revisions[0].revision}" in page.text


def test_audit_is_in_the_order_of_time() -> None:
    """It holds every entry of the release and its pipelines, and what CodePipeline told."""
    seen = samples.retried_in_the_console()
    text = read(seen).text
    audit = text[text.index("Audit trail Audit trail") :]
    told = [
        f"alice@example.com {ALICE} opened through s3 RUNNING",
        "execution FAILED payments",
        "execution RESUMED, attempt 2 payments",
        "retry 1 of 2 claimed orders",
        "execution SUCCEEDED, attempt 2 seen by a look payments",
        "all 5 pipelines succeeded RUNNING → SUCCEEDED",
    ]
    places = [audit.index(each) for each in told]
    assert places == sorted(places)
    count = len(seen.release.audit) + sum(
        len(each.audit) + len(each.changes) for each in seen.release.pipelines
    )
    assert audit.count("2026-11-22 22:") - audit.count("stood at 2026-11-22") == count


def test_codepipeline_tells_whole_seconds() -> None:
    """Of one second, what we recorded comes before what CodePipeline told without fractions."""
    made = release("r", "SUCCEEDED", [Ran(name="a", began=2.4, ended=3.2)], closed=4, why=None)
    told = StateChange(state="SUCCEEDED", attempt=1, at=moment(2), source="event")
    (only,) = made.pipelines
    changed = replace(only, changes=(told,))
    page = read(Snapshot(at=moment(9), release=replace(made, pipelines=(changed,))))
    places = [page.text.index(each) for each in ("started as", "execution SUCCEEDED", "ended RUN")]
    assert places == sorted(places)


def test_columns_without_content_are_left_out() -> None:
    """Where nothing was pinned and no variable set, no column says so; nor a summary twice."""
    (catalog, *_) = samples.good().release.pipelines
    version = Revision(artifact="S", revision="v1", summary="Amazon S3 version id: v1")
    page = with_release(samples.good(), pipelines=(replace(catalog, revisions=(version,)),))
    titles = page.text[page.text.index("What ran") :]
    assert titles.startswith("What ran Pipeline Source Revision that ran Good before catalog")
    assert "Amazon S3 version id" not in page.text
    assert "Pinned to" in read(samples.good()).text


def test_people_stand_out_in_the_audit() -> None:
    """What a person did is set off from what the functions did, whatever the deployment's name."""
    page = read(samples.two_hundred())
    assert "All 802 entries, 1 of them by people" in page.text
    assert is_function("release-machine-open-release")
    assert is_function("close-release")
    assert not is_function("close-release-manager")
    assert not is_function(ALICE)


def test_earlier_attempts() -> None:
    """A resumed release keeps how each attempt ended, with a timeline of its own."""
    text = read(samples.resumed()).text
    assert "SUCCEEDED after 10 min 12 s in attempt 2" in text
    assert "Resumed by bob@example.com" in text
    assert "Timeline of attempt 1 2026-11-22 22:02:40 to 22:15:05 UTC, 12 min 25 s" in text
    assert "in attempt 1" in text
    assert "1 payments FAILED The deployment of service payments failed" in text


def test_timeline_is_told_to_who_cannot_see_it() -> None:
    """Each bar says its times, its marks and whether it decided how long the release took."""
    labels = read(samples.good()).values("aria-label")
    assert (
        "orders: SUCCEEDED, 22:06:16 to 22:11:05, 4:49, stage retried at 22:08:30, "
        "on the critical path"
    ) in labels
    assert "search: SUCCEEDED, 22:02:42 to 22:04:15, 1:33" in labels
    waited = read(samples.twelve()).values("aria-label")
    assert any(each.startswith("mail:") and "ready 6:13 before" in each for each in waited)


def test_a_status_is_more_than_a_colour() -> None:
    """Wherever a status is shown, its shape is one of its own, and the word stands by it."""
    shapes = [each["href"] for each in read(samples.failed()).all("use")]
    assert {"#is-failed", "#is-skipped", "#is-succeeded"} <= set(shapes)
    assert read(samples.failed()).text.count("SKIPPED") >= 6


def test_no_order_no_picture() -> None:
    """Where nothing waits for anything, a sentence says so."""
    rans = [Ran(name=name, began=1, ended=9) for name in ("a", "b")]
    made = release("r", "SUCCEEDED", rans, closed=10, why=None)
    page = read(Snapshot(at=moment(20), release=made))
    assert "No pipeline waits for another one." in page.text
    assert "graph" not in page.values("class")


@every_sample
def test_same_input_same_text(sample: Sample) -> None:
    """Two reports of one snapshot are the same to the byte."""
    assert html(sample()) == html(sample())


def test_same_text_in_every_process() -> None:
    """The order in which Python's sets happen to be does not show."""
    program = (
        "import hashlib, sys\n"
        "from operator_cli.report import html\n"
        "from tools.operator.tests.report_samples import SAMPLES\n"
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
