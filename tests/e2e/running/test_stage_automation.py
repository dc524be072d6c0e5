"""CodePipeline fails, retries and rolls back stages by itself, and the release knows it."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import in_pipe, on_terminal
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

BROKEN: dict[str, Any] = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}


def condition(result: str, provider: str, **configuration: str) -> dict[str, Any]:
    """A condition with one rule of that provider."""
    rule = {
        "name": "Rule",
        "ruleTypeId": {"category": "Rule", "provider": provider, "version": "1"},
        "configuration": configuration,
    }
    return {"conditions": [{"result": result, "rules": [rule]}]}


def test_a_stage_condition_that_fails_is_the_reason(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """No action has failed: the reason is that of the rule."""
    name, release_id = pipelines.make(), unique("condition")
    pipelines.configure(name, beforeEntry=condition("FAIL", "CloudWatchAlarm", AlarmName="errors"))
    with faults.rule("fail", pipeline=name, code="JobFailed", message="errors is in ALARM"):
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "FAILED"
    failure = ledger.pipeline(release_id, name)["failure"]
    assert failure["stage"] == DEPLOY_STAGE
    assert failure["message"] == "rule Rule of a stage condition failed: errors is in ALARM"


def test_a_deployment_window_is_shown_and_overridden(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """The views show when the window opens; the command that they show lets the release end."""
    name, release_id = pipelines.make(), unique("window")
    rule = {
        "name": "Hours",
        "ruleTypeId": {"category": "Rule", "provider": "DeploymentWindow", "version": "1"},
        "configuration": {"Cron": "* 0 4 1 1 ? 2199", "TimeZone": "Europe/Berlin"},
    }
    pipelines.configure(name, beforeEntry={"conditions": [{"result": "FAIL", "rules": [rule]}]})
    with faults.rule("delay", pipeline=name, seconds=3600):
        arn = releases.start(manifest(release_id, name))
        releases.started(release_id, name)
        with on_terminal("watch", release_id) as terminal:
            terminal.wait_for("override-stage-condition")
            assert "opensat2199-01-01T03:00:00Z" in "".join(terminal.text.split())
        with in_pipe("watch", release_id, "--json") as watching:
            watching.wait_for("override-stage-condition")
            seen = [json.loads(line) for line in watching.text.splitlines()]
            waits = next(each for each in seen if each.get("wayOut"))
            assert (waits["stage"], waits["condition"]) == (DEPLOY_STAGE, "beforeEntry")
            assert (waits["rules"], waits["opensAt"]) == (["Hours"], "2199-01-01T03:00:00.000Z")
            _, *override = shlex.split(waits["wayOut"])
            subprocess.run([Path(sys.executable).with_name("aws"), *override], check=True)
            assert watching.end() == 0
        assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ledger.pipeline(release_id, name)["status"] == "SUCCEEDED"


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


@pytest.mark.parametrize(("policy", "outcome"), [("accept", "SUCCEEDED"), ("fail", "FAILED")])
def test_a_stage_that_codepipeline_skips(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    policy: str,
    outcome: str,
) -> None:
    """The stage is on record with the reason, and what was not deployed is not the last good."""
    name, release_id = pipelines.make(), unique(policy)
    pipelines.configure(name, beforeEntry=condition("SKIP", "LambdaInvoke", FunctionName="gate"))
    with faults.rule("fail", pipeline=name, code="JobFailed", message="closed"):
        arn = releases.start(manifest(release_id, name, onSkipped=policy))
        assert releases.end(arn)["status"] == outcome
    node = ledger.pipeline(release_id, name)
    assert node["status"] == outcome
    assert node["skipped_stages"] == [
        {
            "stage": DEPLOY_STAGE,
            "deploys": True,
            "why": "rule Rule of a stage condition failed: closed (JobFailed)",
        }
    ]
    assert not ledger.last_good(name)
