"""A double of `boto3.client("codepipeline")` over the emulator's pure model.

The test ends actions, lets time pass, and decides what happens to events.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from localstack_codepipeline.model import (
    AbandonAction,
    ActionResult,
    ApiError,
    CodePipelineModel,
    Effect,
    EmitEvent,
    RunAction,
)
from localstack_codepipeline.model.service import OPERATIONS
from localstack_codepipeline.model.state import ActionRun, Execution
from tests.fakes.service import Refused, answer, copied, service

_PAGINATED = {
    "list_pipelines": "ListPipelines",
    "list_pipeline_executions": "ListPipelineExecutions",
    "list_action_executions": "ListActionExecutions",
}
_METHODS = {
    "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)[
        1:
    ]: operation
    for operation in OPERATIONS
}


@dataclass(frozen=True)
class Snapshot:
    """The state of all pipelines, the running actions, and the emitted events."""

    model: CodePipelineModel
    actions: Mapping[str, RunAction]
    events: tuple[EmitEvent, ...]

    def __str__(self) -> str:
        """Return the whole state as text: equal states have equal texts."""
        return f"{self.model} {sorted(self.actions)}"


class FakeCodePipeline:
    """CodePipeline in memory, with the methods of the boto3 client.

    Every operation of the model is a method (`start_pipeline_execution`, ...). `actions` has the
    running actions by their execution id, and `events` all emitted events in order. `caller` is the
    ARN that CodePipeline records as the caller.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        caller: str = "arn:aws:sts::000000000000:assumed-role/tester/session",
        check_parameters: bool = True,
    ) -> None:
        self._clock = clock
        self._service = service("codepipeline")
        self._checks_parameters = check_parameters
        self.exceptions = self._service.exceptions
        self.caller = caller
        self.actions: dict[str, RunAction] = {}
        self.events: list[EmitEvent] = []
        self._model = CodePipelineModel(last_id=0, starts_on_create=False)

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        """Return the method of an operation of the model."""
        operation = _METHODS.get(name)
        if operation is None:
            raise AttributeError(f"the fake of CodePipeline has no {name}")

        def perform(**request: Any) -> dict[str, Any]:
            return self._call(operation, request)

        return perform

    def get_paginator(self, method: str) -> "FakePaginator":
        """Return a paginator of a list operation."""
        return FakePaginator(getattr(self, method), _PAGINATED[method])

    def snapshot(self) -> Snapshot:
        """Return the state, for restore()."""
        return Snapshot(self._model.clone(), dict(self.actions), tuple(self.events))

    def restore(self, snapshot: Snapshot) -> None:
        """Restore a state, any number of times."""
        self._model = snapshot.model.clone()
        self.actions = dict(snapshot.actions)
        self.events = list(snapshot.events)

    def finish(self, action: RunAction, result: ActionResult | None = None) -> None:
        """End an action, by default with success."""
        self.actions.pop(action.action_execution_id, None)
        effects = self._model.finish_action(
            action.pipeline,
            action.action_execution_id,
            result=result or ActionResult(),
            now=self._clock(),
        )
        self._take(effects)

    def execution(self, pipeline: str, execution_id: str) -> Execution:
        """Return an execution for a simulation to read; it must not be changed."""
        return self._model.pipeline(pipeline).execution(execution_id)

    def executions(self, pipeline: str) -> tuple[Execution, ...]:
        """Return the executions of a pipeline, the oldest first; they must not be changed."""
        known = self._model.pipelines.get(pipeline)
        return tuple(known.executions.values()) if known else ()

    def leaves_executions_at_update(self) -> None:
        """Let UpdatePipeline leave running executions in progress, as was seen on AWS."""
        self._model.update_cancels = False

    def runs(self, execution_id: str) -> list[ActionRun]:
        """Return the runs of an execution's actions for a simulation to read."""
        pipelines = self._model.pipelines.values()
        runs = (run for pipeline in pipelines for run in pipeline.runs.values())
        return [run for run in runs if run.execution_id == execution_id]

    def forget_requests(self) -> None:
        """Forget every clientRequestToken, as AWS does after a time that it does not document."""
        for pipeline in self._model.pipelines.values():  # no operation of AWS does this
            pipeline.requests.clear()

    def set_retry_after(self, seconds: float) -> None:
        """Let automatic retries of stages come this long after the failure."""
        self._model.retry_after = seconds

    def rollbacks_of(self, pipeline: str, execution_id: str) -> list[Execution]:
        """Return the executions that roll a stage back because this execution failed."""
        return [
            execution
            for execution in self.executions(pipeline)
            if execution.rollback_target and execution_id in execution.trigger_detail
        ]

    def origin_of(self, pipeline: str, execution_id: str) -> str:
        """Return the execution that failed if this one rolls it back, otherwise this one."""
        executions = {one.id: one for one in self.executions(pipeline)}
        detail = executions[execution_id].trigger_detail if execution_id in executions else ""
        return next((one for one in executions if one in detail), execution_id)

    def retries_due(self) -> list[datetime]:
        """Return the times at which automatic retries of stages come."""
        return [
            execution.retry_at
            for pipeline in self._model.pipelines.values()
            for execution in pipeline.executions.values()
            if execution.retry_at
        ]

    def tick(self) -> None:
        """Fail the actions whose deadline has passed, and make the automatic retries due."""
        self._take(self._model.tick(self._clock()))

    def _call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if self._checks_parameters:
            self._service.check_parameters(operation, request)
        try:
            done = self._model.call(operation, dict(request), now=self._clock(), caller=self.caller)
        except ApiError as error:
            refusal = Refused(error.code, error.message, members={"message": error.message})
            raise self._service.error(refusal, operation) from error
        if operation == "PutApprovalResult":
            self.actions.pop(request["token"], None)  # the token is the id of the action execution
        if operation == "UpdatePipeline":
            runs = self._model.pipelines[request["pipeline"]["name"]].runs
            for name in [name for name in self.actions if name in runs and runs[name].is_dead]:
                del self.actions[name]  # the update has cancelled this approval
        self._take(done.effects)
        return answer(copied(done.response))

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case EmitEvent():
                    self.events.append(effect)
                case RunAction():
                    self.actions[effect.action_execution_id] = effect
                case AbandonAction():
                    self.actions.pop(effect.action_execution_id, None)


class FakePaginator:
    """Returns the pages of one list operation."""

    def __init__(self, call: Callable[..., dict[str, Any]], operation: str) -> None:
        self._call = call
        self.operation = operation

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Yield page after page."""
        while True:
            page = self._call(**request)
            yield page
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]


def envelope(event: EmitEvent, *, number: int = 0) -> dict[str, Any]:
    """Return the event as EventBridge delivers it; its id is made from `number`."""
    return {
        "version": "0",
        "id": str(UUID(int=number)),
        "detail-type": event.detail_type,
        "source": "aws.codepipeline",
        "account": "000000000000",
        "time": event.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": list(event.resources),
        "detail": dict(event.detail),
    }
