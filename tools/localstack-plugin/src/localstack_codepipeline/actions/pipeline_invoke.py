"""The CodePipeline invoke action: starts another pipeline, and does not wait for it.

Source: the CodePipeline user guide, "CodePipeline invoke action reference". That the action does
not wait is our reading: AWS's CDK gives it the permission to start the pipeline, and none to look
at it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from localstack_codepipeline.actions.failures import ActionError
from localstack_codepipeline.model import ActionResult, RunAction

# The settings that hold JSON, and the members of StartPipelineExecution that they become.
LISTS = {"SourceRevisions": "sourceRevisions", "Variables": "variables"}


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult:
    """Start the pipeline. The same run of the action starts it once, however often it is tried."""
    name = action.configuration["PipelineName"]
    started = clients("codepipeline").start_pipeline_execution(
        name=name,
        clientRequestToken=action.action_execution_id,
        **{
            member: _read(action.configuration, setting)
            for setting, member in LISTS.items()
            if setting in action.configuration
        },
    )
    execution = started["pipelineExecutionId"]
    return ActionResult(
        summary=f"Started the execution {execution} of the pipeline {name}", external_id=execution
    )


def _read(configuration: Mapping[str, str], setting: str) -> list[Any]:
    try:
        value = json.loads(configuration[setting])
    except ValueError as error:
        raise ActionError(f"{setting} is not JSON: {error}") from error
    if not isinstance(value, list):
        raise ActionError(f"{setting} must be a list in JSON")
    return value
