"""The simulated workflow has the states, limits and error names of statemachine.asl.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from release_core.aws.step_functions import PIPELINE_ERRORS
from tests.simulation.world.workflow import LOOK_AGAIN, RETRIES, START_UNRESOLVED

MACHINE = json.loads((Path(__file__).parents[3] / "statemachine.asl.json").read_text())
STATES: dict[str, Any] = {
    **MACHINE["States"],
    **MACHINE["States"]["RunPipelines"]["ItemProcessor"]["States"],
}


def attempts(state: str, error: str) -> int:
    """How often a state is retried after an error."""
    for retrier in STATES[state]["Retry"]:
        if error in retrier["ErrorEquals"]:
            return int(retrier["MaxAttempts"])
    raise AssertionError(f"{state} has no retrier for {error}")


def caught(state: str, error: str) -> str:
    """The state that follows an error."""
    return next(
        str(catcher["Next"])
        for catcher in STATES[state]["Catch"]
        if error in catcher["ErrorEquals"]
    )


@pytest.mark.parametrize("state", RETRIES)
def test_temporary_errors_are_retried_as_often(state: str) -> None:
    """Each simulated state is retried as often as the real one."""
    assert attempts(state, "States.TaskFailed") == RETRIES[state]


@pytest.mark.parametrize("state", ["CloseRelease", "GiveUpTask"])
def test_what_needs_time_is_retried_at_the_same_times(state: str) -> None:
    """Both states retry both errors with the same interval and as often."""
    retrier = STATES[state]["Retry"][0]
    assert retrier["ErrorEquals"] == ["StartUnresolved", "EndUnconfirmed"]
    assert (retrier["IntervalSeconds"], retrier["MaxAttempts"]) == START_UNRESOLVED


def test_rejections_end_the_execution() -> None:
    """A rejection leads to a state that fails the execution."""
    choices = {each["StringEquals"]: each["Next"] for each in STATES["IsReleaseNew"]["Choices"]}
    assert STATES[choices["REJECTED"]]["Type"] == "Fail"


def test_waiting_states_have_the_simulated_transitions() -> None:
    """Timeouts, LookAgain and busy pipelines lead to the same states as in the simulation."""
    assert caught("RunPipeline", "States.Timeout") == "WaitAgain"
    assert caught("RunPipeline", LOOK_AGAIN) == "WaitOtherwise"
    assert all(caught("RunPipeline", each) == "PipelineEnded" for each in PIPELINE_ERRORS.values())
    assert caught("RunPipeline", "States.ALL") == "GiveUpTask"
    assert caught("GiveUpTask", "States.ALL") == "PipelineEnded"
    assert STATES["RunPipeline"]["End"] is STATES["GiveUpTask"]["End"] is True
    assert STATES["WaitAgain"]["Next"] == STATES["WaitOtherwise"]["Next"] == "RunPipeline"
    assert caught("WaitForPipelines", "States.Timeout") == "OpenRelease"
    assert STATES["WaitForPipelines"]["Next"] == "OpenRelease"
    assert STATES["WaitForTime"]["SecondsPath"] == "$.wait_seconds"
    assert STATES["WaitForTime"]["Next"] == "OpenRelease"
    assert STATES["RunPipelines"]["Next"] == "CloseRelease"
    assert caught("RunPipelines", "States.ALL") == "CloseRelease"


def test_a_rollback_is_started_before_the_release_fails() -> None:
    """A named rollback is started before ReleaseFailed; an existing one counts as started."""
    assert "RollBackRelease" in {each["Next"] for each in STATES["IsReleaseGood"]["Choices"]}
    assert STATES["RollBackRelease"]["Next"] == "ReleaseFailed"
    there = "StepFunctions.ExecutionAlreadyExistsException"
    assert attempts("RollBackRelease", there) == 0
    assert caught("RollBackRelease", there) == "ReleaseFailed"
