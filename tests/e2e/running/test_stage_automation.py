"""CodePipeline fails, retries and rolls back stages by itself, and the release knows it."""

from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

BROKEN: dict[str, Any] = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}


def test_a_stage_condition_that_fails_is_the_reason(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """No action has failed: the reason is that of the rule."""
    name, release_id = pipelines.make(), unique("condition")
    rule = {
        "name": "Alarm",
        "ruleTypeId": {"category": "Rule", "provider": "CloudWatchAlarm", "version": "1"},
        "configuration": {"AlarmName": "errors"},
    }
    condition = {"conditions": [{"result": "FAIL", "rules": [rule]}]}
    pipelines.configure(name, beforeEntry=condition)
    with faults.rule("fail", pipeline=name, code="JobFailed", message="errors is in ALARM"):
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "FAILED"
    failure = ledger.pipeline(release_id, name)["failure"]
    assert failure["stage"] == DEPLOY_STAGE
    assert failure["message"] == "rule Alarm of a stage condition failed: errors is in ALARM"


def test_a_stage_that_codepipeline_retries_succeeds(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """The pipeline does not fail early, and uses none of its own retries."""
    name, release_id = pipelines.make(), unique("by-itself")
    pipelines.configure(name, onFailure={"result": "RETRY"})
    with faults.action("fail", pipeline=name, **BROKEN) as fault:
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(fault) == 1
    assert "retried" not in ledger.pipeline(release_id, name)
    assert len(pipelines.executions(name)) == 1


def test_a_stage_that_codepipeline_rolls_back(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """The pipeline ends with the rollback, as FAILED, and its reason names the execution."""
    name, release_id = pipelines.make(), unique("rolled-back")
    pipelines.configure(name, onFailure={"result": "ROLLBACK"})
    good = pipelines.start(name)
    wait_until(f"{good} succeeds", lambda: pipelines.status(name, good) == "Succeeded")
    with faults.action("fail", pipeline=name, **BROKEN):
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "FAILED"
    node = ledger.pipeline(release_id, name)
    rollback = pipelines.newest(name)
    assert rollback["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good}
    assert rollback["status"] == "Succeeded"
    told = f"CodePipeline rolled stage {DEPLOY_STAGE} back"
    assert f"{told} (execution {rollback['pipelineExecutionId']})" in node["failure"]["message"]
