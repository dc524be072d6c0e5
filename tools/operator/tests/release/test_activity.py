"""The activity of running pipelines, from answers of CodePipeline."""

from collections.abc import Callable, Iterable, Sequence
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

# The activity, or None; Any spares each test the check for None.
type Told = Callable[..., Any]


def _no_release(_execution_id: str) -> str | None:
    return None


def action(
    stage: str, name: str, status: str, category: str = "Deploy", **configured: str
) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": "S3", "version": "1"}
    return {
        "pipelineExecutionId": EXECUTION,
        "actionExecutionId": f"{stage}-{name}",
        "pipelineVersion": 1,
        "stageName": stage,
        "actionName": name,
        "status": status,
        "startTime": at(7),
        "input": {"actionTypeId": kind, "resolvedConfiguration": configured},
    }


def approval(**configured: str) -> dict[str, Any]:
    """A manual approval that the list of actions shows as running."""
    return action("Approve", "Ask", "InProgress", category="Approval", **configured)


COPIED = action("Source", "S3", "Succeeded")


def inside(execution_id: str) -> dict[str, str]:
    return {"pipelineExecutionId": execution_id, "status": "InProgress"}


def asks(run: str = "Approve-Ask", status: str = "InProgress", **more: str) -> dict[str, Any]:
    """The stage of the approval, with the action execution that it shows."""
    latest = {"actionExecutionId": run, "status": status, **more}
    asked = {"actionName": "Ask", "latestExecution": latest}
    return {"stageName": "Approve", "latestExecution": inside(EXECUTION), "actionStates": [asked]}


@pytest.fixture
def told(stubbed: Stubbed) -> Told:
    """The activity of web: from its actions, states of stages, rules and its execution mode."""

    def tell(
        *actions: dict[str, Any],
        stages: Sequence[Any] = (),
        version: int = 1,
        mode: str | None = None,
        rules: Sequence[Any] | None = None,
        release_of: Callable[[str], str | None] = _no_release,
    ) -> Activity | None:
        client, stubber = stubbed("codepipeline")
        stubber.add_response(
            "list_action_executions",
            {"actionExecutionDetails": list(actions)},
            {"pipelineName": "web", "filter": {"pipelineExecutionId": EXECUTION}},
        )
        state = {"stageStates": list(stages), "pipelineVersion": version}
        stubber.add_response("get_pipeline_state", state, {"name": "web"})
        if rules is not None:
            asked: dict[str, Any] = {"pipelineName": "web"}
            asked["filter"] = {"pipelineExecutionId": EXECUTION}
            stubber.add_response(
                "list_rule_executions", {"ruleExecutionDetails": list(rules)}, asked
            )
        if mode is not None:
            asked = {"pipelineName": "web", "pipelineExecutionId": EXECUTION}
            answer = {"pipelineExecution": {"executionMode": mode}}
            stubber.add_response("get_pipeline_execution", answer, asked)
        reader = ActivityReader(client, release_of=release_of, clock=lambda: at(30))
        return reader.get_all((WEB,)).get("web")

    return tell


def test_actions_in_progress(told: Told) -> None:
    """The stage and its actions in progress are named, without actions that have ended."""
    site, api = (action("Deploy", name, "InProgress") for name in ("Site", "Api"))
    assert told(site, api, COPIED) == Activity(stage="Deploy", action="Api, Site")


def test_only_running_pipelines_are_read(stubbed: Stubbed) -> None:
    """Nothing is read about a pipeline that waits, has ended or has no execution yet."""
    client, _ = stubbed("codepipeline")
    others = (
        Pipeline(name="a", position=0),
        Pipeline(name="b", position=1, status=PipelineStatus.SUCCEEDED, execution_id=EXECUTION),
        Pipeline(name="c", position=2, status=PipelineStatus.STARTING),
    )
    assert ActivityReader(client, release_of=_no_release).get_all(others) == {}


def test_manual_approval(told: Told) -> None:
    """An approval has its question and its time, and no token."""
    source = {"stageName": "Source", "actionStates": [{"actionName": "Ask"}]}
    asked = approval(CustomData="Prices checked?")
    assert told(asked, stages=[source, asks(token="t-1")]) == Activity(
        stage="Approve",
        action="Ask",
        waits_for="manual approval",
        since=at(7),
        message="Prices checked?",
        link=CONSOLE_PAGE,
    )


def test_a_page_to_review(told: Told) -> None:
    """An approval that names a page to review has that page as its link."""
    asked = approval(ExternalEntityLink="https://example.com/diff")
    assert told(asked).link == "https://example.com/diff"


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Abandoned"])
def test_nobody_is_asked_for_what_is_over(told: Told, status: str) -> None:
    """The list shows an answered, cancelled or abandoned approval as running for a while."""
    assert told(approval(), COPIED, stages=[asks(status=status)]) is None


