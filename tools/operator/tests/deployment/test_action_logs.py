"""The logs of actions that failed, wherever AWS keeps them."""

from typing import Any

import pytest

from release_machine.deployment.action_logs import ActionLog, ActionLogReader
from tools.operator.tests.conftest import Stubbed, at

STREAM_ARN = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/codepipeline/web:log-stream:run/1"


def action(provider: str, result: dict[str, Any], **settings: str) -> dict[str, Any]:
    """A failed action as CodePipeline lists it."""
    return {
        "stageName": "Deploy",
        "actionName": "Check",
        "status": "Failed",
        "startTime": at(0),
        "lastUpdateTime": at(30),
        "input": {
            "actionTypeId": {
                "category": "Invoke",
                "owner": "AWS",
                "provider": provider,
                "version": "1",
            },
            "resolvedConfiguration": settings,
        },
        "output": {"executionResult": result},
    }


class Account:
    """Stubbed clients of CodePipeline, CodeBuild and CloudWatch Logs."""

    def __init__(self, stubbed: Stubbed) -> None:
        self.codepipeline, self.listed = stubbed("codepipeline")
        self.codebuild, self.builds = stubbed("codebuild")
        self.logs, self.lines = stubbed("logs")

    def logs_of(self, *actions: dict[str, Any]) -> list[ActionLog]:
        """The logs of these actions of an execution of web."""
        self.listed.add_response(
            "list_action_executions",
            {"actionExecutionDetails": list(actions)},
            {"pipelineName": "web", "filter": {"pipelineExecutionId": "e-1"}},
        )
        clients = {"logs": self.logs, "codebuild": self.codebuild}
        return [*ActionLogReader(self.codepipeline, clients.__getitem__).of_failed("web", "e-1")]

    def stream(self, group: str, stream: str, *lines: str) -> None:
        """The end of a stream has these lines."""
        asked = {
            "logGroupName": group,
            "logStreamName": stream,
            "startFromHead": False,
            "limit": 100,
        }
        self.lines.add_response(
            "get_log_events",
            {"events": [{"timestamp": 1, "message": each} for each in lines]},
            asked,
        )


@pytest.fixture
def account(stubbed: Stubbed) -> Account:
    return Account(stubbed)


def test_the_stream_that_codepipeline_names(account: Account) -> None:
    """An action that runs commands has the ARN of its log stream."""
    account.stream("/aws/codepipeline/web", "run/1", "npm test", "1 failed")
    (log,) = account.logs_of(action("Commands", {"logStreamARN": STREAM_ARN}))
    assert (log.stage, log.action) == ("Deploy", "Check")
    assert ([each.text for each in log.lines], log.missing) == (["npm test", "1 failed"], None)


def test_the_log_of_a_build(account: Account) -> None:
    """CodeBuild says where the log of a build is."""
    logs = {"groupName": "/aws/codebuild/web", "streamName": "b-1"}
    account.builds.add_response(
        "batch_get_builds", {"builds": [{"logs": logs}]}, {"ids": ["web:b-1"]}
    )
    account.stream("/aws/codebuild/web", "b-1", "exit status 2")
    (log,) = account.logs_of(action("CodeBuild", {"externalExecutionId": "web:b-1"}))
    assert [(each.function, each.text) for each in log.lines] == [("web", "exit status 2")]


def test_a_build_without_a_log(account: Account) -> None:
    """A build that writes to S3 alone has no log in CloudWatch."""
    account.builds.add_response("batch_get_builds", {"builds": [{"logs": {}}]})
    (log,) = account.logs_of(action("CodeBuild", {"externalExecutionId": "web:b-1"}))
    assert log.missing == "AWS keeps no log of an action of CodeBuild"


def test_the_log_of_a_function(account: Account) -> None:
    """A function writes to its own group; the lines while the action ran count."""
    begin, end = (int(at(seconds).timestamp() * 1000) for seconds in (0, 45))
    account.lines.add_response(
        "filter_log_events",
        {"events": [{"timestamp": 1, "message": f"line {number}"} for number in range(120)]},
        {"logGroupName": "/aws/lambda/check-site", "startTime": begin, "endTime": end},
    )
    (log,) = account.logs_of(action("Lambda", {}, FunctionName="check-site"))
    assert (len(log.lines), log.lines[-1].text) == (100, "line 119")


def test_a_log_that_may_not_be_read(account: Account) -> None:
    """The reason stands in the place of the lines, and the other actions are still read."""
    account.lines.add_client_error("get_log_events", "AccessDeniedException", "not you")
    first, second = account.logs_of(
        action("Commands", {"logStreamARN": STREAM_ARN}), action("S3", {})
    )
    assert "the log cannot be read: An error occurred (AccessDeniedException)" in str(first.missing)
    assert second.missing == "AWS keeps no log of an action of S3"


def test_only_actions_that_failed(account: Account) -> None:
    """Actions that succeeded have no part in it, and an empty log says that it is empty."""
    good = action("Commands", {"logStreamARN": STREAM_ARN}) | {"status": "Succeeded"}
    account.stream("/aws/codepipeline/web", "run/1")
    (log,) = account.logs_of(good, action("Commands", {"logStreamARN": STREAM_ARN}))
    assert log.missing == "the log is empty"
