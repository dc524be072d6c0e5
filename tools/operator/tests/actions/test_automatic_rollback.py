"""An automatic rollback is announced, and can be watched before it is opened."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import Result

from release_core.domain.release import Release, ReleaseStatus
from release_core.errors import RollbackRefused
from release_core.rollback.reader import rollback_name
from release_machine.commands import rollback as rollback_command
from release_machine.release.model import Snapshot
from release_machine.terminal.following import what_next
from release_machine.views.tables import release_header
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws

type Run = Callable[..., Result]

FAILED_ID = "5.1"
MACHINE = EXECUTION.rpartition(":")[0]
ROLLS_BACK = f"{MACHINE}:{rollback_name(FAILED_ID, EXECUTION)}"


@pytest.fixture
def failed(aws: FakeAws, running: Snapshot) -> Release:
    """A failed release that has announced its rollback."""
    made = replace(
        running.release,
        release_id=FAILED_ID,
        status=ReleaseStatus.FAILED,
        execution_arn=EXECUTION,
        closed_at=running.at,
        pipelines=dict(islice(running.release.pipelines.items(), 2)),
        rolls_back_as="5.1-rollback",
    )
    aws.releases = {FAILED_ID: made}
    return made


def workflow(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, *, starts_it_at: int | None) -> None:
    """Let the workflow of the failed release start the rollback at some look, or end without it."""
    looks = 0

    def describe(**asked: str) -> dict[str, Any]:
        nonlocal looks
        if asked["executionArn"] == EXECUTION:
            looks += 1
            return {"status": "FAILED" if starts_it_at is None else "RUNNING"}
        assert asked["executionArn"] == ROLLS_BACK
        if starts_it_at is None or looks < starts_it_at:
            raise ClientError(
                {"Error": {"Code": "ExecutionDoesNotExist", "Message": "no"}}, "DescribeExecution"
            )
        done = replace(
            aws.releases[FAILED_ID], release_id="5.1-rollback", status=ReleaseStatus.SUCCEEDED
        )
        aws.releases["5.1-rollback"] = replace(done, rolls_back_as=None)
        return {"status": "RUNNING"}

    monkeypatch.setattr(aws, "describe_execution", describe)
    monkeypatch.setattr(
        aws, "release_opened_by", lambda arn: "5.1-rollback" if arn == ROLLS_BACK else None
    )


@pytest.mark.usefixtures("failed")
def test_an_announced_rollback_is_named(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a failed release names its rollback and the command to follow it."""
    workflow(aws, monkeypatch, starts_it_at=1_000)
    result = run("watch", FAILED_ID)
    assert result.exit_code == 1
    told = result.stdout.splitlines()[-1]
    assert "release 5.1-rollback rolls it back" in told
    assert told.endswith("release-machine watch 5.1-rollback")
    events = run("watch", FAILED_ID, "--json")
    assert json.loads(events.stdout.splitlines()[-1])["rollsBackAs"] == "5.1-rollback"
    assert "watch 5.1-rollback" in events.stderr


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize(
    ("its_workflow", "rollback", "comes"),
    [
        ("RUNNING", None, True),
        ("FAILED", None, False),
        ("FAILED", "RUNNING", True),
        ("FAILED", "FAILED", False),
    ],
    ids=("about to start", "not started", "waits for busy pipelines", "refused"),
)
def test_a_rollback_that_will_not_be_opened(
    aws: FakeAws,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    its_workflow: str,
    rollback: str | None,
    *,
    comes: bool,
) -> None:
    """A rollback that may still come is followed; otherwise the user can start one."""

    def describe(**asked: str) -> dict[str, Any]:
        status = its_workflow if asked["executionArn"] == EXECUTION else rollback
        if status is None:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": status}

    monkeypatch.setattr(aws, "describe_execution", describe)
    monkeypatch.setattr(rollback_command, "rollback_reader", lambda _: Refusing())
    watched, rolled_back = run("watch", FAILED_ID), run("rollback", FAILED_ID)
    assert watched.exit_code == 1
    assert ("5.1-rollback rolls it back" in watched.stdout) is comes
    assert ("its rollback 5.1-rollback was not opened" in watched.stdout) is not comes
    assert ("release-machine rollback 5.1" in watched.stdout) is not comes
    assert rolled_back.exit_code == 2
    assert ("is being rolled back by release 5.1-rollback" in rolled_back.stderr) is comes
    assert ("Asked for" in rolled_back.stderr) is not comes


