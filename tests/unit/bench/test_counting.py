"""What is read from the logs of functions, the histories of workflows and the output of make."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.bench.counting import work_in
from tests.bench.history import left, transitions
from tests.bench.newcomer import REST, steps_of
from tests.bench.usage import Usage

MOMENT = datetime(2026, 11, 30, tzinfo=UTC)


def report(milliseconds: int, *, mb: int) -> str:
    """The line of Lambda's log after an invocation of a function with 512 MB."""
    metrics = {"billedDurationMs": milliseconds, "memorySizeMB": 512, "maxMemoryUsedMB": mb}
    return json.dumps({"type": "platform.report", "record": {"metrics": metrics}})


def counted(calls: dict[str, int], *, read: float, write: float) -> str:
    """The line of counted.py."""
    first = [(name, 1.5) for name in calls]
    return json.dumps({"counted": calls, "units": {"read": read, "write": write}, "first": first})


def test_the_work_of_a_function_adds_up() -> None:
    """Calls, units and seconds are sums; the memory is that of the largest invocation."""
    work = work_in(
        [
            json.dumps({"type": "platform.start", "record": {}}),
            counted({"dynamodb.UpdateItem": 2, "events.PutEvents": 1}, read=0, write=2.5),
            report(1000, mb=70),
            counted(
                {"codepipeline.StartPipelineExecution": 1, "codepipeline.GetPipeline": 3},
                read=1.5,
                write=0,
            ),
            json.dumps({"level": "INFO", "message": "a line of the function"}),
            report(3000, mb=60),
        ]
    )
    assert work.largest_mb == 70
    assert work.calls == Counter(
        {
            "dynamodb.UpdateItem": 2,
            "events.PutEvents": 1,
            "codepipeline.StartPipelineExecution": 1,
            "codepipeline.GetPipeline": 3,
        }
    )
    assert work.orders == [
        [("dynamodb.UpdateItem", 1.5), ("events.PutEvents", 1.5)],
        [("codepipeline.StartPipelineExecution", 1.5), ("codepipeline.GetPipeline", 1.5)],
    ]
    assert work.usage() == Usage(
        invocations=2,
        gb_seconds=2,
        read_units=1.5,
        write_units=2.5,
        dynamodb_calls=2,
        pipeline_starts=1,
        pipeline_reads=3,
        events=1,
    )


def test_a_log_without_invocations_has_no_memory() -> None:
    """A function that was not called has done nothing."""
    assert work_in([]).usage() == Usage()
    assert work_in([]).largest_mb == 0


def event(kind: str, **details: Any) -> dict[str, Any]:
    """An event of a workflow's history."""
    return {"type": kind, "timestamp": MOMENT, **details}


def test_each_state_and_each_retry_is_a_transition() -> None:
    """A task that was scheduled twice has cost two transitions."""
    events = [
        event("ExecutionStarted"),
        event("TaskStateEntered"),
        event("TaskScheduled"),
        event("TaskFailed"),
        event("TaskScheduled"),
        event("TaskSucceeded"),
        event("TaskStateExited"),
        event("TaskStateEntered"),
        event("LambdaFunctionScheduled"),
        event("WaitStateEntered"),
        event("SucceedStateEntered"),
    ]
    assert transitions(events) == 5


def test_a_state_is_left_when_it_was_left_last() -> None:
    """A loop leaves its state many times."""
    later = MOMENT.replace(hour=1)
    exits = [
        event("WaitStateExited", stateExitedEventDetails={"name": "Wait"}),
        event("WaitStateExited", stateExitedEventDetails={"name": "Wait"}) | {"timestamp": later},
        event("TaskStateExited", stateExitedEventDetails={"name": "Check"}),
    ]
    assert left(exits, "Wait") == later


def test_the_seconds_of_a_demo_are_those_of_its_steps() -> None:
    """Steps print their seconds; the release is the time after the deployment; the rest is left."""
    lines = [
        (15.0, "Set up uv (10.5 s)"),
        (25.0, "Platform started in 5.0 s: http://127.0.0.1:4566 (log: platform.log)"),
        (60.0, "Deployed infra to the platform on port 4566: 117 resources (30.0 s)"),
        (70.0, "Deployed infra/demo to the platform on port 4566: 9 resources (8.0 s)"),
        (72.0, "catalog started"),
        (90.0, "Live now:"),
        (91.0, ""),
    ]
    steps = steps_of(lines)
    assert steps == {
        "Set up uv": 10.5,
        "Platform": 5.0,
        "Deploy infra": 30.0,
        "Deploy infra/demo": 8.0,
        "Release the demo": 20.0,
        REST: 17.5,
        "**all**": 91.0,
    }


def test_what_is_already_deployed_is_the_same_step() -> None:
    """The second demo fills the same rows of the table."""
    lines = [(3.0, "infra is already deployed to the platform on port 45123 (2.1 s)"), (4.0, "")]
    assert steps_of(lines)["Deploy infra"] == 2.1
