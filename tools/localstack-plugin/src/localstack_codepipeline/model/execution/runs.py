"""Runs of actions and rules: opened with a resolved configuration, closed, or abandoned."""

from collections.abc import Iterator
from dataclasses import replace

from localstack_codepipeline.model.effects import (
    AbandonAction,
    ActionResult,
    Artifact,
    Json,
    RunAction,
)
from localstack_codepipeline.model.execution.events import emit_action
from localstack_codepipeline.model.execution.variables import (
    MissingInputError,
    check_variable,
    resolve_configuration,
)
from localstack_codepipeline.model.state import ActionRun, Execution, Job, Pipeline, Turn

APPROVAL_CANCELED = "The approval action has been canceled."

# Minutes an action may take. Source: the CodePipeline user guide, "Quotas".
TIMEOUTS = {"Manual": 7 * 24 * 60, "Lambda": 24 * 60, "S3": 90}
OTHER_TIMEOUT = 60


def open_run(
    turn: Turn,
    pipeline: Pipeline,
    execution: Execution,
    *,
    declaration: Json,
    condition: str = "",
) -> None:
    """Start a run of an action, or of a rule of a condition.

    It fails at once when its configuration cannot be resolved.
    """
    kind = declaration["actionTypeId"]
    minutes = declaration.get("timeoutInMinutes") or TIMEOUTS.get(kind["provider"], OTHER_TIMEOUT)
    run = ActionRun(
        id=turn.estate.new_id(),
        execution_id=execution.id,
        attempt=execution.attempt,
        version=execution.version,
        stage=execution.stage["name"],
        declaration=declaration,
        started_at=turn.now,
        updated_at=turn.now,
        deadline=turn.later(minutes=minutes),
        outputs=tuple(_places(turn, execution, declaration)),
        condition=condition,
    )
    pipeline.runs[run.id] = run
    stage = execution.stage_run
    (stage.conditions[condition] if condition else stage).runs[run.action] = run.id
    execution.updated_at = turn.now
    try:
        run.inputs = tuple(_inputs(execution, declaration))
        run.configuration = resolve_configuration(execution, declaration["configuration"])
    except MissingInputError as error:
        emit_action(turn, pipeline, execution, run=run, state="STARTED")
        result = ActionResult("ConfigurationError", str(error))
        close_run(turn, pipeline, execution, run=run, result=result)
        return
    if kind["category"] == "Approval":
        run.token = run.id
        if execution.mode == "PARALLEL":
            run.result = ActionResult(external_id=run.id)
    if kind["provider"] == "VariableCheck":
        result = check_variable(run.configuration, declaration["configuration"])
        close_run(turn, pipeline, execution, run=run, result=result)
        return
    if kind["provider"] in ("Lambda", "LambdaInvoke"):
        # Seen on AWS: the id outside CodePipeline is the name of the function, whatever it reports.
        run.result = ActionResult(external_id=run.configuration.get("FunctionName", ""))
        open_job(turn, pipeline, run)
    emit_action(turn, pipeline, execution, run=run, state="STARTED")
    turn.effects.append(run_effect(turn, pipeline, execution, run=run))


def open_job(turn: Turn, pipeline: Pipeline, run: ActionRun) -> None:
    """Give the run a new job, whose result the function reports."""
    run.job_id = turn.estate.new_id()
    turn.estate.jobs[run.job_id] = Job(pipeline.name, run.id)


def run_effect(
    turn: Turn, pipeline: Pipeline, execution: Execution, *, run: ActionRun, continuation: str = ""
) -> RunAction:
    """Return the effect that runs the action."""
    kind = run.declaration["actionTypeId"]
    return RunAction(
        pipeline=pipeline.name,
        execution_id=execution.id,
        action_execution_id=run.id,
        stage=run.stage,
        action=run.action,
        category=kind["category"],
        owner=kind["owner"],
        provider=kind["provider"],
        configuration=run.configuration,
        inputs=run.inputs,
        outputs=run.outputs,
        region=run.declaration.get("region", turn.estate.region),
        deadline=run.deadline,
        overrides={
            override["revisionType"]: override["revisionValue"]
            for override in execution.overrides
            if override["actionName"] == run.action and kind["category"] == "Source"
        },
        token=run.token,
        job_id=run.job_id,
        continuation_token=continuation,
    )


def close_run(
    turn: Turn, pipeline: Pipeline, execution: Execution, *, run: ActionRun, result: ActionResult
) -> None:
    """Record the result of a run, and pass on its variables, revision and artifacts."""
    run.status = "Succeeded" if result.succeeded else "Failed"
    run.updated_at = execution.updated_at = turn.now
    run.result = replace(result, external_id=result.external_id or run.result.external_id)
    if result.succeeded:
        run.percent = 100
        if namespace := run.declaration.get("namespace"):
            execution.namespaces[namespace] = dict(result.variables)
        # Seen on AWS: a rollback of the source stage shows the revision of its target.
        if result.revision is not None and not execution.rollback_target:
            execution.revisions[run.action] = result.revision
        execution.artifacts |= {artifact.name: artifact for artifact in run.outputs}
    emit_action(turn, pipeline, execution, run=run, state=run.status.upper())


def abandon_runs(turn: Turn, pipeline: Pipeline, execution: Execution, *, state: str) -> None:
    """Abandon every running action; `state` is the state in the events (ABANDONED or CANCELED)."""
    for run in running(pipeline, execution):
        run.status = "Abandoned"
        run.updated_at = execution.updated_at = turn.now
        if run.token:
            cancel_approval(run)
        emit_action(turn, pipeline, execution, run=run, state=state)
        turn.effects.append(AbandonAction(pipeline.name, run.id))


def cancel_approval(run: ActionRun) -> None:
    """Let nobody answer the approval any more."""
    run.is_dead = True
    run.result = replace(run.result, summary=APPROVAL_CANCELED)


def running(pipeline: Pipeline, execution: Execution) -> Iterator[ActionRun]:
    """Return the running actions and rules of the execution."""
    for run in pipeline.runs.values():
        if run.execution_id == execution.id and run.status == "InProgress":
            yield run


def _inputs(execution: Execution, declaration: Json) -> Iterator[Artifact]:
    for item in declaration["inputArtifacts"]:
        if item["name"] not in execution.artifacts:
            raise MissingInputError(f"The input artifact {item['name']} does not exist")
        yield execution.artifacts[item["name"]]


def _places(turn: Turn, execution: Execution, declaration: Json) -> Iterator[Artifact]:
    """Choose a key in the artifact store for each output artifact."""
    pipeline = execution.declaration
    stores = pipeline.get("artifactStores", {})
    region = declaration.get("region", turn.estate.region)
    store = stores.get(region) or pipeline.get("artifactStore") or stores[turn.estate.region]
    for item in declaration["outputArtifacts"]:
        unique = turn.estate.new_id().replace("-", "")[-7:]
        key = f"{pipeline['name'][:20]}/{item['name'][:10]}/{unique}"
        yield Artifact(item["name"], store["location"], key)
