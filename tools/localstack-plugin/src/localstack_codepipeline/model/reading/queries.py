"""The operations that read executions and the state of a pipeline."""

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.reading import condition_views, views
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
    chosen = _chosen_runs(pipeline, request.get("filter", {}), of_rules=False)
    runs, rest = page(chosen, request, most=100)
    return {"actionExecutionDetails": [views.run_view(turn.estate, run) for run in runs], **rest}


def list_rule_executions(turn: Turn, request: Json) -> Json:
    """Return the runs of the rules of a pipeline's conditions, newest first."""
    pipeline = turn.estate.pipeline(request["pipelineName"])
    chosen = _chosen_runs(pipeline, request.get("filter", {}), of_rules=True)
    runs, rest = page(chosen, request, most=100)
    details = [condition_views.rule_run_view(turn.estate, run) for run in runs]
    return {"ruleExecutionDetails": details, **rest}


def list_rule_types(turn: Turn, request: Json) -> Json:
    """Return the types of rules that a condition may have."""
    return {"ruleTypes": condition_views.rule_type_views()}


def get_pipeline_state(turn: Turn, request: Json) -> Json:
    """Return the latest execution of each stage and action, and the waiting executions."""
    pipeline = turn.estate.pipeline(request["name"])
    # Seen on AWS: a stage shows the actions of the execution that entered it last.
    last_runs = {
        (run.stage, run.action): run
        for run in pipeline.runs.values()
        if not run.condition and run.execution_id == pipeline.latest.get(run.stage)
    }
    stages = []
    for stage in pipeline.declaration["stages"]:
        name = stage["name"]
        state = views.stage_view(pipeline, name)
        if name in pipeline.latest:
            run = pipeline.executions[pipeline.latest[name]].stages[name]
            state |= condition_views.stage_members(pipeline, run, now=turn.now)
        state["actionStates"] = [
            views.action_view(action, last_runs.get((name, action["name"])), now=turn.now)
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


def _chosen_runs(pipeline: Pipeline, wanted: Json, *, of_rules: bool) -> list[ActionRun]:
    runs = [run for run in reversed(pipeline.runs.values()) if bool(run.condition) == of_rules]
    if execution_id := wanted.get("pipelineExecutionId"):
        pipeline.execution(execution_id)
        runs = [run for run in runs if run.execution_id == execution_id]
    if latest := wanted.get("latestInPipelineExecution"):
        execution = pipeline.execution(latest["pipelineExecutionId"])
        runs = [run for run in runs if run.execution_id == execution.id]
        if latest["startTimeRange"] == "Latest":
            runs = [run for run in runs if run.attempt == execution.attempt]
    return runs
