"""The same manifest with resume is the next attempt: it runs what did not succeed."""

from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

BROKEN: dict[str, Any] = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}


def test_only_what_did_not_succeed_is_run_again(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """The failed pipeline and its dependents run; each attempt is on record."""
    good, broken, later = (pipelines.make() for _ in range(3))
    document = manifest(unique("again"), good, broken, {"name": later, "dependsOn": [broken]})
    release_id = document["releaseId"]
    with faults.action("fail", pipeline=broken, **BROKEN):
        first = releases.start(document)
        failed = releases.end(first)
    assert failed["status"] == "FAILED"
    # The release may be halted before the first pipeline starts, which is skipped then.
    kept = ledger.pipeline(release_id, good)

    second = releases.start(document | {"resume": True})

    assert releases.end(second)["status"] == "SUCCEEDED"
    header = ledger.header(release_id)
    assert (header["status"], header["attempt"]) == ("SUCCEEDED", 2)
    assert (header["execution_arn"], header["why"]) == (second, "all 3 pipelines succeeded")
    (attempt,) = header["attempts"]
    assert (attempt["execution_arn"], attempt["status"]) == (first, "FAILED")
    assert attempt["why"] == failed["cause"]
    if kept["status"] == "SUCCEEDED":
        assert ledger.pipeline(release_id, good) == kept
    assert [len(pipelines.executions(each)) for each in (good, broken, later)] == [1, 2, 1]
    node = ledger.pipeline(release_id, broken)
    newest, oldest = [each["pipelineExecutionId"] for each in pipelines.executions(broken)]
    assert (node["status"], node["execution_id"], node["attempt"]) == ("SUCCEEDED", newest, 2)
    (attempt,) = node["attempts"]
    assert (attempt["status"], attempt["execution_id"]) == ("FAILED", oldest)
    assert "Broke" in attempt["failure"]["message"]


def test_a_pipeline_repaired_in_the_console_is_not_run_again(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, account: Account
) -> None:
    """A stage that a person retries after the release has failed counts as succeeded."""
    name, later = pipelines.make(), pipelines.make()
    document = manifest(unique("repaired"), name, {"name": later, "dependsOn": [name]})
    with faults.action("fail", pipeline=name, **BROKEN):
        releases.end(releases.start(document))
    ((execution_id, status),) = [
        (each["pipelineExecutionId"], each["status"]) for each in pipelines.executions(name)
    ]
    assert status == "Failed"
    account.codepipeline.retry_stage_execution(
        pipelineName=name,
        pipelineExecutionId=execution_id,
        stageName=DEPLOY_STAGE,
        retryMode="FAILED_ACTIONS",
    )
    wait_until(f"{name} succeeds", lambda: pipelines.status(name, execution_id) == "Succeeded")

    arn = releases.start(document | {"resume": True})

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert [len(pipelines.executions(each)) for each in (name, later)] == [1, 1]
    assert ledger.pipeline(document["releaseId"], name)["execution_id"] == execution_id


def test_a_pipeline_that_succeeded_may_be_gone(
    releases: Releases, pipelines: Pipelines, faults: Faults, account: Account
) -> None:
    """A resume checks only what it runs: a pipeline that has succeeded may be deleted."""
    good, broken = pipelines.make(), pipelines.make()
    document = manifest(unique("gone"), good, {"name": broken, "dependsOn": [good]})
    with faults.action("fail", pipeline=broken, **BROKEN):
        assert releases.end(releases.start(document))["status"] == "FAILED"
    account.codepipeline.delete_pipeline(name=good)

    again = releases.start(document | {"resume": True})

    assert releases.end(again)["status"] == "SUCCEEDED"
    assert len(pipelines.executions(broken)) == 2


def test_a_cancelled_release_is_resumed_when_its_pipelines_have_stopped(
    releases: Releases, ledger: Ledger, refusals: Refusals, pipelines: Pipelines, faults: Faults
) -> None:
    """While an execution of the earlier attempt is stopping, a resume is rejected and names it."""
    name = pipelines.make()
    document = manifest(unique("cancelled"), name)
    release_id = document["releaseId"]
    with faults.action("delay", pipeline=name, action=DEPLOY_STAGE, seconds=3600):
        first = releases.start(document)
        execution_id = releases.started(release_id, name)
        pipelines.wait_for_deploy(name, execution_id)
    releases.stop(first, "lunch")
    releases.closed(release_id)
    wait_until(f"{name} is stopping", lambda: pipelines.status(name, execution_id) == "Stopping")

    early = releases.start(document | {"resume": True})
    assert execution_id in refusals.cause(early, "ReleaseNotResumable", "direct")
    pipelines.stop(name, execution_id, reason="the deploy takes too long")
    wait_until(f"{name} is stopped", lambda: pipelines.status(name, execution_id) == "Stopped")
    second = releases.start(document | {"resume": True})

    assert releases.end(second)["status"] == "SUCCEEDED"
    assert ledger.header(release_id)["attempts"][0]["status"] == "CANCELLED"
