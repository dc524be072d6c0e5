"""What running pipelines do, from CodePipeline's own answers."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from release_core.domain.release import Pipeline, PipelineStatus
from release_machine.release.activity import ActivityInTurns, ActivityReader
from release_machine.release.model import Activity
from tools.operator.tests.conftest import Stubbed, at

EXECUTION = "3c4d5e6f-0000-4000-8000-000000000003"
CONSOLE_PAGE = (
    "https://us-east-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/web/view"
    "?region=us-east-1"
)
WEB = Pipeline(name="web", position=0, status=PipelineStatus.RUNNING, execution_id=EXECUTION)


def action(stage: str, name: str, status: str, category: str = "Deploy") -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": "S3", "version": "1"}
    return {
        "pipelineExecutionId": EXECUTION,
        "actionExecutionId": f"{stage}-{name}",
        "stageName": stage,
        "actionName": name,
        "status": status,
        "input": {"actionTypeId": kind},
    }


@pytest.fixture
def codepipeline(stubbed: Stubbed) -> tuple[ActivityReader, Stubber]:
    client, stubber = stubbed("codepipeline")
    return ActivityReader(client), stubber


def queue_actions(stubber: Stubber, *actions: dict[str, Any]) -> None:
    stubber.add_response(
        "list_action_executions",
        {"actionExecutionDetails": list(actions)},
        {"pipelineName": "web", "filter": {"pipelineExecutionId": EXECUTION}},
    )


def queue_mode(stubber: Stubber, mode: str) -> None:
    stubber.add_response(
        "get_pipeline_execution",
        {"pipelineExecution": {"executionMode": mode}},
        {"pipelineName": "web", "pipelineExecutionId": EXECUTION},
    )


def test_actions_in_progress(codepipeline: tuple[ActivityReader, Stubber]) -> None:
    """The stage and all its actions that run now are named; what ended is not."""
    reader, stubber = codepipeline
    queue_actions(
        stubber,
        action("Deploy", "Site", "InProgress"),
        action("Deploy", "Api", "InProgress"),
        action("Source", "S3", "Succeeded"),
    )
    assert reader.get_all((WEB,)) == {"web": Activity(stage="Deploy", action="Api, Site")}


def test_only_running_pipelines_are_asked_for(
    codepipeline: tuple[ActivityReader, Stubber],
) -> None:
    """Nothing is asked about a pipeline that waits, has ended or has no execution yet."""
    reader, _ = codepipeline
    others = (
        Pipeline(name="a", position=0),
        Pipeline(name="b", position=1, status=PipelineStatus.SUCCEEDED, execution_id=EXECUTION),
        Pipeline(name="c", position=2, status=PipelineStatus.STARTING),
    )
    assert reader.get_all(others) == {}


def test_manual_approval(codepipeline: tuple[ActivityReader, Stubber]) -> None:
    """A manual approval is waited for since it was asked for, with the command that gives it."""
    reader, stubber = codepipeline
    approval = action("Approve", "Ask", "InProgress", category="Approval")
    approval["input"]["resolvedConfiguration"] = {"CustomData": "Prices checked?"}
    queue_actions(stubber, {**approval, "startTime": at(7)})
    asked = {"actionName": "Ask", "latestExecution": {"status": "InProgress", "token": "t-1"}}
    stubber.add_response(
        "get_pipeline_state",
        {
            "stageStates": [
                {"stageName": "Source", "actionStates": [{"actionName": "Ask"}]},
                {
                    "stageName": "Approve",
                    "latestExecution": {"pipelineExecutionId": EXECUTION, "status": "InProgress"},
                    "actionStates": [asked],
                },
            ]
        },
    )
    assert reader.get_all((WEB,)) == {
        "web": Activity(
            stage="Approve",
            action="Ask",
            waits_for="manual approval",
            since=at(7),
            message="Prices checked?",
            way_out=(
                "aws codepipeline put-approval-result --pipeline-name web --stage-name Approve "
                "--action-name Ask --token t-1 --result summary=ok,status=Approved"
            ),
            link=CONSOLE_PAGE,
        )
    }


def test_page_to_look_at_before_approving(codepipeline: tuple[ActivityReader, Stubber]) -> None:
    """A manual approval that names a page to review is shown with that page."""
    reader, stubber = codepipeline
    asked = action("Approve", "Ask", "InProgress", category="Approval")
    asked["input"]["resolvedConfiguration"] = {"ExternalEntityLink": "https://example.com/diff"}
    queue_actions(stubber, asked)
    stubber.add_response("get_pipeline_state", {"stageStates": []})
    assert reader.get_all((WEB,))["web"].link == "https://example.com/diff"


def test_token_of_another_execution_is_not_shown(
    codepipeline: tuple[ActivityReader, Stubber],
) -> None:
    """In a parallel pipeline the state may show another execution, whose approval is not ours."""
    reader, stubber = codepipeline
    asked = action("Approve", "Ask", "InProgress", category="Approval")
    asked["output"] = {"executionResult": {"externalExecutionId": "e-1"}}
    queue_actions(stubber, asked)
    theirs = {"actionName": "Ask", "latestExecution": {"status": "InProgress", "token": "t-2"}}
    stubber.add_response(
        "get_pipeline_state",
        {
            "stageStates": [
                {
                    "stageName": "Approve",
                    "latestExecution": {"pipelineExecutionId": "other", "status": "InProgress"},
                    "actionStates": [theirs],
                }
            ]
        },
    )
    queue_mode(stubber, "PARALLEL")
    (activity,) = reader.get_all((WEB,)).values()
    assert activity.waits_for == "manual approval"
    assert activity.way_out is not None
    assert "--token e-1 " in activity.way_out


@pytest.mark.parametrize(("mode", "token"), [("PARALLEL", "e-1"), ("QUEUED", "TOKEN")])
def test_approval_without_a_token_in_the_state(
    codepipeline: tuple[ActivityReader, Stubber], mode: str, token: str
) -> None:
    """In PARALLEL mode it is given with what ListActionExecutions names; in others that is none."""
    reader, stubber = codepipeline
    asked = action("Approve", "Ask", "InProgress", category="Approval")
    asked["output"] = {"executionResult": {"externalExecutionId": "e-1"}}
    queue_actions(stubber, asked)
    inside = {"pipelineExecutionId": EXECUTION, "status": "InProgress"}
    shown = {"actionName": "Ask", "latestExecution": {"status": "InProgress"}}
    stubber.add_response(
        "get_pipeline_state",
        {
            "stageStates": [
                {"stageName": "Approve", "latestExecution": inside, "actionStates": [shown]}
            ]
        },
    )
    queue_mode(stubber, mode)
    assert f"--token {token} " in (reader.get_all((WEB,))["web"].way_out or "")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_of_several_that_wait(codepipeline: tuple[ActivityReader, Stubber], place: int) -> None:
    """Wherever it stands in the queue before a stage, it waits for who is in there."""
    reader, stubber = codepipeline
    queue_actions(stubber)
    queue = ["first", "second"]
    queue.insert(place, EXECUTION)
    waiting = [{"pipelineExecutionId": each, "status": "InProgress"} for each in queue]
    stage: Any = {
        "stageName": "Deploy",
        "inboundExecution": waiting[-1],
        "inboundExecutions": waiting,
        "latestExecution": {"pipelineExecutionId": "inside", "status": "InProgress"},
    }
    stubber.add_response("get_pipeline_state", {"stageStates": [stage]})
    waits_for = reader.get_all((WEB,))["web"].waits_for or ""
    assert waits_for.startswith("execution inside, which ")


@pytest.mark.parametrize(
    ("inside", "does", "way_out"),
    [
        ([], "is in that stage", None),
        (
            [{"actionName": "Check", "latestExecution": {"status": "InProgress"}}],
            "is at Deploy → Check",
            None,
        ),
        (
            [{"actionName": "Ask", "latestExecution": {"status": "InProgress", "token": "t-3"}}],
            "waits for manual approval",
            (
                "aws codepipeline put-approval-result --pipeline-name web --stage-name Deploy "
                "--action-name Ask --token t-3 --result summary=ok,status=Approved"
            ),
        ),
    ],
)
def test_stage_held_by_another_execution(
    codepipeline: tuple[ActivityReader, Stubber],
    *,
    inside: list[dict[str, Any]],
    does: str,
    way_out: str | None,
) -> None:
    """What waits in front of an occupied stage says what the one in it does, and how that ends."""
    reader, stubber = codepipeline
    queue_actions(stubber, action("Source", "S3", "Succeeded"))
    occupied = {
        "stageName": "Deploy",
        "inboundExecution": {"pipelineExecutionId": EXECUTION, "status": "InProgress"},
        "inboundTransitionState": {"enabled": True},
        "latestExecution": {"pipelineExecutionId": "370263ba-0000", "status": "InProgress"},
        "actionStates": [
            {"actionName": "Copy", "latestExecution": {"status": "Succeeded"}},
            *inside,
        ],
    }
    stubber.add_response("get_pipeline_state", {"stageStates": [occupied]})
    (activity,) = reader.get_all((WEB,)).values()
    assert (activity.stage, activity.waits_for) == ("Deploy", f"execution 370263ba, which {does}")
    assert activity.way_out == way_out
    assert activity.link == CONSOLE_PAGE


def test_disabled_transition(codepipeline: tuple[ActivityReader, Stubber]) -> None:
    """An execution held at a disabled transition says so, with the reason that was given."""
    reader, stubber = codepipeline
    queue_actions(stubber, action("Source", "S3", "Succeeded"))
    held = {
        "stageName": "Deploy",
        "inboundExecution": {"pipelineExecutionId": EXECUTION, "status": "InProgress"},
        "inboundTransitionState": {"enabled": False, "disabledReason": "freeze"},
    }
    stubber.add_response("get_pipeline_state", {"stageStates": [{"stageName": "Source"}, held]})
    (activity,) = reader.get_all((WEB,)).values()
    assert (activity.stage, activity.waits_for) == ("Deploy", "disabled transition (freeze)")
    assert activity.way_out is not None
    assert "enable-stage-transition --pipeline-name web --stage-name Deploy" in activity.way_out
    assert activity.link == CONSOLE_PAGE


def test_emulator_has_no_console() -> None:
    """Where the endpoint is not AWS's, no page of AWS's console is named."""
    client = boto3.client(
        "codepipeline",
        endpoint_url="http://127.0.0.1:1",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    stubber = Stubber(client)
    queue_actions(stubber, action("Approve", "Ask", "InProgress", category="Approval"))
    stubber.add_response("get_pipeline_state", {"stageStates": []})
    with stubber:
        assert ActivityReader(client).get_all((WEB,))["web"].link is None


def test_between_two_actions(codepipeline: tuple[ActivityReader, Stubber]) -> None:
    """An execution that does nothing for a moment has no activity."""
    reader, stubber = codepipeline
    queue_actions(stubber, action("Source", "S3", "Succeeded"))
    stubber.add_response("get_pipeline_state", {"stageStates": [{"stageName": "Source"}]})
    assert reader.get_all((WEB,)) == {}


def test_refused_look_only_makes_the_view_poorer(
    codepipeline: tuple[ActivityReader, Stubber],
) -> None:
    """A throttled or forbidden look at CodePipeline leaves the pipeline out."""
    reader, stubber = codepipeline
    stubber.add_client_error("list_action_executions", "AccessDeniedException")
    assert reader.get_all((WEB,)) == {}


class CountingReader(ActivityReader):
    """Answers by itself, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def get_all(self, pipelines: Iterable[Pipeline]) -> dict[str, Activity]:
        names = [each.name for each in pipelines]
        self.asked.append(names)
        return {name: Activity(action=f"look {len(self.asked)}") for name in names}


def test_many_pipelines_take_turns() -> None:
    """A look asks about a few; what it knows of the others it keeps, until their execution ends."""
    reader = CountingReader()
    turns = ActivityInTurns(reader, most=2)
    pipelines = tuple(
        Pipeline(name=name, position=place, status=PipelineStatus.RUNNING, execution_id=name)
        for place, name in enumerate("abc")
    )
    assert set(turns.get_all(pipelines)) == {"a", "b"}
    told = turns.get_all(pipelines)
    assert reader.asked == [["a", "b"], ["c", "a"]]
    assert {name: each.action for name, each in told.items()} == {
        "a": "look 2",
        "b": "look 1",
        "c": "look 2",
    }
    again = replace(pipelines[1], execution_id="retried")
    waiting = replace(pipelines[2], status=PipelineStatus.SUCCEEDED)
    assert set(turns.get_all((pipelines[0], again, waiting))) == {"a", "b"}
    assert reader.asked[-1] == ["b", "a"]
