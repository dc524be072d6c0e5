"""The simulated workflow has the states, limits and error names of statemachine.asl.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.world.workflow import LOOK_AGAIN, REJECTIONS, RETRIES, START_UNRESOLVED

MACHINE = json.loads((Path(__file__).parents[3] / "statemachine.asl.json").read_text())
STATES: dict[str, Any] = {
    **MACHINE["States"],
    **MACHINE["States"]["RunPipelines"]["ItemProcessor"]["States"],
}


def attempts(state: str, error: str) -> int:
    """How often a state is retried for an error, by the first retrier that names it."""
    for retrier in STATES[state]["Retry"]:
        if error in retrier["ErrorEquals"]:
            return int(retrier["MaxAttempts"])
    raise AssertionError(f"{state} says nothing of {error}")


def caught(state: str, error: str) -> str:
    """Where a state goes with an error."""
    return next(
        str(catcher["Next"])
        for catcher in STATES[state]["Catch"]
        if error in catcher["ErrorEquals"]
    )


@pytest.mark.parametrize("state", RETRIES)
def test_errors_that_may_pass_are_retried_as_often(state: str) -> None:
    """Each simulated state tries again as often as the real one."""
    assert attempts(state, "States.TaskFailed") == RETRIES[state]


def test_a_start_on_its_way_is_waited_for_as_long() -> None:
    """CloseRelease comes back for StartUnresolved at the same times."""
    retrier = STATES["CloseRelease"]["Retry"][0]
    assert retrier["ErrorEquals"] == ["StartUnresolved"]
    assert (retrier["IntervalSeconds"], retrier["MaxAttempts"]) == START_UNRESOLVED


def test_rejections_end_the_execution() -> None:
    """What the simulation takes for a rejection is caught, and never retried."""
    catcher = STATES["OpenRelease"]["Catch"][0]
    assert set(catcher["ErrorEquals"]) == REJECTIONS
    assert all(attempts("OpenRelease", error) == 0 for error in REJECTIONS)


def test_who_waits_goes_where_the_simulation_says() -> None:
    """A timeout looks again; LookAgain waits otherwise; a busy release opens again."""
    assert caught("RunPipeline", "States.Timeout") == "WaitAgain"
    assert caught("RunPipeline", LOOK_AGAIN) == "WaitOtherwise"
    assert STATES["WaitAgain"]["Next"] == STATES["WaitOtherwise"]["Next"] == "RunPipeline"
    assert caught("WaitForPipelines", "States.Timeout") == "OpenRelease"
    assert caught("WaitForPipelines", "ManifestInvalid") == "OpenRelease"
    assert STATES["WaitForPipelines"]["Next"] == "OpenRelease"
    assert STATES["RunPipelines"]["Next"] == "CloseRelease"
    assert caught("RunPipelines", "States.ALL") == "CloseRelease"


def test_a_rollback_is_started_before_the_release_has_failed() -> None:
    """CloseRelease leads to it where it is named; one that is there counts as started."""
    assert "RollBackRelease" in {each["Next"] for each in STATES["IsReleaseGood"]["Choices"]}
    assert STATES["RollBackRelease"]["Next"] == "ReleaseFailed"
    there = "StepFunctions.ExecutionAlreadyExistsException"
    assert attempts("RollBackRelease", there) == 0
    assert caught("RollBackRelease", there) == "ReleaseFailed"
