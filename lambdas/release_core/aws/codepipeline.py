"""CodePipeline: its calls, with the values of the domain."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from release_core.aws.action_runs import read_action_run
from release_core.aws.clients import InParallel, one_by_one
from release_core.aws.manual_approvals import IN_PROGRESS, is_approval
from release_core.aws.rule_runs import read_rule_run
from release_core.domain.actions import ActionRun
from release_core.domain.automation import (
    Automation,
    Skippable,
    read_automation,
    read_skippable,
)
from release_core.domain.declarations import (
    Declaration,
    Declared,
    Existence,
    NotAllowed,
    NotMatched,
    matches,
    read_declaration,
)
from release_core.domain.execution import ExecutionState
from release_core.domain.release import Failure, Pipeline, Release
from release_core.domain.revisions import Revision, Shipped
from release_core.errors import ReleaseMachineError
from release_core.immutable import Immutable

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_codepipeline.literals import SourceRevisionTypeType
    from types_boto3_codepipeline.type_defs import (
        GetPipelineInputTypeDef,
        PipelineExecutionSummaryTypeDef,
        StartPipelineExecutionInputTypeDef,
    )

STOP_REASON_LIMIT = 200  # characters

# The status of GetPipelineExecution as the state of an event; InProgress has no state.
STATE_OF_STATUS = {
    "Stopping": ExecutionState.STOPPING,
    "Stopped": ExecutionState.STOPPED,
    "Succeeded": ExecutionState.SUCCEEDED,
    "Superseded": ExecutionState.SUPERSEDED,
    "Failed": ExecutionState.FAILED,
    "Cancelled": ExecutionState.CANCELED,
}
# The trigger of an execution with which CodePipeline itself rolls a failed stage back.
AUTOMATED_ROLLBACK = "AutomatedRollback"
_NO_PIPELINE = "PipelineNotFoundException"
_GONE = {_NO_PIPELINE, "PipelineExecutionNotFoundException"}
_NOT_DECLARED = {_NO_PIPELINE, "PipelineVersionNotFoundException"}
_NOTHING_TO_STOP = _GONE | {"PipelineExecutionNotStoppableException"}
_ALREADY_STOPPING = {"DuplicatedStopRequestException"}


class StartRefused(ReleaseMachineError):
    """CodePipeline rejected the start of a pipeline, and a retry cannot help."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class ExecutionSnapshot(Immutable):
    """An execution as CodePipeline showed it; ``state`` is None while it is in progress.

    An execution that is ``gone`` was deleted with its pipeline; ``summary`` says why it is gone.
    ``version`` is the version of the pipeline that it runs with, where it is known.
    """

    state: ExecutionState | None
    summary: str | None
    revisions: Sequence[Revision] = ()
    gone: bool = False
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: int | None = None
    mode: str | None = None

    @property
    def shipped(self) -> Shipped:
        """What it ships: its revisions, and its variables with their values."""
        return Shipped(revisions=self.revisions, variables=self.variables)


