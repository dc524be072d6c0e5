"""A start that CodePipeline refuses for now is tried again; a task that is given up fails."""

from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

START = "StartPipelineExecution"
REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("fail", {"code": "ConflictException", "times": 2}),
    ("throttle", {"times": 2}),
]


@pytest.mark.parametrize(("effect", "more"), REFUSALS, ids=["busy", "throttled"])
def test_a_refused_start_is_tried_again(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    machines: Machines,
    effect: str,
    more: dict[str, Any],
) -> None:
    """The pipeline starts when CodePipeline accepts it, although its task has only one try."""
    name, release_id = pipelines.make(), unique("refused")
    with faults.api(effect, pipeline=name, operation=START, **more) as fault:
        arn = releases.start(
            manifest(release_id, name), machine=machines.impatient(3600, retries=0)
        )
        wait_until("it is refused", lambda: faults.fired(fault) == more["times"])
        assert releases.end(arn)["status"] == "SUCCEEDED"

    assert len(pipelines.executions(name)) == 1
    audit = [entry["what"] for entry in ledger.pipeline(release_id, name)["audit"]]
    assert audit.count("start claimed") == 3


@pytest.mark.alone
def test_a_throttled_release_goes_on_as_fast_as_codepipeline_lets_it(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, machines: Machines
) -> None:
    """Starts and declarations are throttled; each pipeline is started once, without a retry."""
    names, release_id = [pipelines.make() for _ in range(12)], unique("paced")
    machine = machines.impatient(3600, retries=0)
    with (
        faults.limit(START, per_minute=60, burst=3) as starts,
        faults.limit("GetPipeline", per_minute=120, burst=3) as declarations,
    ):
        arn = releases.start(manifest(release_id, *names), machine=machine)
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(starts) > 0
        assert faults.fired(declarations) > 0
    assert all(len(pipelines.executions(name)) == 1 for name in names)
    nodes = [ledger.pipeline(release_id, name) for name in names]
    assert any(entry["what"] == "start claimed" for node in nodes for entry in node["audit"][2:])


def test_a_refused_start_of_a_dependent_is_tried_again(
    releases: Releases, pipelines: Pipelines, faults: Faults
) -> None:
    """The function that notices the end of the dependency sends the task of the dependent back."""
    first, second = pipelines.make(), pipelines.make()
    with faults.api(
        "fail", pipeline=second, operation=START, code="ConflictException", times=1
    ) as fault:
        arn = releases.start(
            manifest(unique("chain"), first, {"name": second, "dependsOn": [first]})
        )
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(fault) == 1


def test_a_task_that_is_given_up_fails_its_pipeline(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, machines: Machines
) -> None:
    """Its execution is stopped, the pipeline fails with the last trouble, and the release ends."""
    name, behind, release_id = pipelines.make(approval=True), pipelines.make(), unique("given-up")
    denied: dict[str, Any] = {"code": "AccessDeniedException", "times": 1}
    with faults.api("fail", pipeline=name, operation="GetPipelineExecution", **denied):
        arn = releases.start(
            manifest(release_id, name, {"name": behind, "dependsOn": [name]}, stopMode="abandon"),
            machine=machines.impatient(5, retries=0),
        )
        ended = releases.end(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    node = ledger.pipeline(release_id, name)
    assert node["status"] == "FAILED"
    assert "its task failed too often" in node["failure"]["message"]
    assert "AccessDeniedException" in node["failure"]["message"]
    assert ledger.pipeline(release_id, behind)["status"] == "SKIPPED"
    assert pipelines.status(name, node["execution_id"]) == "Stopped"
