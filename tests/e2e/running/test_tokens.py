"""Task tokens are resolved with the truth, whatever befalls events and functions on the way."""

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

# The start takes effect, and for as long as the fault is in force nobody is told so.
UNANSWERED: dict[str, Any] = {
    "operation": "StartPipelineExecution",
    "code": "InternalFailure",
    "status": 500,
    "when": "after",
    "times": 100,
}


def states(ledger: Ledger, execution_id: str) -> list[str]:
    """The state changes on record of an execution, in the order in which they were recorded."""
    return [each["state"] for each in ledger.execution(execution_id).get("changes", ())]


def started_execution(pipelines: Pipelines, pipeline: str) -> str:
    """Wait until an execution runs that the release may not know of yet; answers its id."""
    return wait_until(
        f"{pipeline} is started",
        lambda: next((e["pipelineExecutionId"] for e in pipelines.executions(pipeline)), ""),
    )


def test_events_may_come_before_the_start_is_recorded(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """An execution that has ended before its start was answered settles its pipeline all the same.

    The answer to the start is withheld until the end of the execution is on record.
    """
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


def test_every_event_may_come_twice(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """The second delivery changes nothing: neither the record nor the outcome."""
    name, release_id = pipelines.make(), unique("twice")
    with faults.event("double", pipeline=name, times=2) as fault:
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(fault) == 2

    execution_id = ledger.pipeline(release_id, name)["execution_id"]
    wait_until("both are recorded", lambda: len(states(ledger, execution_id)) == 2)
    assert sorted(states(ledger, execution_id)) == ["STARTED", "SUCCEEDED"]
    audit = [entry["after"] for entry in ledger.pipeline(release_id, name)["audit"]]
    assert audit == ["WAITING", "STARTING", "RUNNING", "SUCCEEDED"]


def test_an_event_may_come_late(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """A release waits for the event that tells its pipeline's end, and ends with it."""
    name, release_id = pipelines.make(), unique("late")
    with faults.event("delay", pipeline=name, state="SUCCEEDED", seconds=4):
        arn = releases.start(manifest(release_id, name))
        execution_id = releases.started(release_id, name)
        wait_until("it ends", lambda: pipelines.status(name, execution_id) == "Succeeded")
        assert ledger.pipeline(release_id, name)["status"] == "RUNNING"

        assert releases.end(arn)["status"] == "SUCCEEDED"
    assert releases.children(arn)["succeeded"] == 1


def test_events_may_come_in_another_order(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """STARTED after SUCCEEDED is recorded and takes nothing back."""
    name, release_id = pipelines.make(), unique("reordered")
    with faults.event("reorder", pipeline=name) as fault:
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(fault) == 1

    execution_id = ledger.pipeline(release_id, name)["execution_id"]
    wait_until("both are recorded", lambda: len(states(ledger, execution_id)) == 2)
    assert ledger.pipeline(release_id, name)["status"] == "SUCCEEDED"
    assert ledger.header(release_id)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(("approve", "outcome"), [(True, "SUCCEEDED"), (False, "FAILED")])
def test_a_lost_event_is_made_up_for_by_a_look(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    machines: Machines,
    approve: bool,
    outcome: str,
) -> None:
    """When nothing was heard in time, one look at CodePipeline finds how the execution ended."""
    name, release_id = pipelines.make(approval=True), unique("lost")
    with faults.event("lose", pipeline=name, state=outcome) as fault:
        arn = releases.start(manifest(release_id, name), machine=machines.impatient(2))
        pipelines.approve(name, releases.started(release_id, name), approve=approve)
        assert releases.end(arn)["status"] == outcome
        assert faults.fired(fault) == 1

    node = ledger.pipeline(release_id, name)
    assert (node["status"], node["attempt"]) == (outcome, 1)
    sources = {
        each["state"]: each["source"] for each in ledger.execution(node["execution_id"])["changes"]
    }
    assert sources == {"STARTED": "event", outcome: "look"}


def test_a_task_that_looks_and_finds_nothing_new_waits_on(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, machines: Machines
) -> None:
    """A pipeline may take longer than the time between two looks: each gets a token of its own."""
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


def test_a_function_killed_between_start_and_record_starts_nothing_twice(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    functions: Functions,
) -> None:
    """The process that has started a pipeline dies before it knows: the next try finds its work."""
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
    assert len(starting) == 2  # claimed by the one that was killed, and by the next one
