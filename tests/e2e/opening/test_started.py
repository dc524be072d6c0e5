"""The pipelines of a release start together, each of them once."""

from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.long_runs import THROTTLES, LongRuns
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

MANY = 12
REFUSAL = {"operation": "StartPipelineExecution", "code": "ConflictException"}


def test_pipelines_start_in_parallel(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """All of twelve pipelines run at the same time, each started once, before any has ended."""
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
    """The task's next try starts what its first one could not, and nothing that it did start.

    The SDK does not repeat a call that met this error, and would use another token if it did not
    have ours: only the same clientRequestToken makes the answer the execution that is there.
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


def test_two_releases_of_one_pipeline_are_two_executions(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """The token of a start belongs to its release: the next release starts the pipeline again."""
    name, ids = pipelines.make(), [unique("first"), unique("second")]

    for release_id in ids:
        releases.end(releases.start(manifest(release_id, name)))

    started = [ledger.pipeline(release_id, name)["execution_id"] for release_id in ids]
    assert [each["pipelineExecutionId"] for each in pipelines.executions(name)] == started[::-1]


def test_a_pipeline_that_cannot_be_started_fails_its_release(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """What CodePipeline refuses for good is a failure that says so, and is not tried again."""
    name, release_id = pipelines.make(), unique("refused")
    refusal: dict[str, Any] = {
        "operation": "StartPipelineExecution",
        "code": "ValidationException",
        "message": "The pipeline has no stages",
        "times": 100,
    }

    with faults.api("fail", pipeline=name, **refusal) as fault:
        ended = releases.end(releases.start(manifest(release_id, name)))
        assert faults.fired(fault) == 1

    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert f"{name} failed" in ended["cause"]
    assert "The pipeline has no stages (ValidationException)" in ended["cause"]
    assert pipelines.executions(name) == []
    assert "execution_id" not in ledger.pipeline(release_id, name)
    wait_until("nobody holds the pipeline", lambda: ledger.holder(name) == "")


def test_a_throttled_start_is_tried_until_it_works(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, long_runs: LongRuns
) -> None:
    """Throttled more often than the SDK tries, a pipeline is started once, by the next try."""
    run = long_runs.throttled

    ended = releases.end(releases.adopt(run.execution_arn))

    assert ended["status"] == "SUCCEEDED"
    assert faults.fired(long_runs.throttle) == THROTTLES
    (execution,) = pipelines.executions(run.pipeline)
    node = ledger.pipeline(run.release_id, run.pipeline)
    assert node["execution_id"] == execution["pipelineExecutionId"]
