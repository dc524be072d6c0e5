"""What AWS was seen to do: one test for each observation, with AWS's texts."""

import pytest

from localstack_codepipeline.model import ActionResult, CodePipelineModel, Revision
from shop import FAILED, Json, Shop, action, declare, deploy, fetched, refused, source, stage

MISSING = "Values for required variables haven't been provided: WHERE"
REVISION = Revision("v7", "Amazon S3 version id: v7")
EVENT_MEMBERS = {
    "pipeline",
    "execution-id",
    "start-time",
    "state",
    "version",
    "pipeline-execution-attempt",
}
ACTION_MEMBERS = {"action-execution-id", "region", "type", "input-artifacts"}
GATES = stage("Check", deploy("Try")), stage("Deploy", deploy())


def seen(shop: Shop, execution: str) -> Json:
    """Return the execution as GetPipelineExecution shows it."""
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    return dict(shop.call("GetPipelineExecution", **named)["pipelineExecution"])


def retried_twice() -> tuple[Shop, str]:
    """Return a shop whose execution succeeded after one retry in each of two stages."""
    shop, execution = fetched(*GATES)
    for gate, name in (("Try", "Check"), ("Publish", "Deploy")):
        shop.end(gate, FAILED)
        shop.pass_time(60)
        shop.retry(execution, name)
        shop.end(gate)
    return shop, execution


def test_stage_events_count_no_attempt_before_the_first_retry() -> None:
    """Stage events have attempt 0.0 until a retry, and the execution's attempt afterwards."""
    shop, _ = retried_twice()
    attempts = [
        (event.detail["stage"], event.state, event.detail["pipeline-execution-attempt"])
        for event in shop.events
        if event.detail_type == "CodePipeline Stage Execution State Change"
    ]
    assert attempts == [
        ("Source", "STARTED", 0.0),
        ("Source", "SUCCEEDED", 0.0),
        ("Check", "STARTED", 0.0),
        ("Check", "FAILED", 0.0),
        ("Check", "RESUMED", 2.0),
        ("Check", "SUCCEEDED", 2.0),
        ("Deploy", "STARTED", 2.0),
        ("Deploy", "FAILED", 2.0),
        ("Deploy", "RESUMED", 3.0),
        ("Deploy", "SUCCEEDED", 3.0),
    ]


def test_action_and_pipeline_events_count_from_one() -> None:
    """Pipeline and action events of the first attempt have attempt 1.0."""
    shop, _ = fetched()
    numbers = {
        event.detail["pipeline-execution-attempt"]
        for event in shop.events
        if "stage" not in event.detail or "action" in event.detail
    }
    assert numbers == {1.0}


def test_events_after_a_retry_have_its_time() -> None:
    """A pipeline's events have the time of its last retry; a stage's events that of its own."""
    shop, _ = retried_twice()
    first, second = "2026-01-01T00:01:00.000Z", "2026-01-01T00:02:00.000Z"
    times = [
        (event.detail.get("stage", "pipeline"), event.state, event.detail.get(name))
        for event in shop.events
        if "action" not in event.detail
        for name in ("last-retry-attempt-time", "stage-last-retry-attempt-time")
        if name in event.detail
    ]
    assert times == [
        ("pipeline", "RESUMED", first),
        ("Check", "RESUMED", first),
        ("Check", "SUCCEEDED", first),
        ("pipeline", "FAILED", first),
        ("pipeline", "RESUMED", second),
        ("Deploy", "RESUMED", second),
        ("Deploy", "SUCCEEDED", second),
        ("pipeline", "SUCCEEDED", second),
    ]


def test_resumed_keeps_the_first_start_and_has_no_trigger() -> None:
    """RESUMED has the start time of the execution or stage, and no trigger."""
    shop, _ = retried_twice()
    resumed = [event.detail for event in shop.events if event.state == "RESUMED"]
    assert not any("execution-trigger" in detail for detail in resumed)
    assert [detail["start-time"][14:19] for detail in resumed] == ["00:00"] * 3 + ["01:00"]


