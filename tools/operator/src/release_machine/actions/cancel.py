"""Stops a release by stopping its workflow execution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.rollback.refusals import listed
from release_machine.errors import UsageError
from release_machine.follow.observer import unknown_release
from release_machine.release.remedies import still_stopping
from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

ERROR = "StoppedByHand"
_KINDS = {
    PipelineStatus.SUCCEEDED: "succeeded before",
    PipelineStatus.STOPPED: "stopped",
    PipelineStatus.SKIPPED: "skipped",
}
# The errors of DescribeExecution for a name that does not exist, or that is not valid.
_NO_EXECUTION = ("ExecutionDoesNotExist", "InvalidArn")


def stop_execution(execution_arn: str, *, caller: str, reason: str | None, sfn: SFNClient) -> None:
    """Stop the execution. Its cause names the person, because the event of AWS does not."""
    cause = f"{reason}, by {caller}" if reason else f"by {caller}"
    sfn.stop_execution(executionArn=execution_arn, error=ERROR, cause=cause)


def refuse_unstoppable(release: Release | None, execution_arn: str, *, sfn: SFNClient) -> None:
    """Raise UsageError when the release has ended, or when the execution does not exist."""
    if release is None:
        refuse_ended(execution_arn, sfn=sfn)
    elif release.closed:
        when = f", closed at {clock_time(release.closed_at)}" if release.closed_at else ""
        raise UsageError(
            f"Release {release.label} is {release.status}{when}; there is nothing to stop.",
            f"See details with: release-machine show {release.label}",
        )


def execution_status(execution_arn: str, *, sfn: SFNClient) -> str | None:
    """The status of a workflow execution; None when it does not exist."""
    try:
        return sfn.describe_execution(executionArn=execution_arn)["status"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _NO_EXECUTION:
            return None
        raise


def refuse_ended(execution_arn: str, *, sfn: SFNClient) -> None:
    """Raise UsageError for an execution that ended without a release, or does not exist."""
    name = execution_arn.rpartition(":")[2]
    status = execution_status(execution_arn, sfn=sfn)
    if status is None:
        raise unknown_release(name)
    if status != "RUNNING":
        raise UsageError(
            f"The execution {name} has ended ({status}) without opening a release.",
            "List the releases with: release-machine list",
        )


def would_do(release: Release | None, execution_arn: str) -> Iterator[str]:
    """What a stop would do, one line for each kind of end."""
    if release is None:
        name = execution_arn.rpartition(":")[2]
        yield f"execution {name} has not opened a release; it would not open one any more"
        return
    if release.pending:
        yield f"release {release.release_id} is not opened: nothing would start"
        return
    yield f"release {release.release_id} is {release.status}"
    kinds: dict[str, list[str]] = {}
    for each in release.pipelines.values():
        kinds.setdefault(_would_be(release, each), []).append(
            f"{each.name} {each.status}" if each.status.ended else each.name
        )
    yield from (f"{kind}: {listed(names)}" for kind, names in kinds.items())


def _would_be(release: Release, node: Pipeline) -> str:
    """What a stop does to a pipeline or an approval."""
    if node.status.ended:
        return "stays as it is"
    if node.status is PipelineStatus.WAITING:
        return "would be skipped"
    if node.approval:
        return "would not be asked any more"
    when = "at once" if release.abandons else "after the action in progress"
    return f"would be stopped {when}"


def summary(release: Release) -> Iterator[str]:
    """How the pipelines of a stopped release ended, one line for each kind of end."""
    kinds: dict[str, list[str]] = {}
    for each in release.pipelines.values():
        kind = _KINDS.get(each.status, "ended otherwise" if each.status.ended else "still stopping")
        kinds.setdefault(kind, []).append(
            f"{each.name} {each.status}" if kind == "ended otherwise" else each.name
        )
    yield from (f"{kind}: {', '.join(names)}" for kind, names in kinds.items())
    yield from still_stopping(release)
