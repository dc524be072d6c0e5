"""The operations that read executions and the state of a pipeline."""

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.reading import views
from localstack_codepipeline.model.reading.pages import page
from localstack_codepipeline.model.state import ActionRun, Execution, Pipeline, Turn


def get_pipeline_execution(turn: Turn, request: Json) -> Json:
    """Return one execution with its revisions and variables."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    execution = pipeline.execution(request["pipelineExecutionId"])
    return {"pipelineExecution": views.execution_view(execution)}


def list_pipeline_executions(turn: Turn, request: Json) -> Json:
    """Return the executions of a pipeline, newest first."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    chosen = list(reversed(pipeline.executions.values()))
    wanted = request.get("filter", {}).get("succeededInStage", {}).get("stageName")
    if wanted:
        chosen = [execution for execution in chosen if _succeeded_in(execution, wanted)]
    executions, rest = page(chosen, request, most=100)
    return {"pipelineExecutionSummaries": [views.summary_view(one) for one in executions], **rest}


def list_action_executions(turn: Turn, request: Json) -> Json:
    """Return the runs of a pipeline's actions, newest first."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    runs, rest = page(_chosen_runs(pipeline, request.get("filter", {})), request, most=100)
    return {"actionExecutionDetails": [views.run_view(turn.estate, run) for run in runs], **rest}


def get_pipeline_state(turn: Turn, request: Json) -> Json:
    """Return the latest execution of each stage and action, and the waiting executions."""
    pipeline = turn.estate.pipeline(request["name"])
    last_runs = {(run.stage, run.action): run for run in pipeline.runs.values()}
    stages = []
    for stage in pipeline.declaration["stages"]:
        state = views.stage_view(pipeline, stage["name"])
        state["actionStates"] = [
            views.action_view(action, last_runs.get((stage["name"], action["name"])), now=turn.now)
            for action in stage["actions"]
        ]
        stages.append(state)
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "stageStates": stages,
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def _succeeded_in(execution: Execution, stage: str) -> bool:
    run = execution.stages.get(stage)
    return run is not None and run.status == "Succeeded"


def _chosen_runs(pipeline: Pipeline, wanted: Json) -> list[ActionRun]:
    runs = list(reversed(pipeline.runs.values()))
    if execution_id := wanted.get("pipelineExecutionId"):
        pipeline.execution(execution_id)
        runs = [run for run in runs if run.execution_id == execution_id]
    if latest := wanted.get("latestInPipelineExecution"):
        execution = pipeline.execution(latest["pipelineExecutionId"])
        runs = [run for run in runs if run.execution_id == execution.id]
        if latest["startTimeRange"] == "Latest":
            runs = [run for run in runs if run.attempt == execution.attempt]
    return runs
