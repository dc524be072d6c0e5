"""What a running pipeline does at this moment, read from CodePipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.aws.action_runs import read_action_run
from release_core.aws.manual_approvals import IN_PROGRESS
from release_core.clock import Clock, now
from release_core.domain.actions import ActionRun
from release_core.domain.release import Pipeline, PipelineStatus
from release_machine.release.approvals import with_answers
from release_machine.release.model import MANUAL_APPROVAL, Activity
from release_machine.release.situation import abandon_command, stop_command
from release_machine.release.waiting_condition import has_conditions, waiting_condition
from release_machine.text.console_links import console_region
from release_machine.text.wording import short

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_codepipeline.type_defs import (
        ActionExecutionDetailTypeDef,
        GetPipelineStateOutputTypeDef,
        StageStateTypeDef,
    )


class ActivityReader:
    """Reads the activity of running pipelines from CodePipeline.

    ``release_of`` tells the id of the release that an execution is of, if it is of one.
    """

    def __init__(
        self,
        codepipeline: CodePipelineClient,
        *,
        release_of: Callable[[str], str | None],
        clock: Clock = now,
    ) -> None:
        self._codepipeline = codepipeline
        self._release_of = release_of
        self._clock = clock

    def get_all(self, pipelines: Iterable[Pipeline]) -> dict[str, Activity]:
        """The activity of each running pipeline, without pipelines that cannot be read.

        The state of a release comes from the ledger, so a throttled or denied call is ignored here.
        """
        doing: dict[str, Activity] = {}
        for pipeline in filter(has_started, pipelines):
            try:
                activity = self._of_execution(pipeline.name, pipeline.execution_id or "")
            except ClientError:
                continue
            if activity is not None:
                doing[pipeline.name] = activity
        return doing

    def _of_execution(self, name: str, execution_id: str) -> Activity | None:
        listed = self._codepipeline.list_action_executions(
            pipelineName=name, filter={"pipelineExecutionId": execution_id}
        )["actionExecutionDetails"]
        # The state is read second: it shows at once that an approval was answered.
        state = self._codepipeline.get_pipeline_state(name=name)
        runs = [read_action_run(each, state) for each in listed]
        doing = (
            self._in_stage(name, runs)
            or self._in_condition(name, execution_id, state)
            or self._before_stage(name, execution_id, state)
        )
        if not self._was_edited(name, execution_id, listed=listed, state=state):
            return doing
        shown = replace(doing or _cancelled_approval(runs), edited=True)
        if shown.way_out or shown.waits_for == MANUAL_APPROVAL:
            return shown
        stop = stop_command if any(run.running for run in runs) else abandon_command
        return replace(shown, way_out=stop(name, execution_id), ends=True)

    def _in_stage(self, name: str, runs: Sequence[ActionRun]) -> Activity | None:
        running = [run for run in runs if run.running]
        if not running:
            return None
        asking = next((run for run in running if run.approval), None)
        if asking:
            return self._approval(name, asking)
        return Activity(
            stage=running[0].stage, action=", ".join(sorted(run.action for run in running))
        )

    def _in_condition(
        self, name: str, execution_id: str, state: GetPipelineStateOutputTypeDef
    ) -> Activity | None:
        if not has_conditions(state):
            return None
        listed = self._codepipeline.list_rule_executions(
            pipelineName=name, filter={"pipelineExecutionId": execution_id}
        )["ruleExecutionDetails"]
        waiting = waiting_condition(name, listed, state, now=self._clock())
        return waiting and replace(waiting, link=self._console_page(name))

    def _approval(self, name: str, asking: ActionRun) -> Activity:
        assert asking.approval
        return Activity(
            stage=asking.stage,
            action=asking.action,
            waits_for=MANUAL_APPROVAL,
            since=asking.started_at.astimezone(UTC),
            message=asking.approval.question,
            link=asking.approval.link or self._console_page(name),
        )

    def _was_edited(
        self,
        name: str,
        execution_id: str,
        *,
        listed: Sequence[ActionExecutionDetailTypeDef],
        state: GetPipelineStateOutputTypeDef,
    ) -> bool:
        """Whether the execution may hang because the pipeline was edited while it ran."""
        version = max((each.get("pipelineVersion", 0) for each in listed), default=0)
        if not 0 < version < state.get("pipelineVersion", 0):
            return False
        execution = self._codepipeline.get_pipeline_execution(
            pipelineName=name, pipelineExecutionId=execution_id
        )["pipelineExecution"]
        # A PARALLEL execution keeps the version with which it started.
        return execution.get("executionMode") != "PARALLEL"

    def _before_stage(
        self, name: str, execution_id: str, state: GetPipelineStateOutputTypeDef
    ) -> Activity | None:
        for stage_state in state["stageStates"]:
            # In QUEUED mode many executions may wait; inboundExecution is the latest of them.
            waiting = [
                *stage_state.get("inboundExecutions", []),
                stage_state.get("inboundExecution", {}),
            ]
            if execution_id not in [each.get("pipelineExecutionId") for each in waiting]:
                continue
            stage = stage_state.get("stageName", "?")
            transition = stage_state.get("inboundTransitionState", {})
            if transition.get("enabled") is False:
                reason = transition.get("disabledReason")
                return Activity(
                    stage=stage,
                    waits_for="disabled transition" + (f" ({reason})" if reason else ""),
                    way_out=(
                        f"aws codepipeline enable-stage-transition --pipeline-name {name} "
                        f"--stage-name {stage} --transition-type Inbound"
                    ),
                    link=self._console_page(name),
                )
            return self._behind_another(name, stage, stage_state)
        return None

    def _behind_another(self, name: str, stage: str, inside: StageStateTypeDef) -> Activity:
        """The activity of an execution that waits for another execution inside the stage."""
        execution_id = inside.get("latestExecution", {}).get("pipelineExecutionId")
        which = f"execution {short(execution_id)}" if execution_id else "another execution"
        doing = Activity(
            stage=stage,
            waits_for=f"{which}, which is in that stage",
            link=self._console_page(name),
        )
        for state in inside.get("actionStates", []):
            latest = state.get("latestExecution", {})
            action = state.get("actionName", "?")
            if latest.get("status") != IN_PROGRESS:
                continue
            # Only approvals have tokens.
            if "token" in latest:
                asked = f"{name}/{stage}/{action}"
                return self._behind_approval(doing, which, asked=asked, execution_id=execution_id)
            doing = replace(doing, waits_for=f"{which}, which is at {stage} → {action}")
        return doing

    def _behind_approval(
        self, doing: Activity, which: str, *, asked: str, execution_id: str | None
    ) -> Activity:
        """The activity, with the commands that answer the manual approval ahead, or the way."""
        release_id = self._release_of(execution_id) if execution_id else None
        if release_id is None:
            page = f": {doing.link}" if doing.link else ""
            return replace(
                doing,
                waits_for=f"{which}, which waits for {MANUAL_APPROVAL}",
                notes=(f"no release runs it: answer it in CodePipeline{page}",),
            )
        answered = replace(
            doing, waits_for=f"{which} of release {release_id}, which waits for {MANUAL_APPROVAL}"
        )
        return with_answers(release_id, asked, answered)

    def _console_page(self, name: str) -> str | None:
        region = console_region(self._codepipeline.meta)
        if region is None:
            return None
        return (
            f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/"
            f"{name}/view?region={region}"
        )


class ActivityInTurns:
    """Reads a few pipelines at each look, in turns, and remembers the others.

    The release machine shares the account's quotas of CodePipeline: a view must not read hundreds
    of pipelines every few seconds.
    """

    def __init__(self, reader: ActivityReader, *, most: int = 6) -> None:
        self._reader = reader
        self._most = most
        self._known: dict[str, tuple[str | None, Activity | None]] = {}

    def get_all(self, pipelines: Iterable[Pipeline]) -> dict[str, Activity]:
        """The activity of each running pipeline, as far as it was read."""
        running = [each for each in pipelines if has_started(each)]
        # The dict is in the order of reading; pipelines that were never read come first.
        last = {name: place for place, name in enumerate(self._known)}
        turn = sorted(running, key=lambda each: last.get(each.name, -1))[: self._most]
        doing = self._reader.get_all(turn)
        for each in turn:
            self._known.pop(each.name, None)
            self._known[each.name] = (each.execution_id, doing.get(each.name))
        known: dict[str, Activity] = {}
        for each in running:
            execution_id, activity = self._known.get(each.name, (None, None))
            if activity is not None and execution_id == each.execution_id:
                known[each.name] = activity
        return known


def has_started(pipeline: Pipeline) -> bool:
    """Whether an execution of the pipeline runs in its release."""
    return pipeline.status is PipelineStatus.RUNNING and pipeline.execution_id is not None


def _cancelled_approval(runs: Sequence[ActionRun]) -> Activity:
    """The approval that an edit of the pipeline has cancelled, if that is what is left."""
    for run in runs:
        if run.approval and run.approval.cancelled:
            return Activity(stage=run.stage, action=run.action)
    return Activity()