def test_an_answered_approval_hides_no_other_action(told: Told) -> None:
    """While the list is late, the action after the approval is shown."""
    copy = action("Deploy", "Copy", "InProgress")
    shown = told(copy, approval(), stages=[asks(status="Succeeded", lastUpdatedBy="ada")])
    assert shown == Activity(stage="Deploy", action="Copy")


def test_an_edit_that_cancelled_the_approval(told: Told) -> None:
    """After an edit the execution may hang: the command ends it, and nobody is asked to approve."""
    dead = asks(status="Failed", summary="The approval action has been canceled.")
    shown = told(approval(), stages=[dead], version=2, mode="QUEUED")
    assert shown == Activity(
        stage="Approve",
        action="Ask",
        way_out=(
            "aws codepipeline stop-pipeline-execution --pipeline-name web "
            f"--pipeline-execution-id {EXECUTION} --abandon"
        ),
        ends=True,
        edited=True,
    )


def test_an_edit_while_an_action_runs(told: Told) -> None:
    """An action that runs may end; the command does not abandon it."""
    shown = told(action("Deploy", "Copy", "InProgress"), version=2, mode="SUPERSEDED")
    assert shown.edited
    assert shown.way_out.endswith(f"--pipeline-execution-id {EXECUTION}")


def test_an_edit_that_left_the_approval(told: Told) -> None:
    """An approval that can still be answered after an edit is shown as one to answer."""
    shown = told(approval(), stages=[asks(token="t-1")], version=2, mode="SUPERSEDED")
    assert shown.edited
    assert (shown.waits_for, shown.ends) == ("manual approval", False)


def test_an_edit_does_not_touch_parallel_executions(told: Told) -> None:
    """A PARALLEL execution keeps the version with which it started."""
    shown = told(action("Deploy", "Copy", "InProgress"), version=2, mode="PARALLEL")
    assert shown == Activity(stage="Deploy", action="Copy")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_several_waiting_executions(told: Told, place: int) -> None:
    """Anywhere in the queue before a stage, it waits for the execution inside."""
    queue = ["first", "second"]
    queue.insert(place, EXECUTION)
    waiting = [inside(each) for each in queue]
    stage = {
        "stageName": "Deploy",
        "inboundExecution": waiting[-1],
        "inboundExecutions": waiting,
        "latestExecution": inside("inside"),
    }
    assert told(stages=[stage]).waits_for.startswith("execution inside, which ")


@pytest.mark.parametrize(
    ("name", "state", "does", "notes"),
    [
        ("Copy", {"status": "Succeeded"}, "is in that stage", ()),
        ("Check", {"status": "InProgress"}, "is at Deploy → Check", ()),
        (
            "Ask",
            {"status": "InProgress", "token": "t-3"},
            "waits for manual approval",
            (f"no release runs it: answer it in CodePipeline: {CONSOLE_PAGE}",),
        ),
    ],
)
def test_a_stage_with_another_execution(
    told: Told, *, name: str, state: dict[str, str], does: str, notes: tuple[str, ...]
) -> None:
    """The view tells what the execution inside the stage does, and where to answer for it."""
    copied = {"actionName": "Copy", "latestExecution": {"status": "Succeeded"}}
    occupied = {
        "stageName": "Deploy",
        "inboundExecution": inside(EXECUTION),
        "inboundTransitionState": {"enabled": True},
        "latestExecution": inside("370263ba-0000"),
        "actionStates": [copied, {"actionName": name, "latestExecution": state}],
    }
    assert told(COPIED, stages=[occupied]) == Activity(
        stage="Deploy",
        waits_for=f"execution 370263ba, which {does}",
        notes=notes,
        link=CONSOLE_PAGE,
    )


def test_a_stage_with_an_execution_of_another_release(told: Told) -> None:
    """The approval ahead is answered as one of its release: no view has its token."""
    asks_first = {"status": "InProgress", "token": "t-3-SECRET"}
    occupied = {
        "stageName": "Deploy",
        "inboundExecution": inside(EXECUTION),
        "latestExecution": inside("370263ba-0000"),
        "actionStates": [{"actionName": "Ask", "latestExecution": asks_first}],
    }
    releases = {"370263ba-0000": "2026.11.22-0"}
    doing = told(COPIED, stages=[occupied], release_of=releases.get)
    assert doing == Activity(
        stage="Deploy",
        waits_for=("execution 370263ba of release 2026.11.22-0, which waits for manual approval"),
        way_out="release-machine approve 2026.11.22-0 web/Deploy/Ask",
        way_to_reject="release-machine reject 2026.11.22-0 web/Deploy/Ask --reason TEXT",
        link=CONSOLE_PAGE,
    )
    assert "SECRET" not in str(doing)


