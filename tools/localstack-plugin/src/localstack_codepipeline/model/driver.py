"""Drives a model in tests, fakes and simulations."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack_codepipeline.model.effects import (
    AbandonAction,
    ActionResult,
    Effect,
    EmitEvent,
    Json,
    RunAction,
)
from localstack_codepipeline.model.service import CodePipelineModel

SUCCESS = ActionResult()


@dataclass(slots=True)
class Driver:
    """Keeps the clock, the emitted events and the running actions of a model."""

    model: CodePipelineModel
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    caller: str = "arn:aws:sts::000000000000:assumed-role/tester/session"
    events: list[EmitEvent] = field(default_factory=list)
    open: dict[str, RunAction] = field(default_factory=dict)

    def call(self, operation: str, **request: Any) -> Json:
        """Perform an operation and return its response; raises a CodePipelineError."""
        answer = self.model.call(operation, request, now=self.now, caller=self.caller)
        self._take(answer.effects)
        return answer.response

    def finish(self, action: RunAction, result: ActionResult = SUCCESS) -> None:
        """Report how an action ended."""
        self.open.pop(action.action_execution_id, None)
        effects = self.model.finish_action(
            action.pipeline, action.action_execution_id, result=result, now=self.now
        )
        self._take(effects)

    def pass_time(self, seconds: float) -> None:
        """Move the clock forward; actions whose deadline has passed fail."""
        self.now += timedelta(seconds=seconds)
        self._take(self.model.tick(self.now))

    def clone(self) -> "Driver":
        """Return an independent copy."""
        twin = self.model.clone()
        return Driver(twin, self.now, self.caller, list(self.events), dict(self.open))

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, EmitEvent):
                self.events.append(effect)
            elif isinstance(effect, RunAction):
                self.open[effect.action_execution_id] = effect
            elif isinstance(effect, AbandonAction):
                self.open.pop(effect.action_execution_id, None)
