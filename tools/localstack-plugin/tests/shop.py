"""The pipeline `shop` in a model that only moves when a test says so."""

import copy
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from localstack_codepipeline.model import (
    AbandonAction,
    ActionResult,
    ApiError,
    CodePipelineModel,
    Effect,
    EmitEvent,
    RunAction,
)

Json = dict[str, Any]

SUCCESS = ActionResult()
FAILED = ActionResult("JobFailed", "no", summary="Broke", url="https://x.test")
ARN = "arn:aws:codepipeline:us-east-1:000000000000:shop"
UNKNOWN_ID = "12345678-1234-4678-8bcd-12345678abcd"


def action(name: str, kind: str, configuration: Json | None = None, **more: Any) -> Json:
    """Declare an action; `kind` is category/provider."""
    category, provider = kind.split("/")
    type_id = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": type_id, "configuration": configuration or {}, **more}


def source(name: str = "Fetch", artifact: str = "App", **more: Any) -> Json:
    """Declare a source action, whose output is one artifact."""
    where = {"S3Bucket": "sources", "S3ObjectKey": "app.zip", **more.pop("configuration", {})}
    return action(name, "Source/S3", where, outputArtifacts=[{"name": artifact}], **more)


def deploy(name: str = "Publish", **more: Any) -> Json:
    """Declare a deploy action, whose input is the artifact App."""
    where = {"BucketName": "site", "Extract": "true", **more.pop("configuration", {})}
    return action(name, "Deploy/S3", where, inputArtifacts=[{"name": "App"}], **more)


def stage(name: str, *actions: Json, **more: Any) -> Json:
    """Declare a stage; its conditions are `beforeEntry`, `onSuccess` and `onFailure`."""
    return {"name": name, "actions": list(actions), **more}


def condition(result: str, *rules: Json) -> Json:
    """Declare the condition of a stage."""
    return {"conditions": [{"result": result, "rules": list(rules)}]}


def rule(name: str = "Check", provider: str = "LambdaInvoke", **configuration: str) -> Json:
    """Declare a rule of a condition."""
    type_id = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    given = configuration or {"FunctionName": "check"}
    return {"name": name, "ruleTypeId": type_id, "configuration": given}


def variable_is(value: str, operator: str = "EQ") -> Json:
    """Declare a rule that compares the pipeline's variable TIER."""
    variable = "#{variables.TIER}"
    return rule("Tier", "VariableCheck", Variable=variable, Operator=operator, Value=value)


def declare(*later: Json, **more: Any) -> Json:
    """Declare the V2 pipeline `shop`: the stage Source, then the given stages or one Deploy."""
    return {
        "name": "shop",
        "roleArn": "arn:aws:iam::000000000000:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "pipelineType": "V2",
        "stages": [stage("Source", source()), *(later or (stage("Deploy", deploy()),))],
        **more,
    }


def refused(code: str, reason: str = "") -> AbstractContextManager[object]:
    """Expect an error with that code and with a text that matches `reason`."""
    return pytest.raises(ApiError, match=f"(?s)^{code}: .*{reason}")


class Driver:
    """A model without pipelines, its clock, the events it emitted and the actions that run."""

    caller = "arn:aws:sts::000000000000:assumed-role/tester/session"

    def __init__(self) -> None:
        self.model = CodePipelineModel(last_id=0, starts_on_create=False)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.events: list[EmitEvent] = []
        self.open: dict[str, RunAction] = {}

    def call(self, operation: str, **request: Any) -> Json:
        """Perform an operation and return its response; raises an ApiError."""
        answer = self.model.call(operation, request, now=self.now, caller=self.caller)
        self._take(answer.effects)
        return answer.response

    def finish(self, action: RunAction, result: ActionResult = SUCCESS) -> None:
        """Report how an action ended."""
        self.open.pop(action.action_execution_id, None)
        run = action.action_execution_id
        self._take(self.model.finish_action(action.pipeline, run, result=result, now=self.now))

    def pass_time(self, seconds: float) -> None:
        """Move the clock forward; actions whose deadline has passed fail."""
        self.now += timedelta(seconds=seconds)
        self._take(self.model.tick(self.now))

    def clone(self) -> Self:
        """Return an independent copy."""
        twin = copy.copy(self)
        twin.model, twin.events, twin.open = self.model.clone(), [*self.events], {**self.open}
        return twin

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, EmitEvent):
                self.events.append(effect)
            elif isinstance(effect, RunAction):
                self.open[effect.action_execution_id] = effect
            elif isinstance(effect, AbandonAction):
                self.open.pop(effect.action_execution_id, None)


class Shop(Driver):
    """A driver in which the pipeline `shop` exists; the arguments are those of `declare`."""

    def __init__(self, *later: Json, **more: Any) -> None:
        super().__init__()
        self.call("CreatePipeline", pipeline=declare(*later, **more))

    def start(self, **request: Any) -> str:
        """Start an execution and return its id."""
        answer = self.call("StartPipelineExecution", name="shop", **request)
        return str(answer["pipelineExecutionId"])

    def running(self, name: str, execution: str | None = None) -> RunAction:
        """Return the one running action of that name, of any or one execution."""
        found = [
            one
            for one in self.open.values()
            if one.action == name and execution in (None, one.execution_id)
        ]
        assert len(found) == 1, f"{len(found)} running actions {name}: {list(self.open.values())}"
        return found[0]

    def end(
        self, name: str, result: ActionResult = SUCCESS, *, execution: str | None = None
    ) -> None:
        """End the one running action of that name, by default with success."""
        self.finish(self.running(name, execution), result)

    def status(self, execution: str) -> str:
        """Return the status of an execution."""
        return str(self.shown(execution)["status"])

    def shown(self, execution: str) -> Json:
        """Return an execution as GetPipelineExecution shows it."""
        named = {"pipelineName": "shop", "pipelineExecutionId": execution}
        found: Json = self.call("GetPipelineExecution", **named)["pipelineExecution"]
        return found

    def stage(self, name: str = "Deploy") -> Json:
        """Return a stage as GetPipelineState shows it."""
        stages = self.call("GetPipelineState", name="shop")["stageStates"]
        return next(one for one in stages if one["stageName"] == name)

    def newest(self) -> str:
        """Return the execution that started last."""
        listed = self.call("ListPipelineExecutions", pipelineName="shop")
        return str(listed["pipelineExecutionSummaries"][0]["pipelineExecutionId"])

    def retry(self, execution: str, stage: str = "Deploy", mode: str = "FAILED_ACTIONS") -> None:
        """Retry a stage of an execution."""
        named = {"pipelineName": "shop", "pipelineExecutionId": execution}
        self.call("RetryStageExecution", **named, stageName=stage, retryMode=mode)

    def emitted(self, execution: str | None = None) -> list[str]:
        """Return the events, as `pipeline STARTED` or `Deploy/Publish FAILED`."""
        said = []
        for event in self.events:
            detail = event.detail
            if execution in (None, detail["execution-id"]):
                parts = [detail[key] for key in ("stage", "action") if key in detail]
                said.append(f"{'/'.join(parts) or 'pipeline'} {event.state}")
        return said


def fetched(*later: Json, **more: Any) -> tuple[Shop, str]:
    """Return a shop whose execution has ended its first stage, and the execution's id."""
    shop = Shop(*later, **more)
    execution = shop.start()
    shop.end("Fetch")
    return shop, execution
