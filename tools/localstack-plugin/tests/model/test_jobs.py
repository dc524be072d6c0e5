"""The jobs of Lambda actions, and how often their results may be reported."""

import pytest

from shop import UNKNOWN_ID, Json, Shop, action, deploy, fetched, refused, stage

URL = "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logStream:group=%252Faws%252Flambda%252Ff"
FAILURE = {"type": "PermissionError", "message": "may not", "externalExecutionId": "x2"}


def waiting_for_job() -> Shop:
    """Return a shop whose execution waits for the Lambda action Check, in the namespace Found."""
    check = action("Check", "Invoke/Lambda", {"FunctionName": "f"}, namespace="Found")
    publish = deploy(configuration={"ObjectKey": "#{Found.where}"})
    shop, _ = fetched(stage("Check", check), stage("Deploy", publish))
    return shop


def shown(shop: Shop) -> Json:
    """Return the action Check as ListActionExecutions shows it."""
    listed = shop.call("ListActionExecutions", pipelineName="shop")["actionExecutionDetails"]
    return next(dict(one) for one in listed if one["actionName"] == "Check")


def test_job_success_passes_on_its_variables_only() -> None:
    """Later actions get the output variables; the action shows its function, not the details."""
    shop = waiting_for_job()
    shop.call(
        "PutJobSuccessResult",
        jobId=shop.running("Check").job_id,
        executionDetails={"summary": "fine", "externalExecutionId": "x1"},
        outputVariables={"where": "here"},
    )
    assert shop.running("Publish").configuration["ObjectKey"] == "here"
    assert shown(shop)["output"]["executionResult"] == {
        "externalExecutionId": "f",
        "externalExecutionUrl": URL,
    }


def test_job_failure_gives_its_reason() -> None:
    """Type and message of a failed job become the action's error; its id stays the function."""
    shop = waiting_for_job()
    shop.call("PutJobFailureResult", jobId=shop.running("Check").job_id, failureDetails=FAILURE)
    assert shown(shop)["status"] == "Failed"
    assert shown(shop)["output"]["executionResult"] == {
        "externalExecutionId": "f",
        "externalExecutionSummary": "may not",
        "errorDetails": {"code": "PermissionError", "message": "may not"},
    }


def test_continuation_is_a_new_job() -> None:
    """A success with a continuation token runs the action again, as a job with another id."""
    shop = waiting_for_job()
    first = shop.running("Check")
    more = {"continuationToken": "more", "executionDetails": {"percentComplete": 40}}
    shop.call("PutJobSuccessResult", jobId=first.job_id, **more)
    second = shop.running("Check")
    assert second.continuation_token == "more"
    assert second.job_id != first.job_id
    assert second.action_execution_id == first.action_execution_id
    with refused("InvalidJobStateException", "already set to the desired value"):
        shop.call("PutJobSuccessResult", jobId=first.job_id)
    shop.call("PutJobSuccessResult", jobId=second.job_id)
    assert shown(shop)["status"] == "Succeeded"


def test_continuation_has_no_output_variables() -> None:
    """A continuation token with output variables is rejected, and the job can still answer."""
    shop = waiting_for_job()
    job = shop.running("Check").job_id
    both = {"continuationToken": "more", "outputVariables": {"where": "x"}}
    with refused("ValidationException", "both a continuation token and output variables"):
        shop.call("PutJobSuccessResult", jobId=job, **both)
    shop.call("PutJobSuccessResult", jobId=job)
    assert shown(shop)["status"] == "Succeeded"


def test_same_result_may_come_again() -> None:
    """The same result of a job is accepted again; another one and the opposite are rejected."""
    shop = waiting_for_job()
    job = shop.running("Check").job_id
    result = {"outputVariables": {"where": "x"}}
    for _ in range(2):
        assert shop.call("PutJobSuccessResult", jobId=job, **result) == {}
    with refused("InvalidJobStateException", "same status, but different result"):
        shop.call("PutJobSuccessResult", jobId=job)
    with refused("InvalidJobStateException", f"Job with id {job} has already terminated"):
        shop.call("PutJobFailureResult", jobId=job, failureDetails=FAILURE)
    with refused("JobNotFoundException", f"Job with id '{UNKNOWN_ID}' does not exist"):
        shop.call("PutJobSuccessResult", jobId=UNKNOWN_ID)


@pytest.mark.parametrize("operation", ["PutJobSuccessResult", "PutJobFailureResult"])
def test_result_of_an_abandoned_action_changes_nothing(operation: str) -> None:
    """The result of an abandoned action is accepted, and the action stays abandoned."""
    shop = waiting_for_job()
    job = shop.running("Check").job_id
    execution = shown(shop)["pipelineExecutionId"]
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    shop.call("StopPipelineExecution", **named, abandon=True)
    details = {"failureDetails": FAILURE} if "Failure" in operation else {}
    assert shop.call(operation, jobId=job, **details) == {}
    assert shown(shop)["status"] == "Abandoned"
    assert shop.status(execution) == "Stopped"


def test_output_variables_have_a_limit() -> None:
    """Output variables of more than 122,880 bytes are rejected, and the job keeps running."""
    shop = waiting_for_job()
    job = shop.running("Check").job_id
    with refused("OutputVariablesSizeExceededException"):
        shop.call("PutJobSuccessResult", jobId=job, outputVariables={"where": "x" * 122_880})
    assert shown(shop)["status"] == "InProgress"


def test_jobs_of_a_deleted_pipeline_are_gone() -> None:
    """Deleting a pipeline abandons its actions and removes its jobs."""
    shop = waiting_for_job()
    check = shop.running("Check")
    shop.call("DeletePipeline", name="shop")
    assert not shop.open
    with refused("JobNotFoundException"):
        shop.call("PutJobSuccessResult", jobId=check.job_id)
    shop.finish(check)
