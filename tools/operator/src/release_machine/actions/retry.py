"""Running the rest of a release again: the request for its next attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from release_core.clock import from_zoned_iso
from release_core.domain.release import Release, ReleaseStatus
from release_core.strict_json import write_json
from release_machine.errors import UsageError

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


def refuse_unretriable(release: Release) -> None:
    """Raise UsageError for a release that still runs, is taken back, or never was one."""
    if release.status is ReleaseStatus.RUNNING:
        raise UsageError(
            f"Release {release.release_id} still runs, as {release.execution_arn}.",
            f"Follow it with: release-machine watch {release.release_id}; "
            f"or stop it first: release-machine cancel {release.release_id}",
        )
    if release.rolled_back_by:
        raise UsageError(
            f"Release {release.release_id} was rolled back by release {release.rolled_back_by}, so "
            "that what had succeeded in it is gone.",
            "Give its manifest a releaseId of its own, and submit that.",
        )
    if release.pipeline_count == 0:
        raise UsageError(
            f"{release.label} was rejected: it never became a release that could go on.",
            f"See why with: release-machine show {release.label}; "
            "then correct the manifest and submit it again.",
        )


def read_deadline(text: str) -> datetime:
    """Read a deadline as a manifest spells it; raises UsageError when it is none."""
    try:
        return from_zoned_iso(text)
    except ValueError as error:
        raise UsageError(
            f"--deadline {text} cannot be used: {error}.",
            "Write it with its time zone, as in 2026-11-22T18:00:00Z.",
        ) from error


def new_deadline(
    manifest: Mapping[str, Any], *, given: datetime | None, now: datetime
) -> tuple[dict[str, str | None], str | None]:
    """What of the deadline differs from the manifest on record, and the one that has passed."""
    if given is not None:
        return {"deadline": given.isoformat()}, None
    before = manifest.get("deadline")
    if before is None or datetime.fromisoformat(before) > now:
        return {}, None
    return {"deadline": None}, before


def start_attempt(
    release_id: str,
    changes: Mapping[str, str | None],
    *,
    state_machine_arn: str,
    caller: str,
    sfn: SFNClient,
) -> str:
    """Start the machine, on behalf of the caller; returns the execution's ARN.

    The machine has the manifest: that of a rollback may be larger than an execution's input.
    """
    given = write_json({"retry": release_id, **changes, "requestedBy": caller})
    return sfn.start_execution(stateMachineArn=state_machine_arn, input=given)["executionArn"]