@pytest.mark.parametrize(
    ("place", "state", "attempt", "more"),
    [
        ({}, "STARTED", 1.0, {"execution-trigger"}),
        ({}, "FAILED", 1.0, set()),
        ({}, "RESUMED", 2.0, {"last-retry-attempt-time"}),
        ({}, "SUCCEEDED", 3.0, {"last-retry-attempt-time"}),
        ({"stage": "Check"}, "STARTED", 0.0, set()),
        ({"stage": "Check"}, "RESUMED", 2.0, {"stage-last-retry-attempt-time"}),
        ({"stage": "Deploy"}, "STARTED", 2.0, set()),
        ({"stage": "Deploy"}, "FAILED", 2.0, set()),
        ({"stage": "Deploy"}, "RESUMED", 3.0, {"stage-last-retry-attempt-time"}),
        ({"stage": "Check", "action": "Try"}, "STARTED", 2.0, ACTION_MEMBERS),
        ({"stage": "Check", "action": "Try"}, "FAILED", 1.0, ACTION_MEMBERS | {"execution-result"}),
    ],
)
def test_events_have_these_members(place: Json, state: str, attempt: float, more: set[str]) -> None:
    """Each event of two retries has the members that AWS was seen to send, and no others."""
    shop, _ = retried_twice()
    (found,) = [
        event.detail
        for event in shop.events
        if (event.state, event.detail["pipeline-execution-attempt"]) == (state, attempt)
        and {name: event.detail[name] for name in ("stage", "action") if name in event.detail}
        == place
    ]
    assert set(found) == EVENT_MEMBERS | set(place) | more


def test_each_stage_counts_its_own_retries() -> None:
    """GetPipelineState shows the number of retries of each stage, also after it succeeded."""
    shop, _ = retried_twice()
    states = shop.call("GetPipelineState", name="shop")["stageStates"]
    once = {"manualStageRetryAttempt": 1, "latestRetryTrigger": "ManualStageRetry"}
    assert [state.get("retryStageMetadata") for state in states] == [None, once, once]


def test_stopped_execution_shows_the_reason() -> None:
    """The status summary is the reason that was given last, and only when the execution ended."""
    shop, execution = fetched()
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    shop.call("StopPipelineExecution", **named, reason="wrong build")
    assert "statusSummary" not in seen(shop, execution)
    with refused("DuplicatedStopRequestException", "shop is already in a stopping state"):
        shop.call("StopPipelineExecution", **named)
    shop.call("StopPipelineExecution", **named, abandon=True, reason="now")
    found = seen(shop, execution)
    assert (found["status"], found["statusSummary"]) == ("Stopped", "now")


def test_ended_execution_cannot_be_stopped_or_retried() -> None:
    """The errors of a stop and of a retry that come too late have AWS's texts."""
    shop, execution = fetched()
    shop.end("Publish")
    named = {"pipelineName": "shop", "pipelineExecutionId": execution}
    with refused("PipelineExecutionNotStoppableException", "has no action executions in progress"):
        shop.call("StopPipelineExecution", **named)
    with refused(
        "StageNotRetryableException", "The stage named Deploy in the shop pipeline can't be"
    ):
        shop.retry(execution)


def test_unknown_variable_is_ignored() -> None:
    """A variable that the pipeline does not declare is ignored."""
    shop = Shop(variables=[{"name": "WHERE", "defaultValue": "www"}])
    execution = shop.start(variables=[{"name": "OTHER", "value": "x"}])
    assert seen(shop, execution)["variables"] == [{"name": "WHERE", "resolvedValue": "www"}]
    assert shop.running("Fetch")


def test_missing_variable_fails_the_execution() -> None:
    """A start without a required variable answers an execution that has already failed."""
    shop = Shop(variables=[{"name": "WHERE"}])
    execution = shop.start()
    found = seen(shop, execution)
    assert (found["status"], found["statusSummary"]) == ("Failed", MISSING)
    assert "variables" not in found
    assert shop.emitted() == ["pipeline STARTED", "pipeline FAILED"]
    assert not shop.open


def test_execution_that_never_began_cannot_be_retried() -> None:
    """An execution that failed for a missing variable has no stage to retry."""
    shop = Shop(variables=[{"name": "WHERE"}])
    execution = shop.start()
    with refused("StageNotRetryableException"):
        shop.retry(execution, "Source")


def test_repeated_variable_is_rejected() -> None:
    """A variable that is given twice is rejected, and the error names it."""
    twice = [{"name": "WHERE", "value": "x"}] * 2
    with refused("ValidationException", "must be unique. .* already in use: WHERE"):
        Shop(variables=[{"name": "WHERE"}]).start(variables=twice)


def test_token_names_the_first_execution_whatever_else_is_given() -> None:
    """The same clientRequestToken returns the first execution, also with other valid values."""
    shop = Shop(variables=[{"name": "WHERE"}])
    first = shop.start(clientRequestToken="t", variables=[{"name": "WHERE", "value": "x"}])
    for variables in ([{"name": "WHERE", "value": "y"}], [{"name": "OTHER", "value": "y"}], []):
        assert shop.start(clientRequestToken="t", variables=variables) == first


def test_request_is_checked_before_its_token() -> None:
    """A known clientRequestToken does not save an invalid request."""
    shop = Shop(variables=[{"name": "WHERE", "defaultValue": "x"}])
    shop.start(clientRequestToken="t")
    wrong: Json = {"actionName": "No", "revisionType": "COMMIT_ID", "revisionValue": "x"}
    with refused("ValidationException", "must be a source action in your pipeline"):
        shop.start(clientRequestToken="t", sourceRevisions=[wrong])
    with refused("ValidationException", "must be unique"):
        shop.start(clientRequestToken="t", variables=[{"name": "A", "value": "x"}] * 2)