def test_disabled_transition(told: Told) -> None:
    """An execution before a disabled transition is shown with the reason."""
    held = {
        "stageName": "Deploy",
        "inboundExecution": inside(EXECUTION),
        "inboundTransitionState": {"enabled": False, "disabledReason": "freeze"},
    }
    assert told(COPIED, stages=[{"stageName": "Source"}, held]) == Activity(
        stage="Deploy",
        waits_for="disabled transition (freeze)",
        way_out=(
            "aws codepipeline enable-stage-transition --pipeline-name web --stage-name Deploy "
            "--transition-type Inbound"
        ),
        link=CONSOLE_PAGE,
    )


def test_an_emulator_has_no_console() -> None:
    """Without an endpoint of AWS there is no link to the console."""
    client = boto3.client(
        "codepipeline",
        endpoint_url="http://127.0.0.1:1",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    stubber = Stubber(client)
    asked = action("Approve", "Ask", "InProgress", category="Approval")
    stubber.add_response("list_action_executions", {"actionExecutionDetails": [asked]})
    stubber.add_response("get_pipeline_state", {"stageStates": []})
    with stubber:
        assert ActivityReader(client, release_of=_no_release).get_all((WEB,))["web"].link is None


def test_a_condition_that_is_checked(told: Told) -> None:
    """An execution before its stage, whose condition is checked, waits for the rule."""
    kind = {"category": "Rule", "owner": "AWS", "provider": "DeploymentWindow", "version": "1"}
    rule = {
        "pipelineExecutionId": EXECUTION,
        "ruleExecutionId": "r-1",
        "stageName": "Deploy",
        "ruleName": "Hours",
        "status": "InProgress",
        "startTime": at(7),
        "input": {"ruleTypeId": kind, "resolvedConfiguration": {"Cron": "* 30 13 ? * SUN"}},
    }
    run = {"ruleExecutionId": "r-1", "status": "InProgress"}
    shown = [{"ruleStates": [{"ruleName": "Hours", "latestExecution": run}]}]
    deploy = {
        "stageName": "Deploy",
        "inboundExecution": inside(EXECUTION),
        "beforeEntryConditionState": {
            "latestExecution": {"status": "InProgress"},
            "conditionStates": shown,
        },
    }
    assert told(COPIED, stages=[deploy], rules=[rule]) == Activity(
        stage="Deploy",
        condition="beforeEntry",
        rules=("Hours",),
        waits_for=(
            "the beforeEntry condition: deployment window Hours (opens at 2026-11-22T13:30:00Z)"
        ),
        opens_at=at(3.5 * 60 * 60),
        since=at(7),
        way_out=(
            "aws codepipeline override-stage-condition --pipeline-name web --stage-name Deploy "
            f"--pipeline-execution-id {EXECUTION} --condition-type BEFORE_ENTRY"
        ),
        link=CONSOLE_PAGE,
    )
    assert (
        told(COPIED, stages=[deploy], rules=[]).waits_for
        == "another execution, which is in that stage"
    )


def test_no_rules_are_read_while_an_action_runs(told: Told) -> None:
    """A condition is checked only before and after the actions of its stage."""
    stage = {"stageName": "Deploy", "onSuccessConditionState": {"conditionStates": []}}
    copying = action("Deploy", "Copy", "InProgress")
    assert told(copying, stages=[stage]) == Activity(stage="Deploy", action="Copy")


def test_between_two_actions(told: Told) -> None:
    """An execution between two actions has no activity."""
    assert told(COPIED, stages=[{"stageName": "Source"}]) is None


def test_a_denied_call(stubbed: Stubbed) -> None:
    """A throttled or denied call leaves the pipeline out."""
    client, stubber = stubbed("codepipeline")
    stubber.add_client_error("list_action_executions", "AccessDeniedException")
    assert ActivityReader(client, release_of=_no_release).get_all((WEB,)) == {}


class CountingReader(ActivityReader):
    """A reader with its own answers that records the pipelines it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def get_all(self, pipelines: Iterable[Pipeline]) -> dict[str, Activity]:
        names = [each.name for each in pipelines]
        self.asked.append(names)
        return {name: Activity(action=f"look {len(self.asked)}") for name in names}


def test_many_pipelines_take_turns() -> None:
    """A look reads a few pipelines and remembers the others while their execution runs."""
    reader = CountingReader()
    turns = ActivityInTurns(reader, most=2)
    first, second, third = (replace(WEB, name=name, execution_id=name) for name in "abc")
    assert set(turns.get_all((first, second, third))) == {"a", "b"}
    told = turns.get_all((first, second, third))
    assert reader.asked == [["a", "b"], ["c", "a"]]
    looks = {name: each.action for name, each in told.items()}
    assert looks == {"a": "look 2", "b": "look 1", "c": "look 2"}
    again = replace(second, execution_id="retried")
    waiting = replace(third, status=PipelineStatus.SUCCEEDED)
    assert set(turns.get_all((first, again, waiting))) == {"a", "b"}
    assert reader.asked[-1] == ["b", "a"]
