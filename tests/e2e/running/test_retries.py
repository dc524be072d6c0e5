"""A failed stage is retried as often as the manifest says, if possible in the same execution."""

from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

BROKEN: dict[str, Any] = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}


def states(ledger: Ledger, execution_id: str) -> set[tuple[str, int]]:
    """State and attempt of each change on record of an execution."""
    changes: list[Item] = ledger.execution(execution_id)["changes"]
    return {(each["state"], int(each["attempt"])) for each in changes}


def test_a_failed_stage_is_retried_in_the_same_execution(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """Two failures and two retries: the third try of the stage succeeds, and so the release."""
    name, release_id = pipelines.make(), unique("retried")
    with faults.action("fail", pipeline=name, times=2, **BROKEN) as fault:
        arn = releases.start(manifest(release_id, {"name": name, "retries": 2}))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(fault) == 2

    (execution,) = pipelines.executions(name)
    node = ledger.pipeline(release_id, name)
    assert (node["status"], node["retried"]) == ("SUCCEEDED", 2)
    assert node["execution_id"] == execution["pipelineExecutionId"]
    assert ("SUCCEEDED", 3) in states(ledger, node["execution_id"])


def test_a_pipeline_fails_when_its_retries_are_used_up(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """With one retry the second failure counts, and is the only one that is told."""
    name, release_id = pipelines.make(), unique("used-up")
    with faults.action("fail", pipeline=name, times=100, **BROKEN) as fault:
        ended = releases.end(releases.start(manifest(release_id, {"name": name, "retries": 1})))
        assert faults.fired(fault) == 2

    assert ended["status"] == "FAILED"
    assert f"{name} failed" in ended["cause"]
    assert "Broke" in ended["cause"]
    node = ledger.pipeline(release_id, name)
    assert (node["status"], node["retried"]) == ("FAILED", 1)
    assert len(pipelines.executions(name)) == 1


def test_where_a_retry_is_refused_a_new_execution_is_started(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """CodePipeline retries only the latest execution of an unchanged structure."""
    name, release_id = pipelines.make(), unique("anew")
    refusal = {
        "operation": "RetryStageExecution",
        "code": "NotLatestPipelineExecutionException",
    }
    with (
        faults.action("fail", pipeline=name, **BROKEN),
        faults.api("fail", pipeline=name, times=100, **refusal) as refused,
    ):
        arn = releases.start(manifest(release_id, {"name": name, "retries": 1}))
        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(refused) == 1

    newest, failed = pipelines.executions(name)
    assert (newest["status"], failed["status"]) == ("Succeeded", "Failed")
    node = ledger.pipeline(release_id, name)
    assert node["execution_id"] == newest["pipelineExecutionId"]
    assert node["earlier_executions"] == [failed["pipelineExecutionId"]]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_retry_whose_answer_is_lost_is_made_once(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, when: str
) -> None:
    """The next try of the function that retried finds out whether it had."""
    name, release_id = pipelines.make(), unique("unanswered")
    error = {"operation": "RetryStageExecution", "code": "ConflictException", "when": when}
    with (
        faults.action("fail", pipeline=name, **BROKEN),
        faults.api("fail", pipeline=name, **error),
    ):
        arn = releases.start(manifest(release_id, {"name": name, "retries": 1}))
        assert releases.end(arn)["status"] == "SUCCEEDED"

    assert len(pipelines.executions(name)) == 1
    assert ledger.pipeline(release_id, name)["retried"] == 1


def test_a_retry_by_a_person_is_recognised(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, account: Account
) -> None:
    """A stage that is retried in the console before its failure was heard of has not failed.

    FAILED comes after RESUMED then, which is no reason to fail the pipeline.
    """
    name, release_id = pipelines.make(), unique("by-hand")
    with (
        faults.action("fail", pipeline=name, **BROKEN),
        faults.action("delay", pipeline=name, stage=DEPLOY_STAGE, seconds=6),
        faults.event("delay", pipeline=name, state="FAILED", seconds=3) as late,
    ):
        arn = releases.start(manifest(release_id, name))
        execution_id = releases.started(release_id, name)
        wait_until("it fails", lambda: pipelines.status(name, execution_id) == "Failed")
        account.codepipeline.retry_stage_execution(
            pipelineName=name,
            pipelineExecutionId=execution_id,
            stageName=DEPLOY_STAGE,
            retryMode="FAILED_ACTIONS",
        )
        wait_until("the failure is heard of", lambda: ("FAILED", 1) in states(ledger, execution_id))
        assert ("SUCCEEDED", 2) not in states(ledger, execution_id)

        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert faults.fired(late) == 1
    assert {("RESUMED", 2), ("SUCCEEDED", 2)} < states(ledger, execution_id)
    audit = [entry["after"] for entry in ledger.pipeline(release_id, name)["audit"]]
    assert audit == ["WAITING", "STARTING", "RUNNING", "SUCCEEDED"]
    assert len(pipelines.executions(name)) == 1
