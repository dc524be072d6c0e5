"""The pages of the AWS console that show executions."""

from urllib.parse import quote

# The console of each partition of AWS; in the first one, each Region has its own.
_CONSOLES = {
    "aws": "{region}.console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}


def page_of_workflow(execution_arn: str) -> str | None:
    """The page of a Step Functions execution; None in a partition whose console is not known."""
    partition, region = _place(execution_arn)
    if partition not in _CONSOLES:
        return None
    return (
        f"https://{_CONSOLES[partition].format(region=region)}/states/home?region={region}"
        f"#/v2/executions/details/{quote(execution_arn, safe=':')}"
    )


def page_of_pipeline(pipeline: str, execution_id: str | None, *, beside: str) -> str | None:
    """The page of a pipeline's execution, in the account and Region of an ARN ``beside`` it."""
    partition, region = _place(beside)
    if partition not in _CONSOLES or execution_id is None:
        return None
    return page_in_region(pipeline, execution_id, region=region, partition=partition)


def page_in_region(pipeline: str, execution_id: str, *, region: str, partition: str = "aws") -> str:
    """The page of a pipeline's execution in this Region, in a partition with a known console."""
    return (
        f"https://{_CONSOLES[partition].format(region=region)}/codesuite/codepipeline/pipelines/"
        f"{quote(pipeline, safe='')}/executions/{quote(execution_id, safe='')}"
        f"/timeline?region={region}"
    )


def _place(arn: str) -> tuple[str, str]:
    """The partition and the Region of an ARN."""
    _, partition, _, region = (*arn.split(":", 4), "", "", "", "")[:4]
    return partition, region
