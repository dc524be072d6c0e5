"""The pipelines of a release start in parallel, each of them once."""

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = [pytest.mark.platform, pytest.mark.minute]

MANY = 12
REFUSAL = {"operation": "StartPipelineExecution", "code": "ConflictException"}
# Each of these sends the task back for a while.
THROTTLES = 2


def test_pipelines_start_in_parallel(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Twelve pipelines run at the same time, and each is started once."""
    names = [pipelines.make(approval=True) for _ in range(MANY)]
    release_id = unique("parallel")

    arn = releases.start(manifest(release_id, *names))

    running = {name: releases.started(release_id, name) for name in names}
    for name, execution_id in running.items():
        pipelines.wait_for_approval(name, execution_id)
    assert releases.children(arn) == {"running": MANY, "total": MANY}
    assert {ledger.pipeline(release_id, name)["status"] for name in names} == {"RUNNING"}
    for name, execution_id in running.items():
        pipelines.approve(name, execution_id)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert releases.children(arn)["succeeded"] == MANY
    for name, execution_id in running.items():
        assert [each["pipelineExecutionId"] for each in pipelines.executions(name)] == [
            execution_id
        ]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_start_that_another_call_repeats_starts_once(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, when: str
) -> None:
    """The task's retry starts the pipeline unless the failed call had started it.

    The SDK does not retry this error. Only the same clientRequestToken makes CodePipeline answer
    with the execution that exists.
    """
    name, release_id = pipelines.make(), unique("repeated")

    with faults.api("fail", pipeline=name, when=when, **REFUSAL) as refusal:
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(refusal) == 1

    (execution,) = pipelines.executions(name)
    node = ledger.pipeline(release_id, name)
    assert node["execution_id"] == execution["pipelineExecutionId"]
    starting = [entry for entry in node["audit"] if entry["after"] == "STARTING"]
    assert len(starting) == 2


def test_a_throttled_start_is_tried_until_it_works(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """A throttled start is made when its task comes back."""
    name, release_id = pipelines.make(), unique("throttled")

    with faults.api(
        "throttle", pipeline=name, operation="StartPipelineExecution", times=THROTTLES
    ) as throttle:
        arn = releases.start(manifest(release_id, name))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(throttle) == THROTTLES

    (execution,) = pipelines.executions(name)
    assert ledger.pipeline(release_id, name)["execution_id"] == execution["pipelineExecutionId"]
