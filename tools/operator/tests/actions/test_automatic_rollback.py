"""An automatic rollback is announced, and can be watched before it is opened."""

import json
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.domain.release import Release, ReleaseStatus
from release_core.errors import RollbackRefused
from release_core.rollback.reader import rollback_name
from release_machine.actions import rollback as rollback_actions
from release_machine.release.model import Snapshot
from release_machine.release.remedies import what_next
from release_machine.views.tables import release_header
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws, refusal

FAILED_ID = "5.1"
MACHINE = EXECUTION.rpartition(":")[0]
ROLLS_BACK = f"{MACHINE}:{rollback_name(FAILED_ID, EXECUTION)}"
NOT_THERE = refusal("ExecutionDoesNotExist", "DescribeExecution")
DENIED = refusal("AccessDeniedException", "DescribeExecution")


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


class Executions:
    """The answers of DescribeExecution; the last one for the rollback repeats."""

    def __init__(self, aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
        self._aws = aws
        monkeypatch.setattr(aws, "describe_execution", self._describe)
        monkeypatch.setattr(aws, "release_opened_by", {ROLLS_BACK: "5.1-rollback"}.get)

    def show(self, workflow: str, *rollback: str | ClientError) -> None:
        """Set the status of the failed release's workflow, and the answers for the rollback."""
        self._workflow, self._rollback = workflow, list(rollback)

    def _describe(self, **asked: str) -> dict[str, Any]:
        if asked["executionArn"] == EXECUTION:
            return {"status": self._workflow}
        assert asked["executionArn"] == ROLLS_BACK
        status = self._rollback[0] if len(self._rollback) == 1 else self._rollback.pop(0)
        if isinstance(status, ClientError):
            raise status
        done = replace(self._aws.releases[FAILED_ID], status=ReleaseStatus.SUCCEEDED)
        self._aws.releases["5.1-rollback"] = replace(
            done, release_id="5.1-rollback", rolls_back_as=None
        )
        return {"status": status}


@pytest.fixture
def executions(aws: FakeAws, failed: Release, monkeypatch: pytest.MonkeyPatch) -> Executions:
    return Executions(aws, monkeypatch)


def test_an_announced_rollback_is_named(executions: Executions, run: Run) -> None:
    """The end of a failed release names its rollback and the command to follow it."""
    executions.show("RUNNING", NOT_THERE)
    result = run("watch", FAILED_ID)
    assert result.exit_code == 1
    told = result.stdout.splitlines()[-1]
    assert "release 5.1-rollback rolls it back" in told
    assert told.endswith("release-machine watch 5.1-rollback")
    events = run("watch", FAILED_ID, "--json")
    assert json.loads(events.stdout.splitlines()[-1])["rollsBackAs"] == "5.1-rollback"
    assert "watch 5.1-rollback" in events.stderr


@pytest.mark.parametrize(
    ("workflow", "rollback", "comes"),
    [
        ("RUNNING", NOT_THERE, True),
        ("FAILED", NOT_THERE, False),
        ("FAILED", "RUNNING", True),
        ("FAILED", "FAILED", False),
    ],
    ids=("about to start", "not started", "waits for busy pipelines", "refused"),
)
def test_a_rollback_that_will_not_be_opened(
    executions: Executions,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    workflow: str,
    rollback: str | ClientError,
    *,
    comes: bool,
) -> None:
    """A rollback that may still come is followed; otherwise the user can start one."""
    executions.show(workflow, rollback)
    monkeypatch.setattr(rollback_actions, "rollback_reader", lambda _: Refusing())
    watched, rolled_back = run("watch", FAILED_ID), run("rollback", FAILED_ID)
    shown = json.loads(run("show", FAILED_ID, "--json").stdout)["next"]
    assert [each for each in shown if each in watched.stdout] == shown != []
    assert ("its rollback 5.1-rollback was not opened" in "\n".join(shown)) is not comes
    assert watched.exit_code == 1
    assert ("5.1-rollback rolls it back" in watched.stdout) is comes
    assert ("its rollback 5.1-rollback was not opened" in watched.stdout) is not comes
    assert ("release-machine rollback 5.1" in watched.stdout) is not comes
    assert rolled_back.exit_code == (1 if comes else 2)
    assert ("is being rolled back by release 5.1-rollback" in rolled_back.stderr) is comes
    assert ("Asked for" in rolled_back.stderr) is not comes


@pytest.mark.parametrize("command", ["watch", "show"])
@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"])
def test_a_rollback_that_was_opened(
    failed: Release, aws: FakeAws, run: Run, command: str, status: str
) -> None:
    """If it did not succeed, another rollback can be started; a retry would be refused."""
    rollback = replace(failed, release_id="5.1-rollback", status=ReleaseStatus(status))
    rolled_back = replace(failed, rolled_back_by=rollback.release_id)
    aws.releases = {FAILED_ID: rolled_back, rollback.release_id: rollback}
    told, helps = run(command, FAILED_ID).stdout, status in {"FAILED", "CANCELLED"}
    assert ("release 5.1-rollback rolls it back; follow it with: " in told) is not helps
    assert ("its rollback 5.1-rollback did not succeed; see why with: " in told) is helps
    assert ("release-machine rollback 5.1" in told) is helps
    assert "release-machine retry" not in told


class Refusing:
    """A reader that refuses every rollback."""

    def get(self, release_id: str, **_: bool) -> None:
        """Refuse."""
        raise RollbackRefused(f"asked for {release_id}")


@pytest.mark.parametrize(
    "shown", [(NOT_THERE, NOT_THERE, NOT_THERE, "RUNNING"), (DENIED,)], ids=("late", "denied")
)
def test_the_outcome_does_not_depend_on_the_rollback(
    executions: Executions, run: Run, shown: tuple[str | ClientError, ...]
) -> None:
    """DescribeExecution may show a new execution late, or the user may not read it."""
    executions.show("FAILED", *shown)
    result = run("watch", FAILED_ID)
    assert result.exit_code == 1
    assert "release 5.1-rollback rolls it back" in result.stdout


def test_the_end_of_a_failed_release_names_commands(failed: Release) -> None:
    """Without a rollback the useful commands are named; a rollback is not rolled back."""
    alone = replace(failed, rolls_back_as=None)
    for command in ("retry 5.1", "rollback 5.1"):
        assert f"release-machine {command}" in "\n".join(what_next(alone))
    assert "release-machine rollback" not in "\n".join(what_next(replace(alone, rollback_of="5.0")))


def test_a_rollback_is_watched_before_it_is_opened(executions: Executions, run: Run) -> None:
    """watch waits for an announced rollback, and then follows it to its end."""
    executions.show("RUNNING", NOT_THERE, NOT_THERE, "RUNNING")
    result = run("watch", "5.1-rollback")
    assert result.exit_code == 0, result.output
    assert f"execution {ROLLS_BACK}" in result.stdout
    assert "release 5.1-rollback: SUCCEEDED" in result.stdout


@pytest.mark.parametrize("workflow", ["FAILED", "RUNNING"])
def test_a_rollback_that_is_never_started(executions: Executions, run: Run, workflow: str) -> None:
    """watch stops when the workflow ends without starting the rollback, or takes too long."""
    executions.show(workflow, NOT_THERE)
    result = run("watch", "5.1-rollback")
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
