"""Automatic retries of a stage, and rollbacks by a user or by CodePipeline."""

import json

import pytest

from localstack_codepipeline.model import ActionResult, Revision
from shop import (
    FAILED,
    UNKNOWN_ID,
    Driver,
    Json,
    Shop,
    condition,
    declare,
    deploy,
    fetched,
    refused,
    rule,
    stage,
)

RETRY = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
ROLLBACK = {"result": "ROLLBACK"}


def deployed(*, mode: str = "SUPERSEDED", **conditions: Json) -> tuple[Shop, str]:
    """Return a shop with one successful execution, and its id."""
    shop, execution = fetched(stage("Deploy", deploy(), **conditions), executionMode=mode)
    shop.end("Publish")
    return shop, execution


def roll_back(shop: Shop, target: str, name: str = "Deploy") -> str:
    """Roll a stage back to an execution, and return the id of the rollback."""
    named = {"pipelineName": "shop", "stageName": name, "targetPipelineExecutionId": target}
    return str(shop.call("RollbackStage", **named)["pipelineExecutionId"])


def start_and_fail(shop: Shop) -> str:
    """Start an execution that fails in the stage Deploy, and return its id."""
    execution = shop.start()
    shop.end("Fetch")
    shop.end("Publish", FAILED)
    return execution


def test_failed_stage_is_retried_once_by_itself() -> None:
    """The failure is announced, then the same execution is resumed; a second failure counts."""
    shop, execution = fetched(stage("Deploy", deploy(), onFailure=RETRY))
    before = len(shop.events)
    shop.end("Publish", FAILED)
    assert shop.status(execution) == "InProgress"
    assert shop.emitted()[before:] == [
        "Deploy/Publish FAILED",
        "Deploy FAILED",
        "pipeline FAILED",
        "pipeline RESUMED",
        "Deploy RESUMED",
        "Deploy/Publish STARTED",
    ]
    assert shop.events[-1].detail["pipeline-execution-attempt"] == 2.0
    assert shop.stage()["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "latestRetryTrigger": "AutomatedStageRetry",
    }
    shop.end("Publish", FAILED)
    assert shop.status(execution) == "Failed"
    shop.retry(execution)
    assert shop.stage()["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "manualStageRetryAttempt": 1,
        "latestRetryTrigger": "ManualStageRetry",
    }


@pytest.mark.parametrize(
    ("mode", "again"), [("FAILED_ACTIONS", {"B"}), ("ALL_ACTIONS", {"A", "B"})]
)
def test_retry_configuration_decides_what_runs_again(mode: str, again: set[str]) -> None:
    """The mode of an automatic retry is that of its configuration."""
    retry = RETRY | {"retryConfiguration": {"retryMode": mode}}
    shop, _ = fetched(stage("Deploy", deploy("A"), deploy("B"), onFailure=retry))
    shop.end("A")
    shop.end("B", FAILED)
    assert {one.action for one in shop.open.values()} == again


def test_condition_with_the_result_retry_retries_once() -> None:
    """A failure condition that fails may lead to the one automatic retry."""
    shop, execution = fetched(stage("Deploy", deploy(), onFailure=condition("RETRY", rule())))
    for _ in range(2):
        shop.end("Publish", FAILED)
        shop.end("Check", FAILED)
    assert shop.status(execution) == "Failed"
    assert shop.emitted().count("pipeline RESUMED") == 1


def waiting_for_its_retry() -> tuple[Shop, str]:
    """Return a shop whose execution has failed and is retried 30 seconds later."""
    shop, execution = fetched(stage("Deploy", deploy(), onFailure=RETRY))
    shop.model.retry_after = 30
    shop.end("Publish", FAILED)
    return shop, execution


def test_automatic_retry_can_come_later() -> None:
    """With a setting the execution is Failed for a time, before its retry."""
    shop, execution = waiting_for_its_retry()
    assert shop.status(execution) == "Failed"
    shop.pass_time(29)
    assert shop.status(execution) == "Failed"
    shop.pass_time(1)
    assert shop.status(execution) == "InProgress"
    shop.end("Publish")
    assert shop.status(execution) == "Succeeded"


