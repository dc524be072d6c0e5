"""When a pipeline does not succeed, onFailure decides what happens to the others."""

from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


class Case:
    """A release of four pipelines: one fails, one runs, and two wait.

    ``running`` waits for approval, ``broken`` fails, ``later`` depends on ``running`` alone and
    ``dependent`` on ``broken``.
    """

    def __init__(self, releases: Releases, ledger: Ledger, pipelines: Pipelines) -> None:
        self.running, self.broken = pipelines.make(approval=True), pipelines.make(approval=True)
        self.later, self.dependent = pipelines.make(), pipelines.make()
        self.release_id = unique("policy")
        self._releases, self._ledger, self._pipelines = releases, ledger, pipelines

    def start(self, **fields: Any) -> str:
        """Start the release and let one of its two running pipelines fail; return the ARN."""
        arn = self._releases.start(
            manifest(
                self.release_id,
                self.running,
                self.broken,
                {"name": self.later, "dependsOn": [self.running]},
                {"name": self.dependent, "dependsOn": [self.broken]},
                **fields,
            )
        )
        for name in (self.running, self.broken):
            self._pipelines.wait_for_approval(name, self.execution(name))
        self._pipelines.approve(self.broken, self.execution(self.broken), approve=False)
        wait_until(f"{self.broken} has failed", lambda: self.status(self.broken) == "FAILED")
        return arn

    def execution(self, name: str) -> str:
        """Wait for a pipeline's execution; return its id."""
        return self._releases.started(self.release_id, name)

    def approve(self) -> None:
        """Let the running pipeline go on."""
        self._pipelines.approve(self.running, self.execution(self.running))

    def status(self, name: str) -> str:
        """Return the recorded status of a pipeline."""
        return str(self._ledger.pipeline(self.release_id, name)["status"])

    def statuses(self) -> list[str]:
        """Return the status of running, broken, later and dependent."""
        names = (self.running, self.broken, self.later, self.dependent)
        return [self.status(name) for name in names]


@pytest.fixture
def case(releases: Releases, ledger: Ledger, pipelines: Pipelines) -> Case:
    """A release that is not started yet."""
    return Case(releases, ledger, pipelines)


def test_halt_starts_nothing_new_and_lets_the_rest_end(
    case: Case, releases: Releases, pipelines: Pipelines
) -> None:
    """By default running pipelines go on to their end, and waiting ones are skipped."""
    arn = case.start()
    wait_until("the dependent is skipped", lambda: case.status(case.dependent) == "SKIPPED")
    assert pipelines.status(case.running, case.execution(case.running)) == "InProgress"
    case.approve()

    ended = releases.end(arn)

    assert ended["status"] == "FAILED"
    assert case.statuses() == ["SUCCEEDED", "FAILED", "SKIPPED", "SKIPPED"]
    assert f"the release is halted: {case.broken} did not succeed" in ended["cause"]
    assert pipelines.executions(case.later) == []


def test_stop_waits_for_no_approval(case: Case, releases: Releases, pipelines: Pipelines) -> None:
    """The running pipeline stops without an answer to its approval, and deploys nothing."""
    ended = releases.end(case.start(onFailure="stop"))

    assert ended["status"] == "FAILED"
    assert case.statuses() == ["STOPPED", "FAILED", "SKIPPED", "SKIPPED"]
    assert f"{case.broken} did not succeed" in ended["cause"]
    assert pipelines.status(case.running, case.execution(case.running)) == "Stopped"


def test_stop_waits_for_an_action_that_runs(
    case: Case, releases: Releases, pipelines: Pipelines, faults: Faults
) -> None:
    """A deploy in progress is not abandoned: the pipeline is stopping until the deploy ends."""
    running, release_id = pipelines.make(), unique("policy")
    with faults.action("delay", pipeline=running, action=DEPLOY_STAGE, seconds=3600):
        arn = releases.start(manifest(release_id, running, case.broken, onFailure="stop"))
        executions = {name: releases.started(release_id, name) for name in (running, case.broken)}
        pipelines.wait_for_deploy(running, executions[running])
        pipelines.approve(case.broken, executions[case.broken], approve=False)
        wait_until(
            "the running pipeline is stopping",
            lambda: pipelines.status(running, executions[running]) == "Stopping",
        )
    assert releases.describe(arn)["status"] == "RUNNING"
    pipelines.stop(running, executions[running], reason="the deploy takes too long")
    assert releases.end(arn)["status"] == "FAILED"


def test_stop_abandons_the_action_with_stop_mode_abandon(
    case: Case, releases: Releases, pipelines: Pipelines
) -> None:
    """With stopMode abandon the running action is not waited for."""
    arn = case.start(onFailure="stop", stopMode="abandon")

    assert releases.end(arn)["status"] == "FAILED"
    assert case.statuses() == ["STOPPED", "FAILED", "SKIPPED", "SKIPPED"]
    assert pipelines.status(case.running, case.execution(case.running)) == "Stopped"


def test_a_pipeline_stopped_by_hand_is_a_failure_too(
    case: Case, releases: Releases, pipelines: Pipelines
) -> None:
    """The policy applies to every pipeline that did not succeed, not only to failed actions."""
    arn = releases.start(
        manifest(
            case.release_id,
            case.broken,
            {"name": case.dependent, "dependsOn": [case.broken]},
            onFailure="continue",
        )
    )
    execution_id = case.execution(case.broken)
    pipelines.wait_for_approval(case.broken, execution_id)
    pipelines.stop(case.broken, execution_id, reason="wrong build")

    assert releases.end(arn)["status"] == "FAILED"
    assert [case.status(case.broken), case.status(case.dependent)] == ["STOPPED", "SKIPPED"]
