"""Aborts an execution when StopExecution is called, not when its tasks come to an end.

LocalStack only marks the program as stopped. Its status, its event and its Map runs follow when the
interpreter next looks, which for a task that waits for its token is when that times out; a task
that fails meanwhile turns the execution into a failed one, and error and cause are lost. Here, as
on AWS, StopExecution itself ends it: history, description, event, Map runs and tokens. The
interpreter's threads are woken, and what they still say is not heard.
"""

import threading
from collections.abc import Callable
from typing import Any

from localstack.aws.api.stepfunctions import (
    ExecutionAbortedEventDetails,
    ExecutionStatus,
    HistoryEventType,
    MapRunStatus,
)
from localstack.services.stepfunctions.asl.component.program.program import Program
from localstack.services.stepfunctions.asl.component.state.state_execution.state_map.iteration.itemprocessor.distributed_item_processor_worker import (  # noqa: E501 - one name
    DistributedItemProcessorWorker,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_map.iteration.itemprocessor.map_run_record import (  # noqa: E501 - as above
    MapRunRecord,
)
from localstack.services.stepfunctions.asl.eval.environment import Environment
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.eval.event.event_manager import (
    EventHistoryContext,
    EventManager,
)
from localstack.services.stepfunctions.asl.eval.program_state import ProgramRunning, ProgramStopped
from localstack.services.stepfunctions.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from localstack.services.stepfunctions.backend.execution_worker import ExecutionWorker
from localstack.utils.patch import patch

from localstack_fixes import task_tokens

# An execution ends once, however many stop it.
_ending = threading.Lock()


def apply() -> None:
    """Ends executions at StopExecution, and keeps them ended."""
    _end_at_once()
    _stay_stopped()
    _exist_from_the_start()
    _abort_map_runs()


def is_stopped(env: Any) -> bool:
    """Whether a program, or the part of one that this environment is a frame of, was stopped."""
    return isinstance(env._program_state, ProgramStopped)


def _end_at_once() -> None:
    @patch(Execution.stop)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def stop(
        _stop: Callable[..., None], execution: Any, *, stop_date: Any, error: Any, cause: Any
    ) -> None:
        env = execution.exec_worker.env
        env.set_stop(stop_date=stop_date, error=error, cause=cause)
        with _ending:
            if not is_stopped(env) or execution.exec_status != ExecutionStatus.RUNNING:
                return  # it had ended, and stays as it ended
            execution.stop_date, execution.error, execution.cause = stop_date, error, cause
            execution.exec_status = ExecutionStatus.ABORTED
        _record_abort(env, error, cause)
        execution.publish_execution_status_change_event()

    @patch(BaseExecutionWorkerCommunication.terminated)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def terminated(report: Callable[[Any], None], communication: Any) -> None:
        env = communication.execution.exec_worker.env
        if not is_stopped(env):
            report(communication)
        task_tokens.kill_all(env.callback_pool_manager)


def _record_abort(env: Any, error: str | None, cause: str | None) -> None:
    for run in env.map_run_record_pool_manager.get_all():
        run.set_stop(MapRunStatus.ABORTED)
    task_tokens.kill_all(env.callback_pool_manager)
    env.event_manager.add_event(
        context=EventHistoryContext.of_program_start(),
        event_type=HistoryEventType.ExecutionAborted,
        event_details=EventDetails(
            executionAbortedEventDetails=ExecutionAbortedEventDetails(error=error, cause=cause)
        ),
    )


def _stay_stopped() -> None:
    """What the interpreter's threads still come to changes neither the program nor its history."""

    def unless_stopped(act: Callable[..., None], env: Any, *args: Any, **values: Any) -> None:
        with env._state_mutex:
            if not is_stopped(env):
                act(env, *args, **values)

    patch(Environment.set_error)(unless_stopped)
    patch(Environment.set_timed_out)(unless_stopped)

    @patch(Program.eval)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def begin(evaluate: Callable[..., None], program: Any, env: Any) -> None:
        if not is_stopped(env):
            evaluate(program, env)

    @patch(EventManager.__init__)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def make(init: Callable[..., None], manager: Any, *args: Any, **values: Any) -> None:
        init(manager, *args, **values)
        manager.closing, manager.closed = threading.Lock(), False

    @patch(EventManager.add_event)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def add(
        add: Callable[..., int], manager: Any, context: Any, event_type: Any, **details: Any
    ) -> int:
        with manager.closing:
            if manager.closed:
                return int(context.last_published_event_id)
            manager.closed = event_type == HistoryEventType.ExecutionAborted
            return add(manager, context=context, event_type=event_type, **details)


def _exist_from_the_start() -> None:
    """An execution can be stopped, and its tokens be asked for, before its thread has begun."""

    @patch(Execution._get_start_execution_worker)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def with_environment(make: Callable[[Any], Any], execution: Any) -> Any:
        worker = make(execution)
        worker.env = worker._get_evaluation_environment()
        return worker

    @patch(ExecutionWorker._get_evaluation_environment)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def once(make: Callable[[Any], Any], worker: Any) -> Any:
        return worker.env or make(worker)

    @patch(Environment.set_stop)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def stop(stop: Callable[..., None], env: Any, **values: Any) -> None:
        with env._state_mutex:
            if env._program_state is None:
                env._program_state = ProgramRunning()
            stop(env, **values)


def _abort_map_runs() -> None:
    """A Map run ends once, and counts as aborted the children that were stopped."""

    @patch(MapRunRecord.set_stop)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def stop_once(stop: Callable[..., None], run: Any, status: Any) -> None:
        if run.stop_date is None:
            stop(run, status)

    @patch(DistributedItemProcessorWorker._eval_job)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def count(evaluate: Callable[..., None], worker: Any, env: Any, job: Any) -> None:
        evaluate(worker, env=env, job=job)
        if is_stopped(env):
            worker._map_run_record.execution_counter.running.offset(-1)
