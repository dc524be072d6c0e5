"""Rollbacks of a stage: executions that run one stage again, with the sources of an earlier one.

Source: the CodePipeline user guide, "Configuring stage rollback".
"""

import json

from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.state import ACTIVE, Execution, Pipeline, Turn


def latest_target(pipeline: Pipeline, failed: Execution) -> Execution | None:
    """Return the newest execution to which the stage of a failed execution can return, or None."""
    others = reversed(pipeline.executions.values())
    stage = failed.stage["name"]
    return next((one for one in others if one is not failed and _fits(pipeline, one, stage)), None)


def check_target(pipeline: Pipeline, target: Execution, stage: str) -> None:
    """Raise an ApiError, with AWS's text, if the stage cannot be rolled back to that execution."""
    if target.version != pipeline.version:
        text = f"Pipeline '{pipeline.name}' has been updated since the rollback request was made."
        raise ApiError("PipelineExecutionOutdatedException", text)
    unable = "UnableToRollbackStageException"
    for execution in pipeline.executions.values():
        here = not execution.waiting and execution.stage["name"] == stage
        if here and execution.status in ACTIVE:
            text = f"cannot start rollback since stage {stage} is in progress."
            raise ApiError(unable, f"Pipeline '{pipeline.name}' {text}")
    if not _fits(pipeline, target, stage):
        text = f"has not completed in stage with name '{stage}'"
        raise ApiError(unable, f"Target Pipeline Execution with id '{target.id}' {text}")


def manual(turn: Turn, pipeline: Pipeline, *, stage: str, target: Execution) -> Execution:
    """Return the execution that a user starts to roll a stage back."""
    trigger = "ManualRollback", _detail(AwsUserArn=turn.caller)
    return _rollback(turn, pipeline, stage=stage, target=target, trigger=trigger)


def automatic(turn: Turn, pipeline: Pipeline, failed: Execution, *, target: Execution) -> Execution:
    """Return the execution that CodePipeline starts because the stage of another one failed."""
    trigger = "AutomatedRollback", _detail(FailedPipelineExecutionId=failed.id)
    return _rollback(turn, pipeline, stage=failed.stage["name"], target=target, trigger=trigger)


def _detail(**member: str) -> str:
    return json.dumps(member, separators=(",", ":"))


def _fits(pipeline: Pipeline, target: Execution, stage: str) -> bool:
    run = target.stages.get(stage)
    succeeded = run is not None and run.status == "Succeeded"
    return succeeded and target.version == pipeline.version and not target.rollback_target


def _rollback(
    turn: Turn, pipeline: Pipeline, *, stage: str, target: Execution, trigger: tuple[str, str]
) -> Execution:
    names = [one["name"] for one in target.declaration["stages"]]
    return Execution(
        id=turn.estate.new_id(),
        version=target.version,
        declaration=target.declaration,
        mode=target.mode,
        trigger_type=trigger[0],
        trigger_detail=trigger[1],
        variables=target.variables,
        overrides=target.overrides,
        started_at=turn.now,
        updated_at=turn.now,
        stage_index=names.index(stage),
        rollback_target=target.id,
        artifacts=dict(target.artifacts),
        namespaces=dict(target.namespaces),
        revisions=dict(target.revisions),
    )
