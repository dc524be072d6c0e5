"""Where the AWS console shows an execution, given the Region of the deployment."""

from urllib.parse import quote


def pipeline_execution(
    pipeline: str, execution_id: str | None, *, region: str | None
) -> str | None:
    """The console's page of a pipeline's execution; None where there is no console."""
    if region is None or execution_id is None:
        return None
    return (
        f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/"
        f"{quote(pipeline, safe='')}/executions/{quote(execution_id, safe='')}"
        f"/timeline?region={region}"
    )


def workflow_execution(arn: str | None, *, region: str | None) -> str | None:
    """The console's page of a Step Functions execution; None where there is no console."""
    if region is None or arn is None:
        return None
    return (
        f"https://{region}.console.aws.amazon.com/states/home?region={region}"
        f"#/v2/executions/details/{quote(arn, safe=':')}"
    )