def test_a_stage_that_is_not_retried_by_itself_is_free_for_the_next() -> None:
    """An execution of an earlier version fails for good, and does not keep its stage."""
    deploys = stage("Deploy", deploy(), onFailure=RETRY)
    shop = Shop(deploys)
    old = shop.start()
    shop.end("Fetch", FAILED)
    shop.call("UpdatePipeline", pipeline=declare(deploys))
    shop.retry(old, "Source")
    new = shop.start()
    shop.end("Fetch", execution=old)
    shop.end("Publish", FAILED)
    assert shop.status(old) == "Failed"
    shop.end("Fetch", execution=new)
    shop.end("Publish", execution=new)
    assert shop.status(new) == "Succeeded"


def test_automatic_retry_that_comes_too_late_is_not_made() -> None:
    """No retry follows a manual retry, a later execution, or an update of the pipeline."""
    shop, execution = waiting_for_its_retry()
    retried, overtaken, updated = shop, shop.clone(), shop.clone()
    retried.retry(execution)
    retried.end("Publish", FAILED)
    overtaken.start()
    overtaken.end("Fetch")
    updated.call("UpdatePipeline", pipeline=declare())
    for one in (overtaken, updated):
        one.pass_time(30)
        assert one.status(execution) == "Failed"
    assert retried.status(execution) == "Failed"
    retried.pass_time(29)
    assert retried.emitted().count("pipeline RESUMED") == 1


@pytest.mark.parametrize("mode", ["SUPERSEDED", "QUEUED", "PARALLEL"])
def test_stage_is_rolled_back(mode: str) -> None:
    """A rollback is an execution of its own that runs one stage with the target's sources."""
    shop, target = deployed(mode=mode)
    start_and_fail(shop)
    before = len(shop.events)
    rollback = roll_back(shop, target)
    publish = shop.running("Publish", rollback)
    runs = shop.call("ListActionExecutions", pipelineName="shop")["actionExecutionDetails"]
    fetch = next(
        one for one in runs if (one["pipelineExecutionId"], one["actionName"]) == (target, "Fetch")
    )
    assert fetch["output"]["outputArtifacts"] == runs[0]["input"]["inputArtifacts"]
    shop.finish(publish)
    shown = shop.shown(rollback)
    assert (shown["status"], shown["executionType"]) == ("Succeeded", "ROLLBACK")
    assert shown["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": target}
    detail = json.dumps({"AwsUserArn": shop.caller}, separators=(",", ":"))
    assert shown["trigger"] == {"triggerType": "ManualRollback", "triggerDetail": detail}
    assert shop.stage()["latestExecution"]["type"] == "ROLLBACK"
    assert shop.emitted()[before:] == [
        "pipeline STARTED",
        "Deploy STARTED",
        "Deploy/Publish STARTED",
        "Deploy/Publish SUCCEEDED",
        "Deploy SUCCEEDED",
        "pipeline SUCCEEDED",
    ]


def test_source_stage_is_rolled_back() -> None:
    """As seen on AWS: it fetches the newest revision, and shows the target's all the same."""
    shop = Shop()
    target = shop.start()
    shop.end("Fetch", ActionResult(revision=Revision("v1")))
    shop.end("Publish")
    rollback = roll_back(shop, target, "Source")
    shop.end("Fetch", ActionResult(revision=Revision("v2"), external_id="v2"))
    assert shop.status(rollback) == "Succeeded"
    assert not shop.open
    assert shop.shown(rollback)["artifactRevisions"][0]["revisionId"] == "v1"
    state = shop.stage("Source")["actionStates"][0]
    assert state["currentRevision"]["revisionId"] == "v2"


