"""Times that must fit together in the code, Terraform, the workflow and Lambda."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import hcl2
import pytest

from change_freeze.reading import LONGEST
from release_core.aws.clients import client_brief, client_short
from release_core.decide.timing import (
    ACTION_LAG,
    CLAIM_WINDOW,
    CLOSE_TRIED_WITHIN,
    HELD_LOOK,
    TASK_LATENESS,
    UNREADABLE_LOOKS,
)
from tests.simulation.world.functions import TIMEOUTS

ROOT = Path(__file__).parents[2]
# Lambda retries a failed asynchronous invocation after one minute, then after two.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
LAMBDAS_RETRIES = (timedelta(minutes=1), timedelta(minutes=2))


@pytest.fixture(scope="module")
def timeouts() -> dict[str, timedelta]:
    """The timeout of each function in Terraform."""
    with (ROOT / "infra/functions.tf").open(encoding="utf-8") as file:
        functions = hcl2.load(file)["locals"][0]["functions"]
    return {
        name: timedelta(seconds=int(function["timeout_seconds"]))
        for name, function in functions.items()
    }


@pytest.fixture(scope="module")
def states() -> dict[str, Any]:
    """The states of the workflow, including those of the Map's child workflow."""
    machine: dict[str, Any] = json.loads((ROOT / "statemachine.asl.json").read_text())["States"]
    return {**machine, **machine["RunPipelines"]["ItemProcessor"]["States"]}


def test_no_starter_outlives_its_claim(timeouts: dict[str, timedelta]) -> None:
    """When a claim expires, the function that made it has ended, even if clocks differ."""
    margin = timedelta(seconds=5)
    assert max(timeouts["run_pipeline"], timeouts["record_state_change"]) + margin < CLAIM_WINDOW


def test_no_hold_fills_the_history_of_its_workflow_execution() -> None:
    """It holds 25,000 events: enough for the longest freeze, after calendars that are unreadable.

    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    looks = UNREADABLE_LOOKS + LONGEST // HELD_LOOK
    assert looks * 8 < 25_000


def test_a_starter_survives_that_no_calendar_can_be_read(
    timeouts: dict[str, timedelta], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However SSM fails, a starter has the time to record that the calendars cannot be read."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client_brief.cache_clear()
    lasting = longest_call(client_brief("ssm").meta.config)
    assert lasting + timedelta(seconds=10) < timeouts["run_pipeline"]


def longest_call(config: Any) -> timedelta:
    """How long a call of a client may take, all its tries included."""
    tries = config.retries["total_max_attempts"]
    # In its standard mode, the SDK waits up to 1, 2, 4 ... seconds between the tries.
    seconds = tries * (config.connect_timeout + config.read_timeout) + 2 ** (tries - 1) - 1
    return timedelta(seconds=seconds)


def test_a_function_survives_that_the_event_bus_does_not_answer(
    timeouts: dict[str, timedelta], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However EventBridge fails, its one call of an invocation leaves two thirds of the time."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client_short.cache_clear()
    lasting = longest_call(client_short("events").meta.config)
    assert lasting * 3 < min(timeouts[name] for name in TIMEOUTS)


@pytest.mark.parametrize("window", [CLAIM_WINDOW, ACTION_LAG])
def test_lambdas_first_retry_comes_after_the_claim_window(window: timedelta) -> None:
    """A cancel that meets a claimed start or an approval needs one retry, so another is left."""
    assert LAMBDAS_RETRIES[0] > window


def test_an_unannounced_release_is_announced_again_only_after_all_tries(
    timeouts: dict[str, timedelta],
) -> None:
    """A closed release is announced again only after all tries of its close have ended."""
    tries = len(LAMBDAS_RETRIES) + 1
    lasting = tries * timeouts["close_release"] + sum(LAMBDAS_RETRIES, timedelta())
    assert lasting < CLOSE_TRIED_WITHIN


def retries_of(state: dict[str, Any]) -> tuple[int, timedelta]:
    """The number of retries of a task after an error, and the longest total wait between them."""
    retrier = state["Retry"][-1]
    assert "States.TaskFailed" in retrier["ErrorEquals"]
    retries = int(retrier["MaxAttempts"])
    waits = [
        min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n, retrier["MaxDelaySeconds"])
        for n in range(retries)
    ]
    return retries, timedelta(seconds=sum(waits))


def test_a_task_is_overdue_only_after_all_its_tries(
    timeouts: dict[str, timedelta], states: dict[str, Any]
) -> None:
    """All tries of run_pipeline end within TASK_LATENESS."""
    retries, waiting = retries_of(states["RunPipeline"])
    lasting = (retries + 1) * timeouts["run_pipeline"] + waiting
    assert lasting < TASK_LATENESS


@pytest.mark.parametrize(
    ("state", "function"),
    [
        ("OpenRelease", "open_release"),
        ("RunPipeline", "run_pipeline"),
        ("CloseRelease", "close_release"),
    ],
)
def test_a_task_that_is_given_up_raises_the_alarm(
    state: str, function: str, timeouts: dict[str, timedelta], states: dict[str, Any]
) -> None:
    """All tries of a failed task fall into one period of the alarm, and are enough for it.

    Lambda counts an error at the time of the invocation.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html
    """
    with (ROOT / "infra/observability.tf").open(encoding="utf-8") as file:
        terraform = hcl2.load(file)
    known = next(block for block in terraform["locals"] if "tries" in block)
    retries, waiting = retries_of(states[state])
    assert known["tries"][function] == retries + 1
    period = timedelta(seconds=known["tried_within"][function])
    assert retries * timeouts[function] + waiting < period
    minutes = int(period / timedelta(minutes=1))
    within = "an hour" if minutes == 60 else f"{minutes} minutes"
    name = function.replace("_", "-")
    row = f"| `{name}-errors` | {retries + 1} within {within} |"
    assert row in (ROOT / "docs/alarms.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("state", "function"), [("OpenRelease", "open_release"), ("CloseRelease", "close_release")]
)
def test_the_workflow_waits_longer_than_the_function_runs(
    state: str, function: str, timeouts: dict[str, timedelta], states: dict[str, Any]
) -> None:
    """A task that has timed out is retried only after its first try has ended."""
    assert timedelta(seconds=states[state]["TimeoutSeconds"]) > timeouts[function]


def test_the_simulation_has_the_timeouts_of_terraform(timeouts: dict[str, timedelta]) -> None:
    """The simulated functions have the same timeouts as the deployed ones.

    The simulation has no messages to people: they change no release.
    """
    assert {name: each for name, each in timeouts.items() if name != "notify_people"} == TIMEOUTS
