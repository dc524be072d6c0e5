"""The Lambda invoke action: the function reports its result through PutJob*Result.

Source: the CodePipeline user guide, "AWS Lambda invoke action reference", JSON event example.
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from localstack_codepipeline.actions.failures import ActionError
from localstack_codepipeline.model import ActionResult, Artifact, RunAction


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult | None:
    """Invoke the function with its job.

    The function reports the result, or the action times out.
    """
    identity = clients("sts").get_caller_identity()
    function = action.configuration["FunctionName"]
    try:
        clients("lambda_").invoke(
            FunctionName=function,
            InvocationType="Event",
            Payload=json.dumps(job_event(action, account=identity["Account"])),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise ActionError(f"The AWS Lambda function {function} does not exist.") from error
    return None


def job_event(action: RunAction, *, account: str) -> dict[str, Any]:
    """Return the event that CodePipeline passes to a function."""
    data: dict[str, Any] = {
        "actionConfiguration": {"configuration": dict(action.configuration)},
        "inputArtifacts": [_artifact(artifact) for artifact in action.inputs],
        "outputArtifacts": [_artifact(artifact) for artifact in action.outputs],
        # LocalStack takes an account id as the access key of that account; nothing secret is here.
        "artifactCredentials": {
            "accessKeyId": account,
            "secretAccessKey": "localstack",
            "sessionToken": "localstack",
        },
    }
    if action.continuation_token:
        data["continuationToken"] = action.continuation_token
    return {"CodePipeline.job": {"id": action.job_id, "accountId": account, "data": data}}


def _artifact(artifact: Artifact) -> dict[str, Any]:
    location = {"bucketName": artifact.bucket, "objectKey": artifact.key}
    return {
        "name": artifact.name,
        "revision": None,
        "location": {"type": "S3", "s3Location": location},
    }
