"""Links to executions in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from botocore.client import ClientMeta


def pipeline_execution(
    pipeline: str, execution_id: str | None, *, region: str | None
) -> str | None:
    """The console page of a pipeline execution; None where there is no console."""
    if region is None or execution_id is None:
        return None
    return (
        f"https://{region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/"
        f"{quote(pipeline, safe='')}/executions/{quote(execution_id, safe='')}"
        f"/timeline?region={region}"
    )


def workflow_execution(arn: str | None, *, region: str | None) -> str | None:
    """The console page of a Step Functions execution; None where there is no console."""
    if region is None or arn is None:
        return None
    return (
        f"https://{region}.console.aws.amazon.com/states/home?region={region}"
        f"#/v2/executions/details/{quote(arn, safe=':')}"
    )


def console_region(meta: ClientMeta) -> str | None:
    """The Region of the console for a client; None where there is no console."""
    if meta.partition != "aws" or not meta.endpoint_url.endswith(".amazonaws.com"):
        return None
    return meta.region_name
