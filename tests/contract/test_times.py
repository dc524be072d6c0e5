"""Times that hang together, between the code, Terraform, the workflow and Lambda."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import hcl2
import pytest

from release_core.decide.timing import CLAIM_WINDOW, CLOSE_TRIED_WITHIN, TASK_LATENESS
from tests.simulation.world.functions import TIMEOUTS

ROOT = Path(__file__).parents[2]
# Lambda tries an asynchronous invocation that failed again after one minute, then after two.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
LAMBDAS_RETRIES = (timedelta(minutes=1), timedelta(minutes=2))


@pytest.fixture(scope="module")
def timeouts() -> dict[str, timedelta]:
    """How long each function may run, as Terraform sets it."""
    with (ROOT / "infra/functions.tf").open(encoding="utf-8") as file:
        functions = hcl2.load(file)["locals"][0]["functions"]
    return {
        name: timedelta(seconds=int(function["timeout_seconds"]))
        for name, function in functions.items()
    }


@pytest.fixture(scope="module")
def states() -> dict[str, Any]:
    """The states of the workflow, those of the Map's children included."""
    machine: dict[str, Any] = json.loads((ROOT / "statemachine.asl.json").read_text())["States"]
    return {**machine, **machine["RunPipelines"]["ItemProcessor"]["States"]}


def test_no_starter_outlives_its_claim(timeouts: dict[str, timedelta]) -> None:
    """When a claim counts no more, the function that made it has been ended; clocks may differ."""
    margin = timedelta(seconds=5)
    assert max(timeouts["run_pipeline"], timeouts["record_state_change"]) + margin < CLAIM_WINDOW


def test_a_stop_needs_one_retry_for_a_start_on_its_way() -> None:
    """Lambda's first retry comes after the claim's window, so that another is left for a fault."""
    assert LAMBDAS_RETRIES[0] > CLAIM_WINDOW


def test_a_close_is_not_brought_again_while_it_is_tried(timeouts: dict[str, timedelta]) -> None:
    """Who finds a release closed and not announced waits until all tries of that have ended."""
    tries = len(LAMBDAS_RETRIES) + 1
    lasting = tries * timeouts["close_release"] + sum(LAMBDAS_RETRIES, timedelta())
    assert lasting < CLOSE_TRIED_WITHIN


def retries_of(state: dict[str, Any]) -> tuple[int, timedelta]:
    """How often a task is tried again after a fault, and the longest that it waits in between."""
    retrier = state["Retry"][-1]
    assert "States.TaskFailed" in retrier["ErrorEquals"]
    retries = int(retrier["MaxAttempts"])
    waits = [
        min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n, retrier["MaxDelaySeconds"])
        for n in range(retries)
    ]
    return retries, timedelta(seconds=sum(waits))


def test_a_task_is_overdue_only_when_the_workflow_has_given_it_up(
    timeouts: dict[str, timedelta], states: dict[str, Any]
) -> None:
    """All tries of run_pipeline, each as long as it may last, end within TASK_LATENESS."""
    retries, waiting = retries_of(states["RunPipeline"])
    lasting = (retries + 1) * timeouts["run_pipeline"] + waiting
    assert lasting < TASK_LATENESS


@pytest.mark.parametrize(
    ("state", "function"), [("OpenRelease", "open_release"), ("RunPipeline", "run_pipeline")]
)
def test_a_task_that_is_given_up_raises_the_alarm(
    state: str, function: str, timeouts: dict[str, timedelta], states: dict[str, Any]
) -> None:
    """Its tries are as many as the alarm wants and the guide says, and begin within one period.

    Lambda counts an error at the time when the function was invoked.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html
    """
    with (ROOT / "infra/observability.tf").open(encoding="utf-8") as file:
        terraform = hcl2.load(file)
    tries = next(block["tries"] for block in terraform["locals"] if "tries" in block)
    alarms = [each.get('"aws_cloudwatch_metric_alarm"', {}) for each in terraform["resource"]]
    alarm = next(each['"errors"'] for each in alarms if '"errors"' in each)
    retries, waiting = retries_of(states[state])
    assert tries[function] == retries + 1
    assert f" {retries + 1} tries to" in (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    assert retries * timeouts[function] + waiting < timedelta(seconds=alarm["period"])


@pytest.mark.parametrize(
    ("state", "function"), [("OpenRelease", "open_release"), ("CloseRelease", "close_release")]
)
def test_the_workflow_outwaits_the_function(
    state: str, function: str, timeouts: dict[str, timedelta], states: dict[str, Any]
) -> None:
    """A task that has timed out is tried again only when the first try has ended."""
    assert timedelta(seconds=states[state]["TimeoutSeconds"]) > timeouts[function]


def test_the_simulation_ends_functions_as_lambda_does(timeouts: dict[str, timedelta]) -> None:
    """What cannot happen for want of time is not simulated, and all else is."""
    assert timeouts == TIMEOUTS
