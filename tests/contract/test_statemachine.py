"""The workflow's definition agrees with the code, with Terraform and with its language."""

import inspect
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from open_release.handler import OUTCOME
from release_core import errors
from release_core.aws.step_functions import LOOK_AGAIN, PIPELINE_ERRORS
from release_core.decide.timing import CLAIM_WINDOW, LOOK_LAG
from release_core.errors import Rejection
from release_core.manifest.requests import ROLLBACK_KEYS

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "statemachine.asl.json"

RAISED = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
SENT = {*PIPELINE_ERRORS.values(), LOOK_AGAIN}
REJECTIONS = {each.__name__ for each in Rejection.__subclasses__()}
# Errors of Step Functions' own integrations, as an execution's history names them.
OF_AWS = {"StepFunctions.ExecutionAlreadyExistsException"}


@pytest.fixture(scope="module")
def machine() -> dict[str, Any]:
    """The definition in the repository, before Terraform fills in the ARNs."""
    definition: dict[str, Any] = json.loads(DEFINITION.read_text())
    return definition


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All states with their names, including those of the Map's child workflow."""
    for name, state in machine["States"].items():
        yield name, state
        yield from states(state.get("ItemProcessor", {"States": {}}))


def handled(machine: dict[str, Any], kind: str) -> Iterator[tuple[str, list[str]]]:
    """The ErrorEquals lists of all retriers or catchers, with the names of their states."""
    for name, state in states(machine):
        for handler in state.get(kind, []):
            yield name, handler["ErrorEquals"]


def outcomes(choice: dict[str, Any]) -> dict[str, str]:
    """The state that follows each value of a Choice on one variable."""
    return {each["StringEquals"]: each["Next"] for each in choice["Choices"]}


