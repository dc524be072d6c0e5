"""Polling's function: starts pipelines, then looks at each of them whenever it is called."""

from typing import Any

import boto3

client = boto3.client("codepipeline")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start the pipelines at the first call; say after that whether all have ended."""
    if "executions" not in event:
        executions = {
            name: client.start_pipeline_execution(name=name)["pipelineExecutionId"]
            for name in event["pipelines"]
        }
        return {"executions": executions}
    statuses = [
        client.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)[
            "pipelineExecution"
        ]["status"]
        for name, execution in event["executions"].items()
    ]
    return {**event, "ended": "InProgress" not in statuses}
