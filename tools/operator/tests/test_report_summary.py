"""The head of the report says how the release went, who wanted it and what to do about it."""

from collections.abc import Callable

import pytest

from operator_cli.model import Snapshot
from tools.operator.tests import report_samples as samples
from tools.operator.tests.report_reading import read, with_release

type Sample = Callable[[], Snapshot]


def test_header() -> None:
    """It says which release, how it went, how long it took, who opened it, how and when."""
    text = read(samples.good()).text
    assert text.startswith(
        "Release 2026.11.22-1: SUCCEEDED To the details Release report 2026.11.22-1 "
        "SUCCEEDED after 12 min 43 s 5 SUCCEEDED Outcome all 5 pipelines succeeded "
        "Opened by alice@example.com "
        "arn:aws:sts::123456789012:assumed-role/ReleaseManager/alice@example.com "
        "Through the API Opened 2026-11-22 22:02:40 Closed 2026-11-22 22:15:23 "
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
