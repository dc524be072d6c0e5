"""Releases that wait to be opened have their id in every command."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from release_core.clock import to_iso
from release_core.domain.release import Release, ReleaseStatus
from release_machine.release.busy import Behind, HeldUntil, Hold
from tools.operator.tests.conftest import Run, at
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws

START = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
HELD = Release(
    release_id="held-1",
    status=ReleaseStatus.RUNNING,
    execution_arn=EXECUTION,
    opened_at=START - timedelta(hours=3),
    not_before=START,
    pending=True,
    pipeline_count=2,
    channel="direct",
    requester="arn:aws:sts::000000000000:assumed-role/Admin/alice",
)
UNTIL = f"held until {START:%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def held(aws: FakeAws) -> FakeAws:
    """A deployment in which a release is held, and another one has succeeded."""
    aws.waiting, aws.holds = [HELD], [HeldUntil(START)]
    aws.execution, aws.pointer = {"status": "RUNNING"}, None
    return aws


def test_show(held: FakeAws, run: Run) -> None:
    """By its id or its execution: until when it is held, since when, and by whom."""
    for name in ("held-1", "mine", EXECUTION):
        told = run("show", name).stdout
        assert f"Release held-1  {UNTIL}" in told
        assert "handed in" in told
        assert "alice through direct" in told
    shown = json.loads(run("show", "held-1", "--json").stdout)
    assert (shown["status"], shown["pending"]) == ("RUNNING", True)
    assert shown["notBefore"] == to_iso(START)
    assert shown["waitsFor"] == [{"until": to_iso(START)}]


def test_report(held: FakeAws, run: Run, tmp_path: Path) -> None:
    """The report says until when the release is held, and later when it was allowed to start."""
    assert run("show", "held-1", "--html", "held.html").exit_code == 0
    assert "Held until" in (tmp_path / "held.html").read_text(encoding="utf-8")
    held.waiting = [replace(HELD, pending=False)]
    assert run("show", "held-1", "--html", "held.html").exit_code == 0
    assert "Not before" in (tmp_path / "held.html").read_text(encoding="utf-8")


def test_list(held: FakeAws, run: Run) -> None:
    """The list says until when a release is held, or that it waits for pipelines."""
    held.releases = {"held-1": HELD, "busy-1": replace(HELD, release_id="busy-1", not_before=None)}
    told = run("list").stdout
    assert f"held until {START:%m-%d %H:%MZ}" in told
    assert "waits for pipelines" in told
    assert json.loads(run("list", "--json").stdout)[0]["pending"] is True


def test_cancel(held: FakeAws, run: Run) -> None:
    """A held release is stopped by its id; nothing else runs."""
    result = run("cancel", "held-1", "--reason", "not today")
    assert result.exit_code == 0, result.output
    assert [each["executionArn"] for each in held.stopped] == [EXECUTION]
    assert "it had not opened a release; nothing is running" in result.stdout


def test_watch_after_a_rejection(held: FakeAws, run: Run) -> None:
    """What was rejected before with the same id is not the answer while the release is held."""
    rejected = replace(
        HELD,
        release_id="arn:first",
        pending=False,
        requested_id="held-1",
        status=ReleaseStatus.REJECTED,
        why="ManifestInvalid: pipelines: missing",
    )
    held.releases["arn:first"] = rejected
    held.looks_before_opening, held.pointer = 8, "2026.11.22-1"
    result = run("watch", "held-1")
    assert result.exit_code == 0, result.output
    assert UNTIL in result.stdout
    assert "ManifestInvalid" not in result.output


def test_watch_says_until_when(held: FakeAws, run: Run) -> None:
    """A held release is followed by its id, and then opened."""
    held.looks_before_opening, held.pointer = 8, "2026.11.22-1"
    result = run("watch", "held-1")
    assert result.exit_code == 0, result.output
    assert f"{UNTIL}; it starts by itself then; cancel it with" in result.stdout


def test_watch_as_json(held: FakeAws, run: Run) -> None:
    """The event says until when the release is held."""
    held.looks_before_opening, held.pointer = 8, "2026.11.22-1"
    result = run("watch", "held-1", "--json")
    first = json.loads(result.stdout.splitlines()[0])
    assert (first["event"], first["holds"]) == ("releaseWaits", [])
    assert first["heldUntil"] == to_iso(START)


def test_submit_and_detach(held: FakeAws, run: Run) -> None:
    """--detach returns as soon as the release is held."""
    result = run("submit", "manifest.json", "--detach")
    assert result.exit_code == 0, result.output
    assert UNTIL in result.stdout


def test_the_next_attempt_of_a_release_waits(held: FakeAws, run: Run) -> None:
    """The release is shown with what its next attempt waits for; cancel stops that attempt."""
    held.set_status("FAILED")
    held.waiting = [replace(HELD, release_id="2026.11.22-1")]
    told = run("show", "2026.11.22-1").stdout
    assert "FAILED" in told
    assert UNTIL in told
    assert "its next attempt waits; follow it with: release-machine watch 2026.11.22-1" in told
    assert "release-machine retry" not in told
    assert run("cancel", "2026.11.22-1").exit_code == 0
    assert [each["executionArn"] for each in held.stopped] == [EXECUTION]


def test_who_waits_for_a_running_release(aws: FakeAws, run: Run) -> None:
    """The holder of the locks is shown with the releases behind it, in order."""
    aws.set_status("RUNNING", closed_at=None)
    aws.queue = [
        Behind(release_id=f"next-{n}", execution_arn="arn", since=at(n), pipelines=("orders",))
        for n in (1, 2)
    ]
    told = run("show", "2026.11.22-1").stdout
    assert "release next-1 since 2026-11-22T10:00:01Z: orders" in told
    assert told.index("next-1") < told.index("next-2")
    shown = json.loads(run("show", "2026.11.22-1", "--json").stdout)
    assert [each["releaseId"] for each in shown["behind"]] == ["next-1", "next-2"]


def test_a_release_behind_another(held: FakeAws, run: Run) -> None:
    """It is shown with the release that comes first."""
    held.waiting = [replace(HELD, not_before=None, waits_for=("orders",))]
    held.holds = [Hold(pipeline="orders", release_id="5.9", execution_arn="a", since=at(0))]
    told = run("show", "held-1").stdout
    assert "waits for pipelines" in told
    assert "orders is held by release 5.9 since 2026-11-22T10:00:00Z" in told


def test_retry_not_before(aws: FakeAws, run: Run) -> None:
    """A retry can be held; a time without a zone is wrong usage."""
    aws.set_status("FAILED")
    aws.execution = {"status": "RUNNING"}
    run("retry", "2026.11.22-1", "--detach", "--not-before", "2026-11-22T18:00:00+01:00")
    assert aws.started[0]["notBefore"] == "2026-11-22T18:00:00+01:00"
    result = run("retry", "2026.11.22-1", "--not-before", "2026-11-22T18:00:00")
    assert result.exit_code == 2
    assert "--not-before 2026-11-22T18:00:00 cannot be used" in result.stderr
