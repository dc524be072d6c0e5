"""The actions of pipelines that run or did not succeed, read a few at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.aws.action_runs import read_action_run
from release_core.aws.manual_approvals import IN_PROGRESS, is_approval
from release_core.domain.actions import ActionRun
from release_core.domain.release import Pipeline, PipelineStatus
from release_machine.dashboard.state import Step

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

_Known = tuple[str | None, PipelineStatus]


class StepsInTurns:
    """Reads a few pipelines at each look, in turns: the release machine needs the quotas more.

    A pipeline that has ended is read once more.
    """

    def __init__(self, codepipeline: CodePipelineClient, *, most: int = 3) -> None:
        self._codepipeline = codepipeline
        self._most = most
        self._known: dict[str, tuple[_Known, tuple[Step, ...]]] = {}

    def get_all(self, pipelines: Iterable[Pipeline]) -> dict[str, tuple[Step, ...]]:
        """The actions of each of these pipelines, without those that could not be read yet."""
        shown = [each for each in pipelines if _has_steps(each)]
        due = [each for each in shown if not self._is_final(each)]
        # The dict is in the order of reading; pipelines that were never read come first.
        last = {name: place for place, name in enumerate(self._known)}
        for each in sorted(due, key=lambda each: last.get(each.name, -1))[: self._most]:
            self._read(each)
        return {
            each.name: self._known[each.name][1]
            for each in shown
            if each.name in self._known and self._known[each.name][0][0] == each.execution_id
        }

    def _is_final(self, pipeline: Pipeline) -> bool:
        known = self._known.get(pipeline.name)
        return pipeline.status.ended and known is not None and known[0] == _of(pipeline)

    def _read(self, pipeline: Pipeline) -> None:
        """Read one pipeline; one that cannot be read shows no actions, as the page can say."""
        try:
            listed = self._codepipeline.list_action_executions(
                pipelineName=pipeline.name,
                filter={"pipelineExecutionId": pipeline.execution_id or ""},
            )["actionExecutionDetails"]
            # The list goes on to show approvals that a stop or an edit has cancelled.
            asks = any(is_approval(each) and each["status"] == IN_PROGRESS for each in listed)
            state = self._codepipeline.get_pipeline_state(name=pipeline.name) if asks else None
        except ClientError:
            # The state of a release comes from the ledger; a later turn tries again.
            self._known.pop(pipeline.name, None)
            return
        runs = sorted((read_action_run(each, state) for each in listed), key=_began)
        self._known.pop(pipeline.name, None)
        self._known[pipeline.name] = (_of(pipeline), tuple(map(_step, runs)))


def _has_steps(pipeline: Pipeline) -> bool:
    goes_on = pipeline.status is PipelineStatus.RUNNING or pipeline.status.broken
    return goes_on and pipeline.execution_id is not None


def _of(pipeline: Pipeline) -> _Known:
    return (pipeline.execution_id, pipeline.status)


def _began(run: ActionRun) -> float:
    return run.started_at.timestamp()


def _step(run: ActionRun) -> Step:
    # Not the run itself: that of an approval has its token.
    return Step(
        stage=run.stage,
        action=run.action,
        started_at=run.started_at,
        running=run.running,
        asks=run.running and run.approval is not None,
        cancelled=run.approval is not None and run.approval.cancelled,
        failure=run.failure,
    )
