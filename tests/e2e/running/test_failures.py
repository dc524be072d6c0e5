"""Each way to fail has its own error; the release names its failed pipelines and the reasons.

LocalStack keeps neither error nor cause of the Map's children. Tests that check these use a machine
that runs its one pipeline inline (machines.py).
"""

from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import APPROVAL_STAGE, DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

BROKEN_DEPLOYMENT: dict[str, Any] = {
    "stage": DEPLOY_STAGE,
    "code": "JobFailed",
    "message": "The disk is full",
    "summary": "3 of 7 files copied",
    "url": "https://example.com/deployments/7",
}


@pytest.fixture
def inline(machines: Machines) -> str:
    """The machine whose history shows how its pipeline's task ended."""
    return machines.inline()


def test_a_failed_action_is_named_with_its_reason(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults, inline: str
) -> None:
    """Task and release name stage, action, message, code, summary and link of the failure."""
    name, release_id = pipelines.make(), unique("failed")
    with faults.action("fail", pipeline=name, **BROKEN_DEPLOYMENT):
        arn = releases.start(manifest(release_id, name), machine=inline)
        ended = releases.end(arn)

    ((error, cause),) = releases.failed_tasks(arn)
    execution_id = ledger.pipeline(release_id, name)["execution_id"]
    assert error == "PipelineFailed"
    assert cause == (
        f"{name} failed (execution {execution_id}): stage {DEPLOY_STAGE}, action {DEPLOY_STAGE}: "
        "The disk is full (JobFailed) 3 of 7 files copied See https://example.com/deployments/7"
    )
    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert ended["cause"] == f"1 of 1 pipelines did not succeed:\n- {cause}"
    assert releases.visited(arn)[-2:] == ["IsReleaseGood", "ReleaseFailed"]


def test_a_stopped_pipeline_fails_its_release(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, inline: str
) -> None:
    """PipelineStopped carries the reason that was given with the stop."""
    name, release_id = pipelines.make(approval=True), unique("halted")
    arn = releases.start(manifest(release_id, name), machine=inline)
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)

    pipelines.stop(name, execution_id, reason="wrong customer, grace")

    ended = releases.end(arn)
    ((error, cause),) = releases.failed_tasks(arn)
    assert error == "PipelineStopped"
    assert f"{name} stopped (execution {execution_id})" in cause
    assert "wrong customer, grace" in cause
    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert cause in ended["cause"]
    assert ledger.pipeline(release_id, name)["status"] == "STOPPED"


def test_a_superseded_pipeline_fails_its_release(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, inline: str
) -> None:
    """A newer execution that a person started supersedes the release's execution."""
    name, release_id = pipelines.make(approval=True), unique("overtaken")
    ahead = pipelines.start(name)
    pipelines.wait_for_approval(name, ahead)
    arn = releases.start(manifest(release_id, name), machine=inline)
    releases.started(release_id, name)

    newer = pipelines.start(name)  # both wait before the approval stage, and the newer one stays

    ended = releases.end(arn)
    ((error, cause),) = releases.failed_tasks(arn)
    assert error == "PipelineSuperseded"
    assert f"{name} superseded" in cause
    assert newer in cause
    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert ledger.pipeline(release_id, name)["status"] == "SUPERSEDED"


def test_a_cancelled_pipeline_fails_its_release(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, inline: str
) -> None:
    """CodePipeline cancels the execution when its pipeline is changed."""
    name, release_id = pipelines.make(approval=True), unique("changed")
    arn = releases.start(manifest(release_id, name), machine=inline)
    pipelines.wait_for_approval(name, releases.started(release_id, name))

    pipelines.change(name)

    ended = releases.end(arn)
    ((error, cause),) = releases.failed_tasks(arn)
    assert error == "PipelineCancelled"
    assert f"{name} cancelled" in cause
    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert ledger.pipeline(release_id, name)["status"] == "CANCELLED"


def test_a_release_names_each_pipeline_that_did_not_succeed(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """Two of three pipelines fail: the cause of the release names both with their reasons."""
    good, broken, rejected = (
        pipelines.make(),
        pipelines.make(),
        pipelines.make(approval=True),
    )
    release_id = unique("several")
    with faults.action("fail", pipeline=broken, **BROKEN_DEPLOYMENT):
        arn = releases.start(manifest(release_id, good, broken, rejected, onFailure="continue"))
        pipelines.approve(rejected, releases.started(release_id, rejected), approve=False)
        ended = releases.end(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    first, *lines = ended["cause"].splitlines()
    assert first == "2 of 3 pipelines did not succeed:"
    assert [line.split()[:3] for line in lines] == [
        ["-", broken, "failed"],
        ["-", rejected, "failed"],
    ]
    assert f"stage {DEPLOY_STAGE}, action {DEPLOY_STAGE}: The disk is full (JobFailed)" in lines[0]
    assert f"stage {APPROVAL_STAGE}, action {APPROVAL_STAGE}: " in lines[1]
    assert "not fit to ship" in lines[1]
    # To the Map each child has succeeded; the ledger records how its pipeline ended.
    assert releases.children(arn)["succeeded"] == 3
    header = ledger.header(release_id)
    assert (header["status"], header["why"]) == ("FAILED", ended["cause"])
    wait_until("the last pipeline is unlocked", lambda: ledger.holder(rejected) == "")
