"""What CodePipeline answers in situations that the release machine meets, without a release.

Few answers are checked here: `make verify` records all of them, and compares AWS with the emulator.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import APPROVAL_STAGE, Pipelines, unique

pytestmark = pytest.mark.verify


class Watched:
    """One execution of a pipeline with an approval, and every way to look at it."""

    def __init__(self, account: Account, pipelines: Pipelines, **how: Any) -> None:
        self.client, self.pipelines = account.codepipeline, pipelines
        self.name = pipelines.make(approval=True, **how)
        token = unique("token")
        first, again = (
            self.client.start_pipeline_execution(name=self.name, clientRequestToken=token)
            for _ in range(2)
        )
        assert first["pipelineExecutionId"] == again["pipelineExecutionId"]
        self.id = first["pipelineExecutionId"]
        self.names: Any = {"pipelineName": self.name, "pipelineExecutionId": self.id}

    def look(self) -> None:
        """Read the execution in each way; what is not shown yet is an answer as well."""
        only: Any = {"pipelineExecutionId": self.id}
        for read in (
            lambda: self.client.get_pipeline_execution(**self.names),
            lambda: self.client.get_pipeline_state(name=self.name),
            lambda: self.client.list_action_executions(pipelineName=self.name, filter=only),
            lambda: self.client.list_pipeline_executions(pipelineName=self.name),
        ):
            try:
                read()
            except self.client.exceptions.PipelineExecutionNotFoundException:
                continue

    def wait_for(self, status: str) -> None:
        """Wait for a status, and look."""
        wait_until(
            f"{self.name} is {status}", lambda: self.pipelines.status(self.name, self.id) == status
        )
        self.look()

    def answer(self, token: str) -> None:
        """Approve with a token."""
        self.client.put_approval_result(
            pipelineName=self.name,
            stageName=APPROVAL_STAGE,
            actionName=APPROVAL_STAGE,
            token=token,
            result={"status": "Approved", "summary": "fit to ship"},
        )

    def stop(self, *, abandon: bool) -> None:
        """Stop the execution."""
        self.client.stop_pipeline_execution(**self.names, abandon=abandon, reason="enough")

    def retry(self) -> None:
        """Retry the stage of the approval."""
        self.client.retry_stage_execution(
            **self.names, stageName=APPROVAL_STAGE, retryMode="FAILED_ACTIONS"
        )


@pytest.mark.parametrize("mode", ["SUPERSEDED", "PARALLEL"])
def test_an_approved_execution(account: Account, pipelines: Pipelines, mode: str) -> None:
    """An execution is shown from its start to its end; its approval is answered once."""
    execution = Watched(account, pipelines, mode=mode)
    execution.look()
    token = pipelines.wait_for_approval(execution.name, execution.id)
    execution.look()
    with pytest.raises(ClientError):
        execution.retry()  # nothing has failed

    execution.answer(token)
    execution.look()
    with pytest.raises(ClientError):
        execution.answer(token)
    execution.wait_for("Succeeded")
    with pytest.raises(ClientError):
        execution.stop(abandon=True)


def test_a_stopped_execution(account: Account, pipelines: Pipelines) -> None:
    """A stop is accepted once, becomes an abandon on request, and the stage can be retried."""
    execution = Watched(account, pipelines)
    token = pipelines.wait_for_approval(execution.name, execution.id)
    execution.stop(abandon=False)
    execution.wait_for("Stopping")
    with pytest.raises(ClientError):
        execution.stop(abandon=False)
    execution.stop(abandon=True)
    execution.wait_for("Stopped")
    with pytest.raises(ClientError):
        execution.answer(token)

    execution.retry()
    pipelines.approve(execution.name, execution.id, approve=False)
    execution.wait_for("Failed")


def test_a_pipeline_that_is_changed_and_deleted(account: Account, pipelines: Pipelines) -> None:
    """A change meets a waiting execution; after the deletion nothing is found."""
    execution = Watched(account, pipelines)
    pipelines.wait_for_approval(execution.name, execution.id)
    pipelines.change(execution.name)
    execution.look()

    account.codepipeline.delete_pipeline(name=execution.name)

    for read in (
        lambda: account.codepipeline.get_pipeline(name=execution.name),
        lambda: account.codepipeline.get_pipeline_state(name=execution.name),
        lambda: account.codepipeline.get_pipeline_execution(**execution.names),
        lambda: account.codepipeline.start_pipeline_execution(name=execution.name),
    ):
        with pytest.raises(ClientError):
            read()
