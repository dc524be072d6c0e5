"""Links to executions in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release_core.domain.console import page_in_region, page_of_workflow

if TYPE_CHECKING:
    from botocore.client import ClientMeta


def pipeline_execution(
    pipeline: str, execution_id: str | None, *, region: str | None
) -> str | None:
    """The console page of a pipeline execution; None where there is no console."""
    if region is None or execution_id is None:
        return None
    return page_in_region(pipeline, execution_id, region=region)


def workflow_execution(arn: str | None, *, region: str | None) -> str | None:
    """The console page of a Step Functions execution; None where there is no console."""
    if region is None or arn is None:
        return None
    return page_of_workflow(arn)


def console_region(meta: ClientMeta) -> str | None:
    """The Region of the console for a client; None where there is no console."""
    if meta.partition != "aws" or not meta.endpoint_url.endswith(".amazonaws.com"):
        return None
    return meta.region_name