def test_failed_stage_rolls_back_by_itself() -> None:
    """CodePipeline starts a new execution, whose trigger names the one that failed."""
    shop, target = deployed(onFailure=ROLLBACK)
    failed = start_and_fail(shop)
    rollback = shop.newest()
    assert shop.status(failed) == "Failed"
    assert rollback not in (target, failed)
    shown = shop.shown(rollback)
    assert shown["executionType"] == "ROLLBACK"
    assert shown["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": target}
    detail = json.dumps({"FailedPipelineExecutionId": failed}, separators=(",", ":"))
    assert shown["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": detail}
    started = next(one for one in shop.events if one.detail["execution-id"] == rollback)
    assert started.detail["execution-trigger"] == {
        "trigger-type": "AutomatedRollback",
        "trigger-detail": detail,
    }
    shop.end("Publish")
    assert shop.status(rollback) == "Succeeded"


@pytest.mark.parametrize("member", ["onSuccess", "onFailure"])
def test_condition_rolls_back(member: str) -> None:
    """A success or failure condition that fails may roll the stage back."""
    shop, _ = deployed()
    checked = stage("Deploy", deploy(), **{member: condition("ROLLBACK", rule())})
    shop.call("UpdatePipeline", pipeline=declare(checked))
    first = shop.start()
    shop.end("Fetch")
    shop.end("Publish")
    if member == "onSuccess":
        shop.end("Check")
    failed = shop.start()
    shop.end("Fetch")
    shop.end("Publish", *([] if member == "onSuccess" else [FAILED]))
    shop.end("Check", FAILED)
    assert shop.status(failed) == "Failed"
    assert shop.shown(shop.newest())["rollbackMetadata"] == {
        "rollbackTargetPipelineExecutionId": first
    }


def test_rollback_that_fails_is_not_rolled_back() -> None:
    """A rollback checks no conditions, so that no rollback leads to another one."""
    shop, _ = deployed(onFailure=ROLLBACK)
    start_and_fail(shop)
    rollback = shop.newest()
    shop.end("Publish", FAILED)
    assert shop.newest() == rollback
    assert shop.status(rollback) == "Failed"


def test_failed_stage_without_an_earlier_success_stays_failed() -> None:
    """There is nothing to roll back to before a first success in the current structure."""
    shop, first = fetched(stage("Deploy", deploy(), onFailure=ROLLBACK))
    shop.end("Publish", FAILED)
    assert shop.newest() == first
    assert not shop.open


def test_rollback_goes_before_executions_that_wait() -> None:
    """An execution that waits for the stage enters it after the rollback."""
    shop, _ = deployed(mode="QUEUED", onFailure=ROLLBACK)
    failed, waiting = shop.start(), shop.start()
    shop.end("Fetch", execution=failed)
    shop.end("Fetch", execution=waiting)
    shop.end("Publish", FAILED)
    assert shop.running("Publish").execution_id == shop.newest()
    shop.end("Publish")
    assert shop.running("Publish").execution_id == waiting


def test_rollback_is_refused() -> None:
    """The target must have succeeded in this structure and stage, which must not run now."""
    shop, target = deployed()
    failed = start_and_fail(shop)
    with refused("UnableToRollbackStageException", "has not completed in stage with name 'Deploy'"):
        roll_back(shop, failed)
    with refused("PipelineExecutionNotFoundException"):
        roll_back(shop, UNKNOWN_ID)
    with refused("StageNotFoundException"):
        roll_back(shop, target, "Nowhere")
    rollback = roll_back(shop, target)
    with refused("UnableToRollbackStageException", "since stage Deploy is in progress"):
        roll_back(shop, target)
    shop.end("Publish")
    with refused("UnableToRollbackStageException", f"id '{rollback}' has not completed in stage"):
        roll_back(shop, rollback)
    shop.call("UpdatePipeline", pipeline=declare())
    with refused(
        "PipelineExecutionOutdatedException", "'shop' has been updated since the rollback"
    ):
        roll_back(shop, target)


def test_rollback_of_an_unknown_pipeline_is_refused() -> None:
    """The pipeline must exist."""
    named = {"pipelineName": "shop", "stageName": "Deploy"}
    with refused("PipelineNotFoundException"):
        Driver().call("RollbackStage", **named, targetPipelineExecutionId=UNKNOWN_ID)
