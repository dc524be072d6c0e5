"""The emulator: models of all accounts and Regions, the workers that run actions, the faults."""

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localstack_codepipeline.actions import run_action
from localstack_codepipeline.alarm import Alarm
from localstack_codepipeline.faults import Fault, Faults
from localstack_codepipeline.model import (
    ActionResult,
    ApiError,
    CodePipelineModel,
    Effect,
    EmitEvent,
    RunAction,
    Wake,
)
from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.service import READS
from localstack_codepipeline.outbox import Letter, Outbox
from localstack_codepipeline.past import Home, Past
from localstack_codepipeline.validation import valid_request

LOG = logging.getLogger(__name__)

WORKERS = 8
CONTINUATION_DELAY = timedelta(seconds=5)


# Gives a client of a service in an account and Region.
type ClientFactory = Callable[[str, str, str], Any]


class Emulator:
    """CodePipeline for every account and Region, with real actions; thread-safe."""

    def __init__(
        self,
        *,
        clients: ClientFactory,
        send: Callable[[list[Letter]], None],
        starts_on_create: bool = True,
        retry_after: float = 0,
    ) -> None:
        self.faults = Faults()
        self._clients = clients
        self._new_model = partial(
            CodePipelineModel, starts_on_create=starts_on_create, retry_after=retry_after
        )
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="codepipeline-action")
        self._alarm = Alarm(self._workers.submit)
        self.outbox = Outbox(send, faults=self.faults, alarm=self._alarm)
        # Held only briefly: the model does no I/O.
        self._lock = threading.Lock()
        self._models: dict[Home, CodePipelineModel] = {}
        self._past = Past()

    def inject(self, given: Any) -> Json:
        """Add a fault and return it as the endpoint shows it; raises InvalidFaultError."""
        with self._lock:
            # A stale read shows no state that is older than its fault.
            for home in self._models:
                self._keep(home)
            return self.faults.add(given)

    def perform(self, operation: str, request: Json, *, home: Home, caller: str) -> Json:
        """Perform an operation of the API; raises an ApiError."""
        request = valid_request(operation, request)
        fault = self.faults.take("api", operation=operation, pipeline=_pipeline_of(request))
        if fault is None:
            return self._call(operation, request, home=home, caller=caller)
        if fault.effect == "stale":
            return self._recall(operation, request, home=home, fault=fault)
        if fault.given.get("when") == "after":
            # The operation takes effect, but its response is lost.
            with contextlib.suppress(ApiError):
                self._call(operation, request, home=home, caller=caller)
        raise _injected_error(fault)

    def stop(self) -> None:
        """Wait for running actions to end, start no others, and send the queued events."""
        self._alarm.stop()
        self._workers.shutdown(wait=True, cancel_futures=True)
        self.outbox.stop()

    def _call(self, operation: str, request: Json, *, home: Home, caller: str) -> Json:
        with self._lock:
            model = self._model(home)
            if operation == "UpdatePipeline":
                fault = self.faults.take("update", pipeline=_pipeline_of(request))
                model.update_cancels = fault is None
            answer = model.call(operation, request, now=datetime.now(UTC), caller=caller)
            if operation not in READS:
                self._apply(home, answer.effects)
        return answer.response

    def _recall(self, operation: str, request: Json, *, home: Home, fault: Fault) -> Json:
        """Answer a read with what was true before."""
        with self._lock:
            now = datetime.now(UTC)
            model = self._past.at(home, fault.shows(now))
            return model.call(operation, request, now=now).response

    def _keep(self, home: Home) -> None:
        self._past.keep(home, self._model(home), now=datetime.now(UTC))

    def _model(self, home: Home) -> CodePipelineModel:
        if home not in self._models:
            self._models[home] = self._new_model(*home)
        return self._models[home]

    def _apply(self, home: Home, effects: list[Effect]) -> None:
        """Carry out the effects of a change in order.

        An abandoned action runs on, but its result is ignored.
        """
        if self.faults.any("stale"):
            self._keep(home)
        else:
            self._past.forget()
        for effect in effects:
            if isinstance(effect, EmitEvent):
                self.outbox.put(Letter(*home, effect))
            elif isinstance(effect, RunAction):
                self._alarm.at(effect.deadline, partial(self._tick, home, effect.deadline))
                self._begin(home, effect)
            elif isinstance(effect, Wake):
                self._alarm.at(effect.moment, partial(self._tick, home, effect.moment))

    def _begin(self, home: Home, action: RunAction) -> None:
        kind = "rule" if action.category == "Rule" else "action"
        place = {"pipeline": action.pipeline, "stage": action.stage, kind: action.action}
        fault = self.faults.take(kind, **place)
        delay = CONTINUATION_DELAY if action.continuation_token else timedelta()
        if fault and fault.effect == "fail":
            self._workers.submit(self._finish, home, action, _injected_failure(fault))
            return
        if fault and fault.effect == "hide token":
            run = self._model(home).pipelines[action.pipeline].runs[action.action_execution_id]
            run.token_shown_at = run.started_at + timedelta(seconds=fault.given["seconds"])
        elif fault:
            delay += timedelta(seconds=fault.given["seconds"])
        if delay:
            self._alarm.at(datetime.now(UTC) + delay, partial(self._run, home, action))
        else:
            self._workers.submit(self._run, home, action)

    def _run(self, home: Home, action: RunAction) -> None:
        try:
            result = run_action(action, lambda name: self._clients(name, home[0], action.region))
        except (ClientError, BotoCoreError) as error:
            result = ActionResult("ConfigurationError", str(error))
        except Exception as error:
            # Top of a worker thread. Without a result the execution would never end.
            LOG.exception("Action %s of %s crashed", action.action, action.pipeline)
            result = ActionResult("SystemUnavailable", f"{type(error).__name__}: {error}")
        if result is not None:
            self._finish(home, action, result)

    def _finish(self, home: Home, action: RunAction, result: ActionResult) -> None:
        with self._lock:
            run, now = action.action_execution_id, datetime.now(UTC)
            effects = self._model(home).finish_action(action.pipeline, run, result=result, now=now)
            self._apply(home, effects)

    def _tick(self, home: Home, deadline: datetime) -> None:
        # The deadline has passed, even if the clock was set back meanwhile.
        now = max(datetime.now(UTC), deadline)
        with self._lock:
            self._apply(home, self._model(home).tick(now))


def _pipeline_of(request: Json) -> str:
    name = request.get("pipelineName") or request.get("name")
    return str(name or request.get("pipeline", {}).get("name", ""))


def _injected_error(fault: Fault) -> ApiError:
    if fault.effect in ("throttle", "limit"):
        return ApiError("ThrottlingException", "")  # AWS gives no message
    given = fault.given
    message = given.get("message", "Injected by a fault of the emulator")
    return ApiError(given["code"], message, status=given.get("status", 400))


def _injected_failure(fault: Fault) -> ActionResult:
    given = fault.given
    return ActionResult(
        error_code=given["code"],
        error_message=given.get("message", "Injected by a fault of the emulator"),
        summary=given.get("summary", ""),
        url=given.get("url", ""),
    )
