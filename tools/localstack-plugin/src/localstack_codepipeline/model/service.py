"""The model of CodePipeline for one account and Region."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from localstack_codepipeline.model import action_types, pipelines, tags, webhooks
from localstack_codepipeline.model.effects import ActionResult, Effect, Json
from localstack_codepipeline.model.execution import executions, flow, jobs, results, stages
from localstack_codepipeline.model.reading import queries
from localstack_codepipeline.model.state import Estate, Turn

OPERATIONS: dict[str, Callable[[Turn, Json], Json]] = {
    "CreatePipeline": pipelines.create_pipeline,
    "GetPipeline": pipelines.get_pipeline,
    "UpdatePipeline": pipelines.update_pipeline,
    "DeletePipeline": pipelines.delete_pipeline,
    "ListPipelines": pipelines.list_pipelines,
    "ListActionTypes": action_types.list_action_types,
    "PutWebhook": webhooks.put_webhook,
    "DeleteWebhook": webhooks.delete_webhook,
    "ListWebhooks": webhooks.list_webhooks,
    "ListTagsForResource": tags.list_tags_for_resource,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "StartPipelineExecution": executions.start_pipeline_execution,
    "StopPipelineExecution": executions.stop_pipeline_execution,
    "RetryStageExecution": executions.retry_stage_execution,
    "RollbackStage": stages.rollback_stage,
    "OverrideStageCondition": stages.override_stage_condition,
    "DisableStageTransition": executions.disable_stage_transition,
    "EnableStageTransition": executions.enable_stage_transition,
    "GetPipelineExecution": queries.get_pipeline_execution,
    "ListPipelineExecutions": queries.list_pipeline_executions,
    "GetPipelineState": queries.get_pipeline_state,
    "ListActionExecutions": queries.list_action_executions,
    "ListRuleExecutions": queries.list_rule_executions,
    "ListRuleTypes": queries.list_rule_types,
    "PutApprovalResult": results.put_approval_result,
    "PutJobSuccessResult": jobs.put_job_success_result,
    "PutJobFailureResult": jobs.put_job_failure_result,
}
# The operations that change nothing.
READS = tuple(name for name in OPERATIONS if name.startswith(("Get", "List")))


class Answer(NamedTuple):
    """The response of an operation in AWS's shape, and its effects in order."""

    response: Json
    effects: list[Effect]


class CodePipelineModel(Estate):
    """The pure emulator: advanced by `call`, `finish_action` and `tick`; copied by `clone`.

    Times are aware datetimes and must not run backwards.
    """

    def call(self, operation: str, request: Json, *, now: datetime, caller: str = "") -> Answer:
        """Perform an operation of CodePipeline's API.

        `request` must be valid by the service model; `caller` is the ARN recorded as the caller's.
        The response shares data with the model: read it, do not change it. Raises an ApiError, and
        then nothing has changed.
        """
        turn = Turn(self, now, caller)
        response = OPERATIONS[operation](turn, request)
        return Answer(response, turn.effects)

    def finish_action(
        self, pipeline: str, action_execution_id: str, *, result: ActionResult, now: datetime
    ) -> list[Effect]:
        """Record the result of an action; it is ignored if the action has ended or was deleted."""
        turn = Turn(self, now)
        home = self.pipelines.get(pipeline)
        run = home.runs.get(action_execution_id) if home else None
        if home and run:
            flow.finish(turn, home, run, result=result)
        return turn.effects

    def tick(self, now: datetime) -> list[Effect]:
        """Fail every action whose deadline has passed, and make the automatic retries due."""
        turn = Turn(self, now)
        late = ActionResult("TimedOut", "The action did not end before its timeout")
        for pipeline in self.pipelines.values():
            for run in list(pipeline.runs.values()):
                if run.status == "InProgress" and run.deadline <= now:
                    flow.finish(turn, pipeline, run, result=late)
            for execution in list(pipeline.executions.values()):
                if execution.retry_at and execution.retry_at <= now:
                    flow.retry_automatically(turn, pipeline, execution)
        return turn.effects
