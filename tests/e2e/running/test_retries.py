"""A failed stage is retried as often as the manifest says, in the same execution."""

from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import (
    APPROVAL_STAGE,
    DEPLOY_STAGE,
    SOURCE_STAGE,
    Pipelines,
    unique,
)
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

BROKEN: dict[str, Any] = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}


def states(ledger: Ledger, execution_id: str) -> set[tuple[str, int]]:
    """Return state and attempt of each recorded change of an execution."""
    changes: list[Item] = ledger.execution(execution_id).get("changes", [])
    return {(each["state"], int(each["attempt"])) for each in changes}


def test_a_failed_stage_is_retried_in_the_same_execution(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """After two failures and two retries the stage succeeds, and so does the release."""
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


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_retry_whose_answer_is_lost_is_made_once(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, when: str
) -> None:
    """The function's next try finds out whether its first one had retried the stage."""
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


def test_a_retry_that_reports_an_error_is_not_repeated(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """RetryStageExecution takes effect and answers 500, and the stage fails again: two runs."""
    name, release_id = pipelines.make(), unique("ambiguous")
    error = {"code": "InternalFailure", "status": 500, "when": "after"}
    with (
        faults.action("fail", pipeline=name, times=2, **BROKEN),
        faults.api("fail", pipeline=name, operation="RetryStageExecution", **error) as fault,
    ):
        arn = releases.start(manifest(release_id, {"name": name, "retries": 1}))
        assert releases.end(arn)["status"] == "FAILED"
        assert faults.fired(fault) == 1

    node = ledger.pipeline(release_id, name)
    assert (node["status"], node["retried"]) == ("FAILED", 1)
    assert pipelines.runs(name, node["execution_id"], DEPLOY_STAGE) == ["Failed", "Failed"]
    assert pipelines.status(name, node["execution_id"]) == "Failed"


@pytest.mark.verify
def test_a_rejected_approval_is_final(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """A rejection is an answer: with retries left, the approval is not requested again."""
    name, release_id = pipelines.make(approval=True), unique("rejected")
    arn = releases.start(manifest(release_id, {"name": name, "retries": 1}))
    execution_id = releases.started(release_id, name)

    pipelines.approve(name, execution_id, approve=False)

    assert releases.end(arn)["error"] == "ReleaseFailed"
    node = ledger.pipeline(release_id, name)
    assert (node["status"], node.get("retried", 0)) == ("FAILED", 0)
    assert "not fit to ship" in node["failure"]["message"]
    assert pipelines.runs(name, execution_id, APPROVAL_STAGE) == ["Failed"]


def test_an_earlier_failure_is_not_the_reason_of_a_stop(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """A stage failed and was retried with success; the stop in a later stage has its own reason.

    The action in progress ends well, so nothing else has failed.
    """
    name, release_id = pipelines.make(approval=True), unique("reason")
    with faults.action("fail", pipeline=name, **BROKEN | {"stage": SOURCE_STAGE}):
        arn = releases.start(manifest(release_id, {"name": name, "retries": 1}))
        execution_id = releases.started(release_id, name)
        pipelines.wait_for_approval(name, execution_id)
    assert pipelines.runs(name, execution_id, SOURCE_STAGE) == ["Succeeded", "Failed"]

    pipelines.stop(name, execution_id, reason="wrong customer, grace", abandon=False)
    pipelines.approve(name, execution_id)

    ended = releases.end(arn)
    assert "wrong customer, grace" in ended["cause"]
    assert "Broke" not in ended["cause"]
    node = ledger.pipeline(release_id, name)
    assert (node["status"], node["failure"].get("stage")) == ("STOPPED", None)


def test_a_retry_by_a_person_is_recognised(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, account: Account
) -> None:
    """A person retries a stage before the event of its failure arrives: the pipeline goes on.

    FAILED arrives after RESUMED then, and does not fail the pipeline.
    """
    name, release_id = pipelines.make(approval=True), unique("by-hand")
    with faults.event_held(pipeline=name, state="FAILED"):
        arn = releases.start(manifest(release_id, name))
        execution_id = releases.started(release_id, name)
        pipelines.approve(name, execution_id, approve=False)
        wait_until("it fails", lambda: pipelines.status(name, execution_id) == "Failed")
        account.codepipeline.retry_stage_execution(
            pipelineName=name,
            pipelineExecutionId=execution_id,
            stageName=APPROVAL_STAGE,
            retryMode="FAILED_ACTIONS",
        )
        wait_until("RESUMED is recorded", lambda: ("RESUMED", 2) in states(ledger, execution_id))
        assert ("FAILED", 1) not in states(ledger, execution_id)
    wait_until("FAILED is recorded", lambda: ("FAILED", 1) in states(ledger, execution_id))

    pipelines.approve(name, execution_id)

    assert releases.end(arn)["status"] == "SUCCEEDED"
    node = ledger.pipeline(release_id, name)
    moves = [entry["after"] for entry in node["audit"] if entry["before"] != entry["after"]]
    assert moves == ["WAITING", "STARTING", "RUNNING", "SUCCEEDED"]
    assert [answer["answer"] for answer in node["approvals"]] == ["Rejected", "Approved"]
    assert len(pipelines.executions(name)) == 1
