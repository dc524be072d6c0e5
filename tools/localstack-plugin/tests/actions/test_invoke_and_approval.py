"""The invoke actions, the manual approval, and the actions that the emulator cannot run."""

import json

import pytest

from memory_services import APP, Services, failure


def test_function_gets_its_job(services: Services) -> None:
    """The function is invoked asynchronously with AWS's event, and its result comes later."""
    configuration = {"FunctionName": "check", "UserParameters": "x"}
    more = {"job_id": "j1", "continuation_token": "again", "inputs": (APP,)}
    assert services.run("Invoke/Lambda", configuration, **more) is None
    (call,) = services.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("check", "Event")
    job = json.loads(call["Payload"])["CodePipeline.job"]
    assert (job["id"], job["accountId"]) == ("j1", "000000000000")
    assert job["data"]["actionConfiguration"] == {"configuration": configuration}
    assert job["data"]["continuationToken"] == "again"
    assert job["data"]["inputArtifacts"][0]["location"] == {
        "type": "S3",
        "s3Location": {"bucketName": "artifacts", "objectKey": APP.key},
    }


def test_unknown_function_is_named(services: Services) -> None:
    """A function that does not exist fails the action with AWS's text."""
    services.error = failure("ResourceNotFoundException", "Invoke")
    result = services.result("Invoke/Lambda", {"FunctionName": "check"})
    text = "The AWS Lambda function check does not exist."
    assert (result.error_code, result.error_message) == ("ConfigurationError", text)


def test_pipeline_is_started_once_for_a_run(services: Services) -> None:
    """The other pipeline gets revisions and variables; the run of the action is the token."""
    revisions = [{"actionName": "F", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v"}]
    variables = [{"name": "TIER", "value": "beta"}]
    lists = {"SourceRevisions": json.dumps(revisions), "Variables": json.dumps(variables)}
    result = services.result("Invoke/CodePipeline", {"PipelineName": "web", **lists})
    assert (result.succeeded, result.external_id) == (True, "started")
    services.run("Invoke/CodePipeline", {"PipelineName": "api"})
    assert services.calls == [
        {
            "name": "web",
            "clientRequestToken": "a",
            "sourceRevisions": revisions,
            "variables": variables,
        },
        {"name": "api", "clientRequestToken": "a"},
    ]


@pytest.mark.parametrize(
    ("value", "reason"), [("{'", "is not JSON"), ("{}", "must be a list in JSON")]
)
@pytest.mark.parametrize("setting", ["SourceRevisions", "Variables"])
def test_unreadable_settings_start_nothing(
    services: Services, setting: str, value: str, reason: str
) -> None:
    """A setting that is no list in JSON fails the action, and the error names it."""
    given = {"PipelineName": "web", setting: value}
    result = services.result("Invoke/CodePipeline", given)
    assert result.error_code == "ConfigurationError"
    assert result.error_message.startswith(f"{setting} {reason}")
    assert services.calls == []


def test_approval_publishes_to_its_topic(services: Services) -> None:
    """The message to the topic carries the token; without a topic nothing is published."""
    assert services.run("Approval/Manual", {}, token="t1") is None
    assert services.calls == []
    configuration = {"NotificationArn": "arn:topic", "CustomData": "look"}
    assert services.run("Approval/Manual", configuration, token="t1") is None
    (message,) = services.calls
    approval = json.loads(message["Message"])["approval"]
    assert (approval["token"], approval["customData"]) == ("t1", "look")


def test_unsupported_provider_fails_and_says_what_is_supported(services: Services) -> None:
    """The error names the unsupported provider and all supported ones."""
    result = services.result("Build/CodeBuild", {})
    assert "cannot run Build/AWS/CodeBuild" in result.error_message
    assert "Deploy/AWS/S3" in result.error_message