def test_standard_execution_has_no_type_and_no_empty_variables() -> None:
    """AWS shows neither the type of a standard execution nor variables that do not exist."""
    shop, execution = fetched()
    found = seen(shop, execution)
    assert {"executionType", "variables"}.isdisjoint(found)
    listed = shop.call("ListPipelineExecutions", pipelineName="shop")
    assert "executionType" not in listed["pipelineExecutionSummaries"][0]
    latest = shop.call("GetPipelineState", name="shop")["stageStates"][0]["latestExecution"]
    assert set(latest) == {"pipelineExecutionId", "status"}


def test_s3_revision_has_three_members() -> None:
    """The artifact revision of an S3 source has its name, its id and its summary only."""
    shop = Shop()
    execution = shop.start()
    shop.end("Fetch", ActionResult(revision=REVISION))
    assert seen(shop, execution)["artifactRevisions"] == [
        {"name": "App", "revisionId": "v7", "revisionSummary": "Amazon S3 version id: v7"}
    ]
    state = shop.call("GetPipelineState", name="shop")["stageStates"][0]["actionStates"][0]
    assert state["currentRevision"] == {"revisionId": "v7"}


def test_state_of_a_stage_is_that_of_its_latest_execution() -> None:
    """An action that has not run in the latest execution has no execution, only its name."""
    shop, _ = fetched(stage("Deploy", deploy("A"), deploy("B", runOrder=2)))
    shop.end("A")
    shop.end("B", FAILED)
    shop.start()
    assert "latestExecution" in shop.stage()["actionStates"][1]
    shop.end("Fetch")
    first, second = shop.stage()["actionStates"]
    assert first["latestExecution"]["status"] == "InProgress"
    assert second == {"actionName": "B"}


def created_with(*polls: str | None) -> list[Json]:
    """Return the triggers of the executions that CreatePipeline starts; None: not given."""
    given = [{} if poll is None else {"PollForSourceChanges": poll} for poll in polls]
    sources = [
        source(f"Fetch{number}", f"App{number}", configuration=one)
        for number, one in enumerate(given)
    ]
    publish = action("Check", "Invoke/Lambda", {"FunctionName": "f"})
    pipeline = declare(stages=[stage("Source", *sources), stage("Deploy", publish)])
    shop = Shop()
    model = CodePipelineModel(last_id=0)
    model.call("CreatePipeline", {"pipeline": pipeline}, now=shop.now, caller="arn:me")
    listed = model.call("ListPipelineExecutions", {"pipelineName": "shop"}, now=shop.now)
    return [one["trigger"] for one in listed.response["pipelineExecutionSummaries"]]


@pytest.mark.parametrize("poll", [None, "true", "True"])
def test_polled_source_starts_the_first_execution(poll: str | None) -> None:
    """The first execution of a pipeline whose source is polled names the source as its trigger."""
    trigger = {"triggerType": "PollForSourceChanges", "triggerDetail": "Fetch0"}
    assert created_with(poll) == [trigger]


@pytest.mark.parametrize("poll", ["false", "False", "yes", "1"])
def test_creation_starts_the_first_execution_of_other_pipelines(poll: str) -> None:
    """Without polling the first execution names the caller that created the pipeline."""
    assert created_with(poll) == [{"triggerType": "CreatePipeline", "triggerDetail": "arn:me"}]


def test_each_polled_source_starts_an_execution() -> None:
    """Two polled sources start two executions, one for each."""
    assert {trigger["triggerDetail"] for trigger in created_with(None, "true", "false")} == {
        "Fetch0",
        "Fetch1",
    }


def test_pipeline_whose_variable_is_missing_is_created() -> None:
    """A pipeline with a required variable is created, and its first execution fails."""
    model, shop = CodePipelineModel(last_id=0), Shop()
    model.call("CreatePipeline", {"pipeline": declare(variables=[{"name": "WHERE"}])}, now=shop.now)
    listed = model.call("ListPipelineExecutions", {"pipelineName": "shop"}, now=shop.now)
    (first,) = listed.response["pipelineExecutionSummaries"]
    assert (first["status"], first["statusSummary"]) == ("Failed", MISSING)


def test_rule_that_starts_a_pipeline_is_its_trigger() -> None:
    """An execution that an EventBridge rule started names the rule."""
    shop = Shop()
    shop.caller = "arn:aws:events:us-east-1:000000000000:rule/uploaded"
    execution = shop.start()
    trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": shop.caller}
    assert seen(shop, execution)["trigger"] == trigger
