"""Running the rest of a release again: its own manifest, given once more with ``resume``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from operator_cli.errors import UsageError
from operator_cli.model import RUNNING, Release
from release_core.clock import from_zoned_iso

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


def refuse_unretriable(release: Release) -> None:
    """Raise UsageError for a release that still runs, is taken back, or never was one."""
    if release.status == RUNNING:
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


def resuming_manifest(
    stored: str, *, deadline: datetime | None, now: datetime
) -> tuple[dict[str, Any], str | None]:
    """The manifest of the next attempt, and the deadline that was dropped as it has passed."""
    manifest: dict[str, Any] = {**json.loads(stored), "resume": True}
    if deadline is not None:
        return {**manifest, "deadline": deadline.isoformat()}, None
    given = manifest.get("deadline")
    if given is None or datetime.fromisoformat(given) > now:
        return manifest, None
    del manifest["deadline"]
    return manifest, given


def start_attempt(
    manifest: dict[str, Any], *, state_machine_arn: str, caller: str, sfn: SFNClient
) -> str:
    """Start the machine with the manifest, on behalf of the caller; returns the execution's ARN."""
    given = json.dumps({"manifest": manifest, "requestedBy": caller})
    return sfn.start_execution(stateMachineArn=state_machine_arn, input=given)["executionArn"]
