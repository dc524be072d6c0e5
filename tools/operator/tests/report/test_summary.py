"""The head of the report: outcome, next steps and facts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from release_core.domain.release import OnFailure, PipelineStatus, ReleaseStatus
from release_machine.release.model import Snapshot
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.bucket_release import from_buckets
from tools.operator.tests.samples.made_release import Ran, moment, release
from tools.operator.tests.samples.report_reading import read, with_release

type Sample = Callable[[], Snapshot]


def test_header() -> None:
    """The head has the release, its outcome, the next steps, and who opened it, how and when."""
    text = read(samples.good()).text
    assert text.startswith(
        "Release 2026.11.22-1: SUCCEEDED Skip to the details Release report 2026.11.22-1 "
        "SUCCEEDED after 12 min 43 s 5 SUCCEEDED all 5 pipelines succeeded "
        "What to do next Nothing: every pipeline succeeded. "
        "To undo it: release-machine rollback 2026.11.22-1 "
        "Opened by alice@example.com "
        "arn:aws:sts::123456789012:assumed-role/ReleaseManager/alice@example.com "
        "Through the API Opened 2026-11-22 22:02:40 UTC Closed 2026-11-22 22:15:23 UTC "
    )


@pytest.mark.parametrize(
    ("sample", "steps"),
    [
        (samples.good, ["Nothing: every pipeline succeeded", "rollback 2026.11.22-1"]),
        (
            samples.failed,
            ["Fix what failed (see below)", "retry 2026.11.22-2", "rollback 2026.11.22-2"],
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
                "orders , at Production → Approve , waits for manual approval . Open",
                "watch 2026.11.22-3",
                "cancel 2026.11.22-3",
            ],
        ),
        (samples.rejected, ["Nothing was started", "submit manifest.json"]),
    ],
)
def test_what_to_do_next(sample: Sample, steps: list[str]) -> None:
    """For each status the head names the useful commands, and what the release waits for."""
    text = read(sample()).text
    for step in steps:
        assert step in text


def test_a_rollback_is_not_rolled_back() -> None:
    """A rollback names the release that it rolls back, and offers no rollback."""
    for status in ("SUCCEEDED", "FAILED"):
        text = with_release(samples.rollback(), status=status).text
        assert "Rolls back 2026.11.22-2 " in text
        assert "release-machine rollback" not in text


def test_a_rolled_back_release_names_its_rollback() -> None:
    """It does not offer another rollback or a retry."""
    text = with_release(samples.failed(), rolled_back_by="2026.11.22-2-rollback").text
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


def test_a_folded_outcome_names_the_failures() -> None:
    """Folded, it names the failed pipelines and not the skipped ones."""
    text = read(samples.failed()).text
    head = text[: text.index(" … Less ")]
    assert head.endswith(
        "4 of 7 pipelines did not succeed: - payments FAILED: stage Deploy, action UpdateService: "
        "The deployment of service payments failed: 3 of 4 tasks did not become healthy within "
        "600 seconds. Task stopped: Essential container in task exited (exit code 137). "
        "(JobFailed) ECS deployment ecs-svc/8392019384756 rolled back"
    )
    assert text.index("What to do next") < text.index("Opened by")


def test_a_folded_outcome_names_two_failures() -> None:
    """They are the first failures in the manifest's order, after any number of skips."""
    rans = [Ran(name=name, began=1, ended=9, status=PipelineStatus.FAILED) for name in "bcd"]
    rans.insert(0, Ran(name="a", ended=9, status=PipelineStatus.SKIPPED))
    lines = [f"- {each.name} {each.status}: why {each.name}" for each in rans]
    why = "\n".join(["4 of 4 pipelines did not succeed:", *lines])
    text = read(
        Snapshot(at=moment(20), release=release("r", ReleaseStatus.FAILED, rans, closed=9, why=why))
    ).text
    assert "4 of 4 pipelines did not succeed: - b FAILED: why b - c FAILED: why c … Less" in text


def test_the_head_of_a_running_release_has_a_time() -> None:
    """A saved page shows how old it is; the page of a closed release only at its end."""
    assert "RUNNING for 7 min 51 s as of 2026-11-22 22:10:31 UTC" in read(samples.running()).text
    assert "as of" not in read(samples.good()).text
    assert "As recorded at 2026-11-22 22:17:40 UTC." in read(samples.good()).text


def test_an_approval() -> None:
    """The head has the page, where there is one, and the commands that answer."""
    seen = samples.running()
    answer = "Answer it: release-machine approve 2026.11.22-3 orders or release-machine reject"
    assert f"waits for manual approval . Open . {answer}" in read(seen).text
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
    assert facts.startswith("Requested by alice@example.com")
    assert facts.endswith("Through the API Received 2026-11-22 22:02:40 UTC ")


def test_an_account_as_requester() -> None:
    """S3 reports only an account; the head and the audit say that it is one."""
    text = read(from_buckets()).text
    assert "Opened by AWS account 123456789012 Through the manifest bucket (S3)" in text
    assert "22:02:40 AWS account 123456789012 opened through s3" in text
