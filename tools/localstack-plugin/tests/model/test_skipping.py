"""What the API shows of a skipped stage and of a rollback.

The stages that an execution skipped follow from the actions that it ran, and from the version of
the structure that it ran with.
"""

import pytest

from shop import (
    FAILED,
    Json,
    Shop,
    action,
    condition,
    declare,
    deploy,
    fetched,
    refused,
    stage,
    variable_is,
)

TIER = [{"name": "TIER", "defaultValue": "prod"}]
LAST = stage("Last", action("Tell", "Invoke/Lambda", {"FunctionName": "f"}))
# The stage Deploy is skipped before its entry in all tiers but prod, or when its action fails.
GATED = stage("Deploy", deploy(), beforeEntry=condition("SKIP", variable_is("prod")))
FORGIVEN = stage("Deploy", deploy(), onFailure={"result": "SKIP"})


def ran(shop: Shop, execution: str) -> list[tuple[str, str, str]]:
    """Return stage, action and status of each run of an execution's actions, newest first."""
    chosen = {"pipelineExecutionId": execution}
    listed = shop.call("ListActionExecutions", pipelineName="shop", filter=chosen)
    details = listed["actionExecutionDetails"]
    return [(one["stageName"], one["actionName"], one["status"]) for one in details]


def skipped_at_entry() -> tuple[Shop, str, str]:
    """Return a shop with an execution that deployed, and the ids of it and of one that skipped."""
    shop, deployed = fetched(GATED, LAST, variables=TIER)
    shop.end("Publish")
    shop.end("Tell")
    skipped = shop.start(variables=[{"name": "TIER", "value": "beta"}])
    shop.end("Fetch")
    shop.end("Tell")
    return shop, deployed, skipped


def skipped_on_failure() -> tuple[Shop, str]:
    """Return a shop whose execution skipped a stage that failed, and the execution's id."""
    shop, execution = fetched(FORGIVEN, LAST)
    shop.end("Publish", FAILED)
    shop.end("Tell")
    return shop, execution


def test_no_action_runs_in_a_stage_that_is_skipped_at_its_entry() -> None:
    """The execution succeeds; the state of the stage shows no action of an earlier execution."""
    shop, _, skipped = skipped_at_entry()
    assert shop.status(skipped) == "Succeeded"
    assert ran(shop, skipped) == [
        ("Last", "Tell", "Succeeded"),
        ("Source", "Fetch", "Succeeded"),
    ]
    assert shop.stage()["latestExecution"] == {
        "pipelineExecutionId": skipped,
        "status": "Skipped",
    }
    assert shop.stage()["actionStates"] == [{"actionName": "Publish"}]


def test_failed_actions_of_a_skipped_stage_stay_failed() -> None:
    """The execution succeeds; the newest run of the failed action is Failed, with its reason."""
    shop, execution = skipped_on_failure()
    assert shop.status(execution) == "Succeeded"
    assert ran(shop, execution) == [
        ("Last", "Tell", "Succeeded"),
        ("Deploy", "Publish", "Failed"),
        ("Source", "Fetch", "Succeeded"),
    ]
    assert shop.stage()["latestExecution"]["status"] == "Skipped"
    latest = shop.stage()["actionStates"][0]["latestExecution"]
    assert (latest["status"], latest["errorDetails"]["code"]) == ("Failed", "JobFailed")
    assert [said for said in shop.emitted() if said.startswith("Deploy")] == [
        "Deploy STARTED",
        "Deploy/Publish STARTED",
        "Deploy/Publish FAILED",
    ]


def test_newest_run_of_an_action_tells_a_retry_from_a_skip() -> None:
    """A stage that was retried has an older run that failed, and a newest one that succeeded."""
    shop, execution = fetched()
    shop.end("Publish", FAILED)
    shop.retry(execution)
    shop.end("Publish")
    assert ran(shop, execution)[:2] == [
        ("Deploy", "Publish", "Succeeded"),
        ("Deploy", "Publish", "Failed"),
    ]


@pytest.mark.parametrize("on_failure", [False, True])
def test_skipped_stage_counts_as_no_success(*, on_failure: bool) -> None:
    """It is not retried, no target of a rollback, and not found by succeededInStage."""
    if on_failure:
        (shop, skipped), deployed = skipped_on_failure(), []
    else:
        shop, first, skipped = skipped_at_entry()
        deployed = [first]
    with refused("StageNotRetryableException"):
        shop.retry(skipped)
    place = {"pipelineName": "shop", "stageName": "Deploy"}
    with refused("UnableToRollbackStageException", "has not completed in stage"):
        shop.call("RollbackStage", **place, targetPipelineExecutionId=skipped)
    wanted = {"succeededInStage": {"stageName": "Deploy"}}
    found = shop.call("ListPipelineExecutions", pipelineName="shop", filter=wanted)
    assert [one["pipelineExecutionId"] for one in found["pipelineExecutionSummaries"]] == deployed


def test_rollback_runs_one_stage_and_is_no_skip_of_the_others() -> None:
    """Only its type tells that an execution which ran one stage did not skip the others."""
    shop, deployed, _ = skipped_at_entry()
    place = {"pipelineName": "shop", "stageName": "Deploy"}
    started = shop.call("RollbackStage", **place, targetPipelineExecutionId=deployed)
    rollback = started["pipelineExecutionId"]
    shop.end("Publish")
    assert shop.shown(rollback)["executionType"] == "ROLLBACK"
    assert ran(shop, rollback) == [("Deploy", "Publish", "Succeeded")]


def test_structure_that_an_execution_ran_with_can_be_read_later() -> None:
    """GetPipeline returns the stages of the version that GetPipelineExecution shows."""
    shop, _, skipped = skipped_at_entry()
    changed: Json = declare(stage("Ship", deploy()))
    shop.call("UpdatePipeline", pipeline=changed)
    version = shop.shown(skipped)["pipelineVersion"]
    structure = shop.call("GetPipeline", name="shop", version=version)["pipeline"]
    assert (structure["version"], [one["name"] for one in structure["stages"]]) == (
        1,
        ["Source", "Deploy", "Last"],
    )
    assert structure["stages"][1]["beforeEntry"] == GATED["beforeEntry"]
    assert len(ran(shop, skipped)) == 2
    now = shop.call("GetPipelineState", name="shop")["stageStates"]
    assert [one["stageName"] for one in now] == ["Source", "Ship"]
    assert "latestExecution" not in now[1]