class CodePipeline:
    """Calls CodePipeline; the SDK retries throttling and server errors.

    ``once`` sends each request once: for the retry of a stage, which has no request token, so that
    the SDK must not repeat it; and for starts, which are paced. ``patterns`` match the names of the
    pipelines that this deployment may release.
    """

    def __init__(
        self,
        client: "CodePipelineClient",
        *,
        once: "CodePipelineClient | None" = None,
        patterns: tuple[str, ...] = ("*",),
        in_parallel: InParallel = one_by_one,
    ) -> None:
        self._client = client
        self._once = once or client
        self._patterns = patterns
        self._in_parallel = in_parallel

    def declarations(self, names: Iterable[str]) -> Declared:
        """Look up the declarations of pipelines; a pipeline that does not exist is absent."""
        found = self._in_parallel(self._declaration, names)
        return {each.name: each for each in found if each}

    def _declaration(self, name: str) -> Declaration | NotAllowed | NotMatched | None:
        # IAM denies the function these pipelines, but a person who plans may have the permission.
        if not matches(self._patterns, name):
            return NotMatched(name=name, patterns=self._patterns)
        try:
            pipeline = self._client.get_pipeline(name=name)["pipeline"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == _NO_PIPELINE:
                return None
            if code.startswith("AccessDenied"):
                return NotAllowed(name=name)
            raise
        return read_declaration(pipeline)

    def existence(self, pipeline: str) -> Existence:
        """Whether the pipeline exists now, and since when."""
        try:
            found = self._client.get_pipeline(name=pipeline)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NO_PIPELINE:
                raise
            return Existence(exists=False)
        return Existence(exists=True, created_at=found.get("metadata", {}).get("created"))

    def start(self, pipeline: Pipeline, *, client_request_token: str) -> str:
        """Start an execution with the pipeline's variables and pins; return its id.

        The same token returns the same execution. Raises StartRefused when CodePipeline rejects the
        start, and ClientError when a retry may help.
        """
        request: StartPipelineExecutionInputTypeDef = {
            "name": pipeline.name,
            "clientRequestToken": client_request_token,
        }
        if pipeline.variables:
            request["variables"] = [
                {"name": name, "value": value} for name, value in pipeline.variables.items()
            ]
        if pipeline.source_revisions:
            request["sourceRevisions"] = [
                {
                    "actionName": pin.action,
                    "revisionType": cast("SourceRevisionTypeType", pin.type),
                    "revisionValue": pin.revision,
                }
                for pin in pipeline.source_revisions
            ]
        try:
            # Once: a throttled start has its turn later, and repeats would only take other turns.
            answer = self._once.start_pipeline_execution(**request)
        except ClientError as error:
            if not is_permanent(error):
                raise
            detail = error.response["Error"]
            raise StartRefused(
                Failure(message=f"could not be started: {detail['Message']}", code=detail["Code"])
            ) from error
        return answer["pipelineExecutionId"]

    def stop(self, pipeline: str, execution_id: str, *, reason: str, abandon: bool) -> bool:
        """Stop the execution after its action in progress, or abandon that action too.

        Returns False when the execution has ended already.
        """
        try:
            self._client.stop_pipeline_execution(
                pipelineName=pipeline,
                pipelineExecutionId=execution_id,
                abandon=abandon,
                reason=reason[:STOP_REASON_LIMIT],
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _NOTHING_TO_STOP | _ALREADY_STOPPING:
                raise
            return code in _ALREADY_STOPPING
        return True

    def get_execution(self, pipeline: str, execution_id: str) -> ExecutionSnapshot | None:
        """The execution as it is now, or None when CodePipeline does not have it."""
        try:
            answer = self._client.get_pipeline_execution(
                pipelineName=pipeline, pipelineExecutionId=execution_id
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return None
        execution = answer["pipelineExecution"]
        return ExecutionSnapshot(
            state=STATE_OF_STATUS.get(execution["status"]),
            summary=execution.get("statusSummary"),
            revisions=[
                Revision(
                    artifact=each.get("name", ""),
                    revision=each.get("revisionId", ""),
                    summary=each.get("revisionSummary"),
                )
                for each in execution.get("artifactRevisions", [])
            ],
            variables={
                each["name"]: each["resolvedValue"] for each in execution.get("variables", [])
            },
            version=execution.get("pipelineVersion"),
            mode=execution.get("executionMode"),
        )

    def current_version(self, pipeline: str) -> int | None:
        """The version of the pipeline as it is declared now, or None when it does not exist."""
        try:
            return self._client.get_pipeline_state(name=pipeline).get("pipelineVersion")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return None

    def retry(self, pipeline: str, execution_id: str, *, stage: str) -> bool:
        """Retry the failed actions of a stage; False when CodePipeline rejects the retry."""
        try:
            self._once.retry_stage_execution(
                pipelineName=pipeline,
                pipelineExecutionId=execution_id,
                stageName=stage,
                retryMode="FAILED_ACTIONS",
            )
        except ClientError as error:
            if not is_permanent(error):
                raise
            return False
        return True

    def action_runs(self, pipeline: str, execution_id: str) -> list[ActionRun]:
        """The executions of actions, the newest first; with those that were repeated.

        A manual approval is as the list and the state of the pipeline show it together.
        """
        pages = self._client.get_paginator("list_action_executions").paginate(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}
        )
        details = [detail for page in pages for detail in page["actionExecutionDetails"]]
        asks = any(each["status"] == IN_PROGRESS and is_approval(each) for each in details)
        state = self._client.get_pipeline_state(name=pipeline) if asks else None
        return [read_action_run(each, state) for each in details]

    def skippable(self, pipeline: str, version: int | None) -> Skippable:
        """The stages that CodePipeline may skip in this version of the pipeline, or the present."""
        wanted: GetPipelineInputTypeDef = {"name": pipeline}
        if version is not None:
            wanted["version"] = version
        try:
            return read_skippable(self._client.get_pipeline(**wanted)["pipeline"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NOT_DECLARED:
                raise
            return Skippable(version=version)

    def automation(self, pipeline: str) -> Automation:
        """What CodePipeline may do by itself when a stage of the pipeline fails."""
        try:
            return read_automation(self._client.get_pipeline(name=pipeline)["pipeline"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return Automation()

    def find_rollback(
        self, pipeline: str, execution_id: str, *, since: datetime
    ) -> tuple[str, ExecutionState | None] | None:
        """The execution with which CodePipeline itself rolls back a stage that failed since then.

        Returns its id, and its state if it has ended. Its trigger names the execution that failed.
        """
        for summary in self._newest_first(pipeline, since=since):
            trigger = summary.get("trigger", {})
            of_this = execution_id in trigger.get("triggerDetail", "")
            if of_this and trigger.get("triggerType") == AUTOMATED_ROLLBACK:
                return summary["pipelineExecutionId"], STATE_OF_STATUS.get(summary["status"])
        return None

    def rule_runs(self, pipeline: str, execution_id: str) -> list[ActionRun]:
        """The 100 newest executions of the rules of stage conditions, the newest first."""
        answer = self._client.list_rule_executions(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}, maxResults=100
        )
        return [read_rule_run(each) for each in answer["ruleExecutionDetails"]]

    def find_started(
        self, pipeline: str, *, since: datetime, until: datetime, starters: Container[str]
    ) -> dict[str, datetime]:
        """The executions that these functions started in this period, with their start times.

        The oldest is first. A pipeline that was deleted has none. The trigger of an execution names
        the role session that started it, and the role session of a function has its name.
        """
        try:
            started = list(self._newest_first(pipeline, since=since))
        except ClientError as error:
            if error.response["Error"]["Code"] != _NO_PIPELINE:
                raise
            return {}
        return {
            summary["pipelineExecutionId"]: summary["startTime"]
            for summary in reversed(started)
            if summary["startTime"] <= until
            and summary.get("trigger", {}).get("triggerDetail", "").rpartition("/")[2] in starters
        }

    def _newest_first(
        self, pipeline: str, *, since: datetime
    ) -> Iterator["PipelineExecutionSummaryTypeDef"]:
        pages = self._client.get_paginator("list_pipeline_executions").paginate(
            pipelineName=pipeline
        )
        for page in pages:
            for summary in page["pipelineExecutionSummaries"]:
                # CodePipeline's clock has whole seconds and may differ from ours.
                if (since - summary["startTime"]).total_seconds() > 5:
                    return
                yield summary


def client_request_token(release: Release, pipeline: Pipeline) -> str:
    """The request token of a start; a repeated start has the same token.

    It names the workflow execution, which belongs to one deployment and one attempt of a release:
    CodePipeline answers a token that it knows with the execution of that token, whoever asks. The
    pins are not in it: a release id has one manifest, so a repeated start has the same pins.
    """
    key = f"{release.execution_arn}\n{pipeline.name}\n{pipeline.retried}"
    return hashlib.sha256(key.encode()).hexdigest()


def is_permanent(error: ClientError) -> bool:
    """Whether a retry of the call cannot succeed: a client error that is not about load."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code = error.response["Error"]["Code"]
    return 400 <= status < 500 and not is_throttled(error) and code not in _BUSY


def is_throttled(error: ClientError) -> bool:
    """Whether AWS rejected the call because of its rate."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status == 429 or "Throttl" in error.response["Error"]["Code"]


# Errors that pass with time: the workflow's retry calls again.
_BUSY = {"ConflictException", "ConcurrentPipelineExecutionsLimitExceededException"}
