"""Stopping a release: the execution of its workflow is stopped, the rest follows from that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.domain.release import PipelineStatus, Release
from release_machine.errors import UsageError
from release_machine.follow.observer import unknown_release
from release_machine.release.situation import abandon_command
from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

ERROR = "StoppedByHand"
_KINDS = {
    PipelineStatus.SUCCEEDED: "succeeded before",
    PipelineStatus.STOPPED: "stopped",
    PipelineStatus.SKIPPED: "skipped",
}
# What DescribeExecution answers for a name that no execution has, or can have.
NO_EXECUTION = ("ExecutionDoesNotExist", "InvalidArn")


def stop_execution(execution_arn: str, *, caller: str, reason: str | None, sfn: SFNClient) -> None:
    """Stop the execution; AWS's event of it names no person, so the cause does."""
    cause = f"{caller}: {reason}" if reason else caller
    sfn.stop_execution(executionArn=execution_arn, error=ERROR, cause=cause)


def refuse_unstoppable(release: Release | None, execution_arn: str, *, sfn: SFNClient) -> None:
    """Raise UsageError for what has ended, and for an execution that never was."""
    if release is None:
        refuse_ended(execution_arn, sfn=sfn)
    elif release.closed:
        when = f", closed at {clock_time(release.closed_at)}" if release.closed_at else ""
        raise UsageError(
            f"Release {release.label} is {release.status}{when}; there is nothing to stop.",
            f"See it with: release-machine show {release.label}",
        )


def refuse_ended(execution_arn: str, *, sfn: SFNClient) -> None:
    """Raise UsageError for an execution that opened nothing and has ended, or never was."""
    name = execution_arn.rpartition(":")[2]
    try:
        status = sfn.describe_execution(executionArn=execution_arn)["status"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in NO_EXECUTION:
            raise
        raise unknown_release(name) from error
    if status != "RUNNING":
        raise UsageError(
            f"The execution {name} has ended ({status}) without opening a release.",
            "List the releases with: release-machine list",
        )


def summary(release: Release) -> Iterator[str]:
    """What became of the pipelines of a release that was stopped, one line for each kind."""
    kinds: dict[str, list[str]] = {}
    for each in release.pipelines.values():
        kind = _KINDS.get(each.status, "ended otherwise" if each.status.ended else "still stopping")
        kinds.setdefault(kind, []).append(
            f"{each.name} {each.status}" if kind == "ended otherwise" else each.name
        )
    yield from (f"{kind}: {', '.join(names)}" for kind, names in kinds.items())
    yield from still_stopping(release)


def still_stopping(release: Release) -> Iterator[str]:
    """The executions of a closed release that still run, each with the command that ends it."""
    for each in release.pipelines.values():
        if not each.status.ended and each.execution_id:
            command = abandon_command(each.name, each.execution_id)
            yield f"{each.name} waits for the action in progress; to end it now: {command}"