def test_a_third_party_validator_accepts_the_definition() -> None:
    """The definition is valid Amazon States Language for another project's validator."""
    ran = subprocess.run(
        ["node", "node_modules/.bin/asl-validator", "--json-path", str(DEFINITION)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_error_the_workflow_handles_exists(machine: dict[str, Any]) -> None:
    """Each name in ErrorEquals is an error of the functions or of Step Functions."""
    for kind in ("Retry", "Catch"):
        for state, names in handled(machine, kind):
            for name in names:
                assert name.startswith("States.") or name in RAISED | SENT | OF_AWS, (state, name)


def test_outcomes_are_never_retried(machine: dict[str, Any]) -> None:
    """The first retrier of RunPipeline has every error with which a token can be settled."""
    run_pipeline = dict(states(machine))["RunPipeline"]
    first = run_pipeline["Retry"][0]
    assert set(first["ErrorEquals"]) == SENT
    assert first["MaxAttempts"] == 0


def test_a_rejection_is_an_outcome_and_no_error(machine: dict[str, Any]) -> None:
    """The answer REJECTED fails the execution with its own error and cause; no error does that."""
    everything = machine["States"]
    assert outcomes(everything["IsReleaseNew"])["REJECTED"] == "ReleaseRejected"
    assert everything["ReleaseRejected"] | {"Comment": ""} == {
        "Comment": "",
        "Type": "Fail",
        "ErrorPath": "$.error",
        "CausePath": "$.cause",
    }
    assert everything["OpenRelease"]["Parameters"]["Payload"]["rejection"] == OUTCOME
    assert "Catch" not in everything["OpenRelease"]
    for kind in ("Retry", "Catch"):
        for state, names in handled(machine, kind):
            assert REJECTIONS.isdisjoint(names), state


def test_every_outcome_of_the_opening_is_named(machine: dict[str, Any]) -> None:
    """An outcome that the workflow does not know fails the execution, and is no success."""
    chosen = machine["States"]["IsReleaseNew"]
    assert outcomes(chosen) == {
        "OPENED": "RunPipelines",
        "BUSY": "WaitForPipelines",
        "HELD": "WaitForTime",
        "PLANNED": "ReleasePlanned",
        "ALREADY_RELEASED": "AlreadyReleased",
        "REJECTED": "ReleaseRejected",
    }
    assert "Default" not in chosen


def test_every_task_has_a_time_limit_and_retries(machine: dict[str, Any]) -> None:
    """Every task has a timeout, and retries a failure with jitter."""
    for name, state in states(machine):
        if state["Type"] == "Task":
            assert {"TimeoutSeconds", "TimeoutSecondsPath"} & state.keys(), name
            assert "States.TaskFailed" in state["Retry"][-1]["ErrorEquals"], name
            assert state["Retry"][-1]["JitterStrategy"] == "FULL", name


def test_the_close_retries_until_a_claimed_start_is_decided(machine: dict[str, Any]) -> None:
    """The retries for what needs time last longer than the claim window and a late look."""
    (retrier,) = [
        each
        for each in machine["States"]["CloseRelease"]["Retry"]
        if each["ErrorEquals"] == ["StartUnresolved", "EndUnconfirmed"]
    ]
    assert retrier["BackoffRate"] == 1
    lasting = timedelta(seconds=retrier["IntervalSeconds"] * retrier["MaxAttempts"])
    assert lasting > CLAIM_WINDOW
    assert lasting > LOOK_LAG


def test_a_timed_out_task_waits_again(machine: dict[str, Any]) -> None:
    """A timeout of RunPipeline leads back to it through another state."""
    everything = dict(states(machine))
    catcher = everything["RunPipeline"]["Catch"][0]
    assert set(catcher["ErrorEquals"]) == {"States.Timeout", "States.HeartbeatTimeout"}
    assert everything[catcher["Next"]] | {"Comment": ""} == {
        "Comment": "",
        "Type": "Pass",
        "Next": "RunPipeline",
    }


def test_look_again_waits_for_the_given_seconds(machine: dict[str, Any]) -> None:
    """LookAgain leads back to RunPipeline with the number of seconds in its cause."""
    everything = dict(states(machine))
    catcher = everything["RunPipeline"]["Catch"][1]
    assert catcher["ErrorEquals"] == [LOOK_AGAIN]
    back = everything[catcher["Next"]]
    assert back["Next"] == "RunPipeline"
    assert back["Parameters"]["wait_seconds.$"] == "States.StringToJson($.again.Cause)"
    selected = everything["RunPipelines"]["ItemSelector"].keys()
    assert back["Parameters"].keys() == selected
    payload = everything["RunPipeline"]["Parameters"]["Payload"].keys()
    assert payload == selected | {"task_token.$", "waits_since.$"}


def test_every_child_workflow_has_an_empty_output(machine: dict[str, Any]) -> None:
    """Every child of the Map ends with the output {}, whether its pipeline succeeded or failed.

    The Map keeps the outputs of its children, and the data of failed ones. Beyond 256 KiB it fails
    with States.DataLimitExceeded, which States.ALL does not catch:
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html. A release of
    1000 pipelines stays below that only if no child fails and each one's output is {}.
    """
    everything = dict(states(machine))
    run_pipeline, ended = everything["RunPipeline"], everything["PipelineEnded"]
    last = run_pipeline["Catch"][-1]
    assert (last["ErrorEquals"], last["Next"]) == (["States.ALL"], "GiveUpTask")
    give_up = everything["GiveUpTask"]
    (last,) = give_up["Catch"]
    assert (last["ErrorEquals"], last["Next"]) == (["States.ALL"], "PipelineEnded")
    assert run_pipeline["OutputPath"] is give_up["OutputPath"] is None
    assert ended | {"Comment": ""} == {
        "Comment": "",
        "Type": "Pass",
        "Result": {},
        "ResultPath": "$",
        "End": True,
    }
    ends = [
        name
        for name, state in states(everything["RunPipelines"]["ItemProcessor"])
        if "End" in state
    ]
    assert ends == ["RunPipeline", "GiveUpTask", "PipelineEnded"]


def test_a_second_execution_waits_for_the_opening_of_the_first(machine: dict[str, Any]) -> None:
    """If S3 sends one event twice, the second execution waits for the result of the first."""
    (retrier,) = [
        each
        for each in machine["States"]["OpenRelease"]["Retry"]
        if each["ErrorEquals"] == ["OpeningElsewhere"]
    ]
    doubled = [retrier["IntervalSeconds"] * 2**n for n in range(retrier["MaxAttempts"])]
    assert retrier["BackoffRate"] == 2
    lasting = sum(min(each, retrier["MaxDelaySeconds"]) for each in doubled)
    assert lasting > machine["States"]["OpenRelease"]["TimeoutSeconds"]


def test_a_rollback_is_started_once_and_on_this_machine(machine: dict[str, Any]) -> None:
    """RollBackRelease starts an execution of the machine's alias with the given name."""
    everything = machine["States"]
    choices = {each["Next"]: each for each in everything["IsReleaseGood"]["Choices"]}
    assert choices["RollBackRelease"]["Variable"] == "$.rollback"
    roll_back = everything["RollBackRelease"]
    assert roll_back["Resource"] == "arn:aws:states:::states:startExecution"
    assert roll_back["Parameters"]["StateMachineArn"] == "${live_arn}"
    assert roll_back["Parameters"]["Name.$"] == "$.rollback.execution_name"
    assert set(roll_back["Parameters"]["Input"]) == {f"{key}.$" for key in ROLLBACK_KEYS - {"over"}}


def test_an_existing_rollback_counts_as_started(machine: dict[str, Any]) -> None:
    """An existing execution is no failure; any other error is added to the release's reason."""
    roll_back = machine["States"]["RollBackRelease"]
    assert roll_back["Retry"][0] == {"ErrorEquals": [*OF_AWS], "MaxAttempts": 0}
    started, failed = roll_back["Catch"]
    assert (set(started["ErrorEquals"]), started["Next"]) == (OF_AWS, "ReleaseFailed")
    assert failed["Next"] == "DescribeTrouble"
    told = machine["States"]["DescribeTrouble"]["Parameters"]["why.$"]
    assert "$.trouble.Error" in told
    assert "$.why" in told


def test_every_state_with_a_result_has_a_result_path(machine: dict[str, Any]) -> None:
    """Tasks, Maps, and Passes with parameters have an explicit ResultPath."""
    for name, state in states(machine):
        if state["Type"] in {"Task", "Map"} or "Parameters" in state:
            assert "ResultPath" in state, name


def test_each_placeholder_is_a_function_that_terraform_fills_in() -> None:
    """The placeholders are quoted, named after functions but one, and filled in by Terraform."""
    text = DEFINITION.read_text()
    placeholders = set(re.findall(r"\$\{(\w+)\}", text))
    assert placeholders == set(re.findall(r'"\$\{(\w+)\}"', text))
    functions = {path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py")}
    assert {name.removesuffix("_arn") for name in placeholders - {"live_arn"}} <= functions
    terraform = (ROOT / "infra" / "state_machine.tf").read_text()
    passed = terraform.partition("templatefile(")[2].partition("})")[0]
    assert set(re.findall(r"^\s+(\w+)\s+= ", passed, re.MULTILINE)) == placeholders
