"""What waits in a release for the answer of a person: its approvals, and those of CodePipeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from botocore.exceptions import ClientError

from release_core.aws.action_runs import read_action_run
from release_core.aws.manual_approvals import IN_PROGRESS, is_approval
from release_core.domain.release import Pipeline, Release
from release_core.rollback.refusals import listed
from release_machine.release.activity import has_started
from release_machine.release.approvals import is_asked

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An approval of a release, asked or not."""

    node: Pipeline

    @property
    def name(self) -> str:
        """What a user calls it."""
        return self.node.name


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedByHand:
    """A manual approval of CodePipeline that a pipeline of a release waits for."""

    pipeline: str
    stage: str
    action: str
    since: datetime
    question: str | None
    link: str | None
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        """What a user calls it, if the pipeline has several."""
        return f"{self.pipeline}/{self.stage}/{self.action}"


Question: TypeAlias = Asked | AskedByHand


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What waits for answers; of the pipelines in ``unread`` CodePipeline did not tell."""

    questions: Sequence[Question]
    unread: Sequence[str]


def questions(release: Release, codepipeline: CodePipelineClient) -> Found:
    """Everything that waits for an answer now, in the order in which the pipelines run."""
    nodes = release.pipelines.values()
    found: list[Question] = [Asked(node=node) for node in nodes if is_asked(node)]
    unread = []
    for pipeline in release.of_codepipeline.values():
        try:
            found += asked_by_hand(pipeline, codepipeline)
        except ClientError as error:
            unread.append(f"{pipeline.name} ({error.response['Error']['Code']})")
    return Found(questions=found, unread=unread)


def unread_words(unread: Sequence[str]) -> str:
    """Of which pipelines is not known whether they wait for an answer."""
    count = "1 pipeline" if len(unread) == 1 else f"{len(unread)} pipelines"
    return f"{count} could not be read: {listed(unread)}."


def asked_by_hand(pipeline: Pipeline, codepipeline: CodePipelineClient) -> Iterator[AskedByHand]:
    """The manual approvals that the execution of a pipeline waits for."""
    if not has_started(pipeline):
        return
    listed = codepipeline.list_action_executions(
        pipelineName=pipeline.name, filter={"pipelineExecutionId": pipeline.execution_id or ""}
    )["actionExecutionDetails"]
    if not any(is_approval(each) and each["status"] == IN_PROGRESS for each in listed):
        return
    # The state is read second: it shows at once that an approval was answered.
    state = codepipeline.get_pipeline_state(name=pipeline.name)
    for run in (read_action_run(each, state) for each in listed):
        if run.running and run.approval and run.approval.token:
            yield AskedByHand(
                pipeline=pipeline.name,
                stage=run.stage,
                action=run.action,
                since=run.started_at.astimezone(UTC),
                question=run.approval.question,
                link=run.approval.link,
                token=run.approval.token,
            )