@pytest.mark.usefixtures("failed")
def test_an_execution_that_does_not_show_yet(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DescribeExecution is eventually consistent: a new execution may not show yet."""
    unseen = 3

    def describe(**asked: str) -> dict[str, Any]:
        nonlocal unseen
        if asked["executionArn"] == EXECUTION:
            return {"status": "FAILED"}
        unseen -= 1
        if unseen >= 0:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": "RUNNING"}

    monkeypatch.setattr(aws, "describe_execution", describe)
    assert "release 5.1-rollback rolls it back" in run("watch", FAILED_ID).stdout


class Refusing:
    """A reader that refuses every rollback."""

    def get(self, release_id: str, **_: bool) -> None:
        """Refuse."""
        raise RollbackRefused(f"asked for {release_id}")


def test_the_outcome_does_not_depend_on_the_rollback(
    aws: FakeAws, failed: Release, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who may not read the rollback's execution still gets the outcome."""

    def describe(**asked: str) -> dict[str, Any]:
        denied = asked["executionArn"] != EXECUTION
        if denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeExecution")
        return {"status": "FAILED"}

    monkeypatch.setattr(aws, "describe_execution", describe)
    result = run("watch", failed.release_id)
    assert result.exit_code == 1
    assert "release 5.1-rollback rolls it back" in result.stdout


def test_the_end_of_a_failed_release_names_commands(failed: Release) -> None:
    """Without a rollback the useful commands are named; a rollback is not rolled back."""
    alone = replace(failed, rolls_back_as=None)
    for command in ("show 5.1", "retry 5.1", "rollback 5.1"):
        assert f"release-machine {command}" in "\n".join(what_next(alone))
    assert "release-machine rollback" not in "\n".join(what_next(replace(alone, rollback_of="5.0")))


def test_a_rollback_is_watched_before_it_is_opened(
    aws: FakeAws, failed: Release, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """watch waits for an announced rollback, and then follows it to its end."""
    workflow(aws, monkeypatch, starts_it_at=3)
    result = run("watch", failed.rolls_back_as)
    assert result.exit_code == 0, result.output
    assert f"execution {ROLLS_BACK}" in result.stdout
    assert "release 5.1-rollback: SUCCEEDED" in result.stdout


@pytest.mark.parametrize("starts_it_at", [None, 1_000])
def test_a_rollback_that_is_never_started(
    aws: FakeAws,
    failed: Release,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    starts_it_at: int | None,
) -> None:
    """watch stops when the workflow ends without starting the rollback, or takes too long."""
    workflow(aws, monkeypatch, starts_it_at=starts_it_at)
    result = run("watch", failed.rolls_back_as)
    assert result.exit_code == 1
    assert "was not started" in result.stderr
    assert "release-machine rollback 5.1" in result.stderr


@pytest.mark.usefixtures("failed")
def test_an_unknown_rollback_id(run: Run) -> None:
    """An id that only looks like that of a rollback is unknown."""
    result = run("watch", "5.1-rollback-2")
    assert result.exit_code == 2
    assert "no release 5.1-rollback-2" in result.stderr


def test_show_names_a_rollback_that_is_not_opened(failed: Release, running: Snapshot) -> None:
    """The header of a release shows an announced rollback."""
    assert "5.1-rollback, which is not opened" in drawn(release_header(failed, now=running.at))
    opened = replace(failed, rolled_back_by="5.1-rollback")
    assert "not opened" not in drawn(release_header(opened, now=running.at))
