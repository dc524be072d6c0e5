"""The operations on pipelines themselves: create, read, update, delete, list."""

from localstack_codepipeline.model.action_types import with_masked_secrets
from localstack_codepipeline.model.declarations import complete_declaration
from localstack_codepipeline.model.effects import AbandonAction, Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.execution import executions, flow
from localstack_codepipeline.model.execution.runs import running
from localstack_codepipeline.model.reading.pages import page
from localstack_codepipeline.model.state import ACTIVE, Pipeline, Turn
from localstack_codepipeline.model.tags import merged_tags, tag_list

# The sources that CodePipeline polls unless PollForSourceChanges is false.
POLLED = ("S3", "CodeCommit", "GitHub")


def create_pipeline(turn: Turn, request: Json) -> Json:
    """Create a pipeline and, as on AWS, start its first execution."""
    given = request["pipeline"]
    if given["name"] in turn.estate.pipelines:
        text = f"A pipeline with the name '{given['name']}' already exists in account"
        raise ApiError("PipelineNameInUseException", f"{text} '{turn.estate.account}'")
    if len(turn.estate.pipelines) >= 1000:
        raise ApiError("LimitExceededException", "An account can have 1000 pipelines in a Region")
    declaration = complete_declaration(given, region=turn.estate.region, version=1)
    tags = merged_tags({}, request.get("tags", []))
    pipeline = Pipeline(given["name"], turn.now, turn.now, 1, {1: declaration}, tags)
    turn.estate.pipelines[pipeline.name] = pipeline
    if turn.estate.starts_on_create:
        for trigger in _first_triggers(turn, declaration):
            executions.start(turn, pipeline, trigger=trigger)
    return {"pipeline": with_masked_secrets(declaration), "tags": tag_list(tags)}


def get_pipeline(turn: Turn, request: Json) -> Json:
    """Return the current structure of a pipeline, or an earlier version."""
    pipeline = turn.estate.pipeline(request["name"])
    version = request.get("version") or pipeline.version
    if version not in pipeline.versions:
        text = f"Pipeline '{pipeline.name}' does not have a version {version}"
        raise ApiError("PipelineVersionNotFoundException", text)
    metadata = {
        "pipelineArn": turn.estate.arn(pipeline.name),
        "created": pipeline.created,
        "updated": pipeline.updated,
    }
    return {"pipeline": with_masked_secrets(pipeline.versions[version]), "metadata": metadata}


def update_pipeline(turn: Turn, request: Json) -> Json:
    """Change the structure of a pipeline and cancel its executions, except PARALLEL ones.

    Without `update_cancels` they stay in progress, and their approvals cannot be answered.
    """
    pipeline = turn.estate.pipeline(request["pipeline"]["name"])
    version = pipeline.version + 1
    region = turn.estate.region
    declaration = complete_declaration(request["pipeline"], region=region, version=version)
    under_way = [
        execution
        for execution in pipeline.executions.values()
        if execution.status in ACTIVE and execution.mode != "PARALLEL"
    ]
    # Cancel waiting executions first: otherwise one would enter the stage of a cancelled one.
    end = flow.cancel if turn.estate.update_cancels else flow.strand
    for execution in sorted(under_way, key=lambda one: not one.waiting):
        end(turn, pipeline, execution)
    pipeline.version, pipeline.updated = version, turn.now
    pipeline.versions[version] = declaration
    return {"pipeline": with_masked_secrets(declaration)}


def delete_pipeline(turn: Turn, request: Json) -> Json:
    """Delete a pipeline with its history; an unknown name is no error, as on AWS."""
    pipeline = turn.estate.pipelines.pop(request["name"], None)
    if pipeline is None:
        return {}
    for execution in pipeline.executions.values():
        for run in running(pipeline, execution):
            turn.effects.append(AbandonAction(pipeline.name, run.id))
    jobs = turn.estate.jobs.items()
    turn.estate.jobs = {job: place for job, place in jobs if place.pipeline != pipeline.name}
    return {}


def list_pipelines(turn: Turn, request: Json) -> Json:
    """Return the pipelines in order of name."""
    everything = [pipeline for _, pipeline in sorted(turn.estate.pipelines.items())]
    chosen, rest = page(everything, request, most=1000)
    pipelines = [
        {
            "name": pipeline.name,
            "version": pipeline.version,
            "pipelineType": pipeline.declaration["pipelineType"],
            "executionMode": pipeline.declaration["executionMode"],
            "created": pipeline.created,
            "updated": pipeline.updated,
        }
        for pipeline in chosen
    ]
    return {"pipelines": pipelines, **rest}


def _first_triggers(turn: Turn, declaration: Json) -> list[tuple[str, str]]:
    """Return why a new pipeline starts: once for each polled source, else once for its creation."""
    polled = [
        ("PollForSourceChanges", action["name"])
        for action in declaration["stages"][0]["actions"]
        if action["actionTypeId"]["provider"] in POLLED
        and action["configuration"].get("PollForSourceChanges", "true").lower() == "true"
    ]
    return polled or [("CreatePipeline", turn.caller)]
