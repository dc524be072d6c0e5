"""A task is settled with how its pipeline ended, although events are late and functions die."""

from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

# The start takes effect, but every call fails as long as the fault is in force.
UNANSWERED: dict[str, Any] = {
    "operation": "StartPipelineExecution",
    "code": "InternalFailure",
    "status": 500,
    "when": "after",
    "times": 100,
}


def states(ledger: Ledger, execution_id: str) -> list[str]:
    """Return the recorded states of an execution, in the order of recording."""
    return [each["state"] for each in ledger.execution(execution_id).get("changes", ())]


def started_execution(pipelines: Pipelines, pipeline: str) -> str:
    """Wait for an execution that the release may not know yet; return its id."""
    return wait_until(
        f"{pipeline} is started",
        lambda: next((e["pipelineExecutionId"] for e in pipelines.executions(pipeline)), ""),
    )


def test_an_execution_may_end_before_its_start_is_recorded(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """The call that starts the pipeline gets its answer when the end is on record already."""
    name, release_id = pipelines.make(), unique("early")
    with faults.api("fail", pipeline=name, **UNANSWERED):
        arn = releases.start(manifest(release_id, name))
        execution_id = started_execution(pipelines, name)
        wait_until("the end is on record", lambda: "SUCCEEDED" in states(ledger, execution_id))
        node = ledger.pipeline(release_id, name)
        assert (node["status"], node.get("execution_id")) == ("STARTING", None)

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ledger.pipeline(release_id, name)["execution_id"] == execution_id
    assert len(pipelines.executions(name)) == 1


def test_an_event_may_come_late(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """A release waits for the event of its pipeline's end, and ends with it."""
    name, release_id = pipelines.make(approval=True), unique("late")
    with faults.event_held(pipeline=name, state="SUCCEEDED") as fault:
        arn = releases.start(manifest(release_id, name))
        execution_id = releases.started(release_id, name)
        pipelines.approve(name, execution_id)
        wait_until("the event is held back", lambda: faults.fired(fault))
        assert pipelines.status(name, execution_id) == "Succeeded"
        assert ledger.pipeline(release_id, name)["status"] == "RUNNING"

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert releases.children(arn)["succeeded"] == 1


def test_a_task_that_finds_nothing_new_waits_again(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, machines: Machines
) -> None:
    """A pipeline may run longer than the time between two looks; each wait has its own token."""
    name, release_id = pipelines.make(approval=True), unique("patient")
    arn = releases.start(manifest(release_id, name), machine=machines.impatient(1))
    execution_id = releases.started(release_id, name)
    wait_until(
        "the task has looked twice",
        lambda: ledger.pipeline(release_id, name)["registrations"] >= 3,
    )

    pipelines.approve(name, execution_id)

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert [each["pipelineExecutionId"] for each in pipelines.executions(name)] == [execution_id]


@pytest.mark.alone
def test_a_function_killed_between_start_and_record_starts_nothing_twice(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    functions: Functions,
) -> None:
    """The function's process dies after the start; the next try finds the execution."""
    name, release_id = pipelines.make(approval=True), unique("killed")
    with faults.api("fail", pipeline=name, **UNANSWERED):
        arn = releases.start(manifest(release_id, name))
        execution_id = started_execution(pipelines, name)
        assert functions.kill("run_pipeline") >= 1
        assert "execution_id" not in ledger.pipeline(release_id, name)

    assert releases.started(release_id, name) == execution_id
    pipelines.approve(name, execution_id)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert [each["pipelineExecutionId"] for each in pipelines.executions(name)] == [execution_id]
    starting = [e for e in ledger.pipeline(release_id, name)["audit"] if e["after"] == "STARTING"]
    assert len(starting) == 2  # one by the try that was killed, one by the next try
