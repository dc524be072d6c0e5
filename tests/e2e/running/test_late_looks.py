"""What CodePipeline and Step Functions show late never undoes what is on record."""

from contextlib import ExitStack

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_an_end_counts_although_the_next_look_shows_an_earlier_state(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """After FAILED or STOPPED a look still shows InProgress: no RESUMED, and one retry is made.

    The next look of any task is an hour away.
    """
    failed, stopped, retried = (pipelines.make(approval=True) for _ in range(3))
    release_id = unique("late")
    with ExitStack() as block:
        for name in (failed, retried):
            block.enter_context(
                faults.action("fail", pipeline=name, stage=DEPLOY_STAGE, code="JobFailed")
            )
        arn = releases.start(
            manifest(
                release_id, failed, stopped, {"name": retried, "retries": 1}, onFailure="continue"
            )
        )
        executions = {
            name: releases.started(release_id, name) for name in (failed, stopped, retried)
        }
        for name, execution_id in executions.items():
            pipelines.wait_for_approval(name, execution_id)
        late = [
            block.enter_context(faults.stale(operation, pipeline=name))
            for name in executions
            for operation in ("GetPipelineExecution", "ListActionExecutions")
        ]
        for name in (failed, retried):
            pipelines.approve(name, executions[name])
        pipelines.stop(stopped, executions[stopped], reason="enough")
        ended = releases.end(arn)
        assert [faults.fired(each) for each in late] == [1] * len(late)

    assert ended["error"] == "ReleaseFailed"
    statuses = [ledger.pipeline(release_id, name)["status"] for name in executions]
    assert statuses == ["FAILED", "STOPPED", "SUCCEEDED"]
    changes = {name: ledger.execution(each)["changes"] for name, each in executions.items()}
    for name in (failed, stopped):
        assert "RESUMED" not in {change["state"] for change in changes[name]}
        assert pipelines.runs(name, executions[name], DEPLOY_STAGE) in (["Failed"], [])
    assert pipelines.runs(retried, executions[retried], DEPLOY_STAGE) == ["Succeeded", "Failed"]


def test_an_execution_that_is_not_shown_yet_is_waited_for(
    releases: Releases, pipelines: Pipelines, faults: Faults, machines: Machines
) -> None:
    """Looks that do not find a new execution fail nothing; a later look ends the release."""
    name, release_id = pipelines.make(), unique("unseen")
    with (
        faults.event("lose", pipeline=name, times=10),
        faults.stale("GetPipelineExecution", pipeline=name, times=2) as late,
    ):
        arn = releases.start(manifest(release_id, name), machine=machines.impatient(1))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(late) == 2
    assert len(pipelines.executions(name)) == 1


def test_a_holder_that_is_not_shown_yet_keeps_its_pipelines(
    releases: Releases, ledger: Ledger, refusals: Refusals, pipelines: Pipelines, faults: Faults
) -> None:
    """A release whose new workflow execution is not found is not taken for dead."""
    name, holder = pipelines.make(approval=True), unique("holder")
    first = releases.start(manifest(holder, name))
    execution_id = releases.started(holder, name)

    with faults.unseen(first):
        cause = refusals.cause(
            releases.start(manifest(unique("second"), name)), "PipelinesBusy", "direct"
        )

    assert f"- {name}: release {holder} holds it ({first})" in cause
    assert ledger.holder(name) == first
    pipelines.approve(name, execution_id)
    assert releases.end(first)["status"] == "SUCCEEDED"
    wait_until(f"{name} is unlocked", lambda: ledger.holder(name) == "")
