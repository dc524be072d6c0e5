"""Pipelines to release: S3 source, a manual approval for some, S3 deploy."""

import io
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until

if TYPE_CHECKING:
    from types_boto3_codepipeline.literals import PipelineExecutionStatusType
    from types_boto3_codepipeline.type_defs import PipelineExecutionSummaryTypeDef

SOURCE_KEY = "app.zip"
PAGE = b"<h1>Released</h1>"
HIDDEN = "hunter2"  # in the values of variables: no log may have it
ROLE = "arn:aws:iam::000000000000:role/pipelines"  # the emulator keeps it and assumes nothing

SOURCE_STAGE = "Source"
APPROVAL_STAGE = "Approve"
DEPLOY_STAGE = "Deploy"


@dataclass(frozen=True)
class Pipelines:
    """Makes pipelines and reads their state; ``bucket`` holds sources, artifacts and sites.

    The names of the pipelines begin with ``prefix``, and CodePipeline assumes ``role``.
    """

    account: Account
    bucket: str
    role: str = ROLE
    prefix: str = ""

    @classmethod
    def in_account(cls, account: Account) -> "Pipelines":
        """Use what `make verify` has deployed for pipelines, or make a bucket for them."""
        if given := account.outputs.get("verified"):
            bucket, prefix = given["bucket"], f"{given['name_prefix']}-"
            made = cls(account, bucket, role=given["role_arn"], prefix=prefix)
        else:
            made = cls(account, unique("e2e"))
            account.s3.create_bucket(Bucket=made.bucket)
            account.s3.put_bucket_versioning(
                Bucket=made.bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        made.put_source(SOURCE_KEY, PAGE)
        return made

    def make(
        self,
        *,
        approval: bool = False,
        mode: str = "SUPERSEDED",
        source: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Make a pipeline; return its name when the execution that AWS starts has ended.

        With ``approval`` an execution waits for ``approve`` before it deploys. ``source`` adds to
        the source action's configuration. ``variables`` are names and defaults; the site is
        deployed to a folder named after their values.
        """
        name = unique(self.prefix + ("gated" if approval else "plain"))
        folder = "/".join([name, *(f"#{{variables.{each}}}" for each in variables or {})])
        stages = [self._source(source or {}), self._deploy(folder)]
        if approval:
            stages.insert(1, _approval(APPROVAL_STAGE))
        declaration: Any = {
            "name": name,
            "roleArn": self.role,
            "pipelineType": "V2",
            "executionMode": mode,
            "artifactStore": {"type": "S3", "location": self.bucket},
            "stages": stages,
            "variables": [
                {"name": each, "defaultValue": value} for each, value in (variables or {}).items()
            ],
        }
        self.account.codepipeline.create_pipeline(pipeline=declaration)
        self._end_first(name, stop=approval)
        return name

    def start(self, pipeline: str) -> str:
        """Start an execution outside any release; return its id."""
        answer = self.account.codepipeline.start_pipeline_execution(name=pipeline)
        return answer["pipelineExecutionId"]

    def stop(self, pipeline: str, execution_id: str, *, reason: str, abandon: bool = True) -> None:
        """Stop an execution by hand, by default without waiting for its current action."""
        self.account.codepipeline.stop_pipeline_execution(
            pipelineName=pipeline, pipelineExecutionId=execution_id, abandon=abandon, reason=reason
        )

    def change(self, pipeline: str) -> None:
        """Update the pipeline, which cancels its running executions."""
        declaration = self.account.codepipeline.get_pipeline(name=pipeline)["pipeline"]
        self.account.codepipeline.update_pipeline(pipeline=declaration)

    def delete(self, pipeline: str, *, replace: bool) -> None:
        """Delete the pipeline with its executions; ``replace`` creates it again."""
        declaration = self.account.codepipeline.get_pipeline(name=pipeline)["pipeline"]
        self.account.codepipeline.delete_pipeline(name=pipeline)
        if replace:
            self.account.codepipeline.create_pipeline(pipeline=declaration)

    def configure(self, pipeline: str, **conditions: Any) -> None:
        """Give the deploy stage of a pipeline conditions."""
        declaration: Any = self.account.codepipeline.get_pipeline(name=pipeline)["pipeline"]
        declaration["stages"][-1] |= conditions
        self.account.codepipeline.update_pipeline(pipeline=declaration)

    def ask_again(self, pipeline: str, stage: str) -> None:
        """Give a pipeline one more stage with a manual approval, before it deploys."""
        declaration: Any = self.account.codepipeline.get_pipeline(name=pipeline)["pipeline"]
        declaration["stages"].insert(-1, _approval(stage))
        self.account.codepipeline.update_pipeline(pipeline=declaration)

    def newest(self, pipeline: str) -> "PipelineExecutionSummaryTypeDef":
        """Return the execution that started last, whoever started it."""
        return self.all(pipeline)[0]

    def executions(self, pipeline: str) -> "list[PipelineExecutionSummaryTypeDef]":
        """Return the executions that the release machine started, newest first."""
        # What records the end of a pipeline, or a last vote, starts the dependents.
        starting = ("run_pipeline", "record_state_change", "answer_approval")
        starters = {self.account.function(each) for each in starting}
        return [
            each
            for each in self.all(pipeline)
            if each.get("trigger", {}).get("triggerDetail", "").rpartition("/")[2] in starters
        ]

    def status(self, pipeline: str, execution_id: str) -> "PipelineExecutionStatusType":
        """Return the status of an execution, as the API spells it."""
        client = self.account.codepipeline
        try:
            return client.get_pipeline_execution(
                pipelineName=pipeline, pipelineExecutionId=execution_id
            )["pipelineExecution"]["status"]
        except client.exceptions.PipelineExecutionNotFoundException:
            if self.account.endpoint:
                raise
            return "InProgress"  # AWS does not show an execution in its first seconds

    def runs(self, pipeline: str, execution_id: str, action: str) -> list[str]:
        """Return the statuses of an action's runs in an execution, newest first."""
        found = self.account.codepipeline.list_action_executions(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}
        )["actionExecutionDetails"]
        return [each["status"] for each in found if each["actionName"] == action]

    def wait_for_approval(self, pipeline: str, execution_id: str) -> str:
        """Wait until an execution waits for approval; return the approval's token."""
        return wait_until(
            f"{execution_id} of {pipeline} waits for approval",
            lambda: self._approval_token(pipeline, execution_id),
        )

    def wait_for_deploy(self, pipeline: str, execution_id: str) -> None:
        """Wait until an execution deploys."""

        def deploys() -> bool:
            actions = self.account.codepipeline.list_action_executions(
                pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}
            )["actionExecutionDetails"]
            return (DEPLOY_STAGE, "InProgress") in [
                (each["actionName"], each["status"]) for each in actions
            ]

        wait_until(f"{execution_id} of {pipeline} deploys", deploys)

    def approve(self, pipeline: str, execution_id: str, *, approve: bool = True) -> None:
        """Approve or reject an execution when it waits for approval."""
        self.account.codepipeline.put_approval_result(
            pipelineName=pipeline,
            stageName=APPROVAL_STAGE,
            actionName=APPROVAL_STAGE,
            token=self.wait_for_approval(pipeline, execution_id),
            result={
                "status": "Approved" if approve else "Rejected",
                "summary": "fit to ship" if approve else "not fit to ship",
            },
        )

    def page(self, pipeline: str, *values: str) -> bytes:
        """Return the page that the pipeline deployed last with these values of its variables."""
        key = "/".join([pipeline, *values, "index.html"])
        return self.account.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def put_source(self, key: str, page: bytes) -> str:
        """Put a site of one page into the bucket; return the object's version."""
        answer = self.account.s3.put_object(Bucket=self.bucket, Key=key, Body=_site(page))
        return answer["VersionId"]

    def shipped(self, pipeline: str, execution_id: str) -> str:
        """Return the version of the source that an execution shipped."""
        execution = self.account.codepipeline.get_pipeline_execution(
            pipelineName=pipeline, pipelineExecutionId=execution_id
        )["pipelineExecution"]
        (revision,) = execution["artifactRevisions"]
        return revision["revisionId"]

    def _approval_token(self, pipeline: str, execution_id: str) -> str | None:
        client = self.account.codepipeline
        if client.get_pipeline(name=pipeline)["pipeline"].get("executionMode") == "PARALLEL":
            actions = client.list_action_executions(
                pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}
            )["actionExecutionDetails"]
            asking = [
                each["output"]["executionResult"]["externalExecutionId"]
                for each in actions
                if each["actionName"] == APPROVAL_STAGE and each["status"] == "InProgress"
            ]
            return asking[0] if asking else None
        state = client.get_pipeline_state(name=pipeline)
        for stage in state["stageStates"]:
            if stage.get("latestExecution", {}).get("pipelineExecutionId") != execution_id:
                continue
            for action in stage["actionStates"]:
                if token := action.get("latestExecution", {}).get("token"):
                    return token
        return None

    def all(self, pipeline: str) -> "list[PipelineExecutionSummaryTypeDef]":
        """Return all executions of a pipeline, newest first."""
        pages = self.account.codepipeline.get_paginator("list_pipeline_executions").paginate(
            pipelineName=pipeline
        )
        return [each for page in pages for each in page["pipelineExecutionSummaries"]]

    def _end_first(self, pipeline: str, *, stop: bool) -> None:
        # CreatePipeline starts it. It must have ended before a release starts another one.
        first = wait_until(f"{pipeline} has begun", lambda: self.all(pipeline))[-1]
        execution_id = first["pipelineExecutionId"]
        if stop:
            self.wait_for_approval(pipeline, execution_id)
            self.stop(pipeline, execution_id, reason="its first execution")
        wait_until(
            f"the first execution of {pipeline} ends",
            lambda: self.status(pipeline, execution_id) not in {"InProgress", "Stopping"},
        )

    def _source(self, more: Mapping[str, str]) -> dict[str, Any]:
        return _stage(
            SOURCE_STAGE,
            category="Source",
            provider="S3",
            outputs=["app"],
            configuration={
                "S3Bucket": self.bucket,
                "S3ObjectKey": SOURCE_KEY,
                "PollForSourceChanges": "false",
                **more,
            },
        )

    def _deploy(self, folder: str) -> dict[str, Any]:
        return _stage(
            DEPLOY_STAGE,
            category="Deploy",
            provider="S3",
            inputs=["app"],
            configuration={"BucketName": self.bucket, "ObjectKey": folder, "Extract": "true"},
        )


@dataclass(frozen=True, kw_only=True)
class Estate:
    """Pipelines that many tests release in turn: two plain ones and one with an approval."""

    catalog: str
    orders: str
    payments: str


def hidden(value: str) -> str:
    """Return a value for a variable that can be recognised in a log."""
    return f"{HIDDEN}-{value}"


def unique(prefix: str) -> str:
    """Return a name that no other test uses, in this run or an earlier one."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def _approval(stage: str) -> dict[str, Any]:
    return _stage(stage, category="Approval", provider="Manual", configuration={})


def _stage(
    name: str,
    *,
    category: str,
    provider: str,
    configuration: dict[str, str],
    inputs: list[str] | None = None,
    outputs: list[str] | None = None,
) -> dict[str, Any]:
    """Return a stage with one action of the same name."""
    action = {
        "name": name,
        "actionTypeId": {
            "category": category,
            "owner": "AWS",
            "provider": provider,
            "version": "1",
        },
        "runOrder": 1,
        "configuration": configuration,
        "inputArtifacts": [{"name": each} for each in inputs or []],
        "outputArtifacts": [{"name": each} for each in outputs or []],
    }
    return {"name": name, "actions": [action]}


def _site(page: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.html", page)
    return content.getvalue()
