"""The head of the report: outcome, next steps and facts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from release_core.domain.dropped import ManifestObject
from release_core.domain.release import Failure, OnFailure, PipelineStatus, ReleaseStatus
from release_core.domain.revisions import Pin
from release_machine.release.model import Snapshot
from release_machine.report.causes import broken
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.bucket_release import from_buckets
from tools.operator.tests.samples.failing_release import NOTES, TITLE
from tools.operator.tests.samples.made_release import ALICE, Ran, by_name, moment, release
from tools.operator.tests.samples.report_reading import read, with_release

type Sample = Callable[[], Snapshot]


def test_header() -> None:
    """The head has the release, its outcome, the next steps, and who opened it, how and when."""
    text = read(samples.good()).text
    assert text.startswith(
        "Release 2026.11.22-1: SUCCEEDED Skip to the details Release report 2026.11.22-1 "
        "SUCCEEDED in 12m 43s 5 succeeded "
        "Opened 2026-11-22 22:02:40 UTC by ReleaseManager/alice@example.com "
        "What to do next Nothing: every pipeline succeeded. "
        "To undo it: release-machine rollback 2026.11.22-1 "
        "About this release: through the API, on failure halt, workflow execution "
        "Opened by ReleaseManager/alice@example.com "
        "arn:aws:sts::123456789012:assumed-role/ReleaseManager/alice@example.com "
        "Through the API Opened 2026-11-22 22:02:40 UTC Closed 2026-11-22 22:15:23 UTC "
    )


@pytest.mark.parametrize(
    ("sample", "steps"),
    [
        (samples.good, ["Nothing: every pipeline succeeded", "rollback 2026.11.22-1"]),
        (
            samples.failed,
            ["Fix what failed.", "retry 2026.11.22-2", "rollback 2026.11.22-2"],
        ),
        (
            samples.cancelled,
            [
                "To continue, run the pipelines that did not succeed again",
                "retry 5.10",
                "rollback 5.10",
            ],
        ),
        (
            samples.running,
            [
                "orders , at Production → Approve , waits for manual approval .",
                "Approve release-machine approve 2026.11.22-3 orders/Production/Approve",
                "watch 2026.11.22-3",
                "cancel 2026.11.22-3",
            ],
        ),
        (
            samples.rejected,
            ["Nothing was started.", "Correct the manifest, check it with: release-machine plan"],
        ),
    ],
)
def test_what_to_do_next(sample: Sample, steps: list[str]) -> None:
    """For each status the head names the useful commands, and what the release waits for."""
    text = read(sample()).text
    for step in steps:
        assert step in text


def test_what_to_do_after_a_rejection_for_busy_pipelines() -> None:
    """The manifest is right: it is started later, or waits."""
    why = "PipelinesBusy: Other releases hold pipelines:\n- web: release 1 holds it"
    text = with_release(samples.rejected(), why=why).text
    assert "Start it again when these releases have ended." in text
    assert "Correct the manifest" not in text


def test_a_rollback_is_not_rolled_back() -> None:
    """A rollback names the release that it rolls back, and offers no rollback."""
    for status in ("SUCCEEDED", "FAILED"):
        text = with_release(samples.rollback(), status=status).text
        assert "Rolls back 2026.11.22-2 " in text
        assert "release-machine rollback" not in text


def test_a_rolled_back_release_names_its_rollback() -> None:
    """It does not offer another rollback or a retry."""
    text = with_release(samples.failed(), rolled_back_by="2026.11.22-2-rollback").text
    assert "Release 2026.11.22-2-rollback rolls it back. See how that went: " in text
    assert "release-machine show 2026.11.22-2-rollback" in text
    assert "release-machine rollback" not in text
    assert "release-machine retry" not in text


def test_a_rollback_that_the_manifest_asks_for() -> None:
    """The head of a failed release tells where to find its rollback."""
    told = "Its manifest asks for a rollback"
    assert told in with_release(samples.failed(), on_failure=OnFailure.ROLLBACK).text
    assert told not in with_release(samples.cancelled(), on_failure=OnFailure.ROLLBACK).text
    announced = with_release(
        samples.failed(), on_failure=OnFailure.ROLLBACK, rolls_back_as="5.1-rollback"
    )
    assert told not in announced.text
    assert "5.1-rollback, which is not opened" in announced.text
    assert "release-machine watch 5.1-rollback" in announced.text
    assert told not in read(samples.failed()).text


def test_the_first_cause_comes_first() -> None:
    """The pipeline that failed first comes before the facts, with where and why; then the steps."""
    text = read(samples.failed()).text
    head = text[: text.index("About this release")]
    assert (
        "payments failed Stage Deploy · action UpdateService · after 8m 46s "
        "The deployment of service payments failed: 3 of 4 tasks did not become healthy within "
        "600 seconds. Task stopped: Essential container in task exited (exit code 137). "
        "Open the action Execution More about it"
    ) in head
    assert "3 skipped : web , mail , reports What to do next" in head
    before_the_audit = text[: text.index("Audit trail Audit trail")]
    assert before_the_audit.count("3 of 4 tasks did not become healthy") == 1


def test_which_cause_is_the_first() -> None:
    """It is the first that failed, even if its number is higher; what it stopped comes last."""
    rans = [
        Ran(name="stopped", began=1, ended=4, status=PipelineStatus.STOPPED, stopped_at=3),
        Ran(name="later", began=1, ended=9, status=PipelineStatus.FAILED),
        Ran(name="first", began=1, ended=3, status=PipelineStatus.TIMED_OUT),
    ]
    made = release("r", ReleaseStatus.FAILED, rans, closed=9, why="3 of 3:\n- stopped STOPPED")
    assert [each.name for each in broken(made)] == ["first", "later", "stopped"]
    marked = replace(made, failing_by="later")
    assert [each.name for each in broken(marked)] == ["later", "first", "stopped"]
    text = read(Snapshot(at=moment(20), release=made)).text
    assert "first timed out first" in text
    assert "1 more did not succeed : later 1 stopped : stopped" in text


def test_failures_of_an_earlier_attempt_are_no_cause() -> None:
    """While a retry waits for a pipeline, the failure before the retry is not shown as its own."""
    failed = samples.failed().release
    again = replace(
        failed, status=ReleaseStatus.RUNNING, attempt=2, closed_at=None, resumed_at=moment(800)
    )
    assert broken(again) == []
    assert "payments failed Stage" not in read(Snapshot(at=moment(801), release=again)).text


def test_what_the_reason_says_beside_its_list() -> None:
    """A rollback in the reason is shown with the first cause, without the list."""
    why = f"{samples.failed().release.why}\nThe automatic rollback was not started."
    text = with_release(samples.failed(), why=why).text
    head = text[: text.index("What to do next")]
    assert "The automatic rollback was not started." in head
    assert "pipelines did not succeed" not in head


def test_a_person_who_cancelled_is_named() -> None:
    """The first screen names the person; the facts and the audit have the whole ARN."""
    head, _, rest = read(samples.cancelled()).text.partition("About this release")
    assert "The release was cancelled ReleaseManager/alice@example.com: wrong branch" in head
    assert "arn:" not in head
    assert ALICE in rest


def test_a_release_that_failed_by_itself() -> None:
    """Without a pipeline that failed, the reason of the outcome is the cause."""
    why = "the workflow execution timed out"
    text = with_release(samples.good(), status=ReleaseStatus.FAILED, why=why).text
    assert f"The release failed {why} Open the workflow execution" in text


def test_the_head_of_a_running_release_has_a_time() -> None:
    """A saved page shows how old it is; the page of a closed release only at its end."""
    running = read(samples.running()).text
    assert "RUNNING for 7m 51s " in running
    assert "; this page is of 2026-11-22 22:10:31 UTC" in running
    assert "this page is of" not in read(samples.good()).text
    assert "As recorded at 2026-11-22 22:17:40 UTC." in read(samples.good()).text


def test_an_approval() -> None:
    """The head has the page, where there is one, and the commands that answer."""
    seen = samples.running()
    answer = (
        "Approve release-machine approve 2026.11.22-3 orders/Production/Approve "
        "Reject release-machine reject 2026.11.22-3 orders/Production/Approve --reason TEXT"
    )
    assert f"waits for manual approval . {answer}" in read(seen).text
    assert "--reason TEXT Open it in the console" in read(seen).text
    orders = replace(seen.activity["orders"], link=None)
    assert f"manual approval . {answer}" in read(replace(seen, activity={"orders": orders})).text


def test_another_wait_without_a_link() -> None:
    """Without a console the head names the command that shows how to continue."""
    seen = samples.running()
    orders = replace(seen.activity["orders"], link=None, way_to_reject=None)
    told = "waits for manual approval . release-machine watch 2026.11.22-3 shows the command"
    assert told in read(replace(seen, activity={"orders": orders})).text
    # A pipeline that waits for another execution has no command.
    other = replace(orders, waits_for="execution 1, which is in that stage", way_out=None)
    assert "shows the command" not in read(replace(seen, activity={"orders": other})).text


def test_a_rejected_manifest() -> None:
    """It was received from a requester; it has no end and no policy."""
    text = read(samples.rejected()).text
    facts = text[text.index("Requested by") : text.index("Workflow")]
    assert facts.startswith("Requested by ReleaseManager/alice@example.com")
    assert facts.endswith("Through the API Received 2026-11-22 22:02:40 UTC ")


def test_the_release_and_file_of_a_rejected_manifest() -> None:
    """A rejected manifest has the id that it names, and the object in the bucket."""
    dropped = ManifestObject(bucket="manifests", key="autumn.json", version_id=None)
    page = with_release(samples.rejected(), requested_id="2026.11.22-9", dropped=dropped)
    head, _, facts = page.text.partition("About this release")
    assert "by ReleaseManager/alice@example.com ; names release 2026.11.22-9" in head
    assert "Manifest s3://manifests/autumn.json" in facts


def test_an_account_as_requester() -> None:
    """S3 reports only an account; the head and the audit say that it is one."""
    text = read(from_buckets()).text
    assert "Opened by AWS account 123456789012 Through the manifest bucket (S3)" in text
    assert "22:02:40 AWS account 123456789012 opened through s3" in text


def test_title_and_notes() -> None:
    """The head has both, and marks a hotfix; the title of the page has the title, too."""
    page = read(samples.hotfix())
    head = page.text[: page.text.index("payments failed")]
    assert head.startswith(
        f"Release 2026.11.22-2: FAILED \N{MIDDLE DOT} {TITLE} Skip to the details"
    )
    assert f"2026.11.22-2 hotfix {TITLE} FAILED in 12m 25s" in head
    first, second = NOTES.splitlines()
    assert f"{first} … Show all Show less {first} {second}" in head
    assert "hotfix" not in read(samples.failed()).text
    plain = with_release(samples.failed(), notes="one line").text
    assert "ReleaseManager/alice@example.com one line payments failed" in plain


def test_after_a_pin_that_does_not_exist() -> None:
    """A retry would use the same pin, so the report says what to correct, as the terminal does."""
    pin = Pin(action="Source", type="S3_OBJECT_VERSION_ID", revision="gone")
    gone = Failure(
        stage="Source",
        action="Source",
        code="ConfigurationError",
        message="Could not access the Amazon S3 object",
    )
    site = samples.failed().release.pipelines["payments"]
    pinned = replace(site, source_revisions=(pin,), failure=gone, revisions=())
    page = with_release(samples.failed(), pipelines=by_name((pinned,)))
    assert "release-machine retry" not in page.text
    assert "Correct the pins of payments in the manifest" in page.text
    assert "a retry would use the same pins." in page.text
    assert "release-machine rollback 2026.11.22-2" in page.text


def test_nothing_to_roll_back() -> None:
    """A release whose pipelines never ran has changed nothing, so no rollback is offered."""
    rans = [Ran(name="a", ended=9, status=PipelineStatus.SKIPPED)]
    made = release("r", ReleaseStatus.FAILED, rans, closed=9, why="its deadline passed")
    text = read(Snapshot(at=moment(20), release=made)).text
    assert "release-machine retry r" in text
    assert "release-machine rollback" not in text
