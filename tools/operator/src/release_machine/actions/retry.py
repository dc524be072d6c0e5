"""Requests the next attempt of a release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from release_core.clock import from_zoned_iso
from release_core.decide.resume import succeeded
from release_core.domain.release import Release, ReleaseStatus
from release_core.strict_json import write_json
from release_machine.actions.submit import needs_four_eyes, post_manifest
from release_machine.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from release_machine.deployment.session import Session


def refuse_unretriable(release: Release) -> None:
    """Raise UsageError for a release that runs, was rolled back, or was rejected."""
    if release.status is ReleaseStatus.RUNNING:
        raise UsageError(
            f"Release {release.release_id} is still running, as {release.execution_arn}.",
            f"Follow it with: release-machine watch {release.release_id}; "
            f"or stop it first: release-machine cancel {release.release_id}",
        )
    if release.rolled_back_by:
        raise UsageError(
            f"Release {release.release_id} was rolled back by release {release.rolled_back_by}, so "
            "its changes are no longer live.",
            "Give the manifest a new releaseId and submit it.",
        )
    if release.pipeline_count == 0:
        raise UsageError(
            f"{release.label} was rejected, so there is no release to retry.",
            f"See why with: release-machine show {release.label}; "
            "then correct the manifest and submit it again.",
        )


def manifest_of(session: Session, release: Release) -> Mapping[str, Any]:
    """The manifest that a retry runs again; raises OperatorError when there is none."""
    manifest: Mapping[str, Any] | None = session.ledger.get_manifest(release.release_id)
    if manifest is None:
        raise OperatorError(
            f"The ledger has no manifest of release {release.release_id}; it was not fully opened.",
            "Give the manifest a new releaseId and submit it.",
        )
    return manifest


def prepare_attempt(
    session: Session,
    release: Release,
    manifest: Mapping[str, Any],
    changes: Mapping[str, str | None],
) -> Callable[[], str]:
    """The request of the next attempt, through the API if an approval needs a proved requester.

    The request returns the ARN of the workflow execution. All that it needs is read before.
    """
    if needs_four_eyes(manifest, granted=succeeded(release)):
        return partial(post_manifest, {**manifest, **changes, "resume": True}, session.api)
    return partial(
        start_attempt,
        release.release_id,
        changes,
        state_machine_arn=session.deployment.state_machine_arn,
        caller=session.caller,
        sfn=session.sfn,
    )


def read_time(option: str, text: str, *, otherwise: str = "") -> datetime:
    """Read the time of an option as in a manifest; raises UsageError when it is not valid.

    ``otherwise`` says what else the option takes.
    """
    try:
        return from_zoned_iso(text)
    except ValueError as error:
        raise UsageError(
            f"{option} {text} cannot be used: {error}{otherwise}.",
            f"Write it with its time zone, as in 2026-11-22T18:00:00Z{otherwise}.",
        ) from error


def new_deadline(
    manifest: Mapping[str, Any], *, given: datetime | None, now: datetime
) -> tuple[dict[str, str | None], str | None]:
    """The change of the deadline, if any, and the deadline of the manifest if it has passed."""
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
    """Start the state machine on behalf of the caller; returns the ARN of the execution.

    The request has no manifest: that of a rollback may be larger than the input of an execution.
    """
    given = write_json({"retry": release_id, **changes, "requestedBy": caller})
    return sfn.start_execution(stateMachineArn=state_machine_arn, input=given)["executionArn"]
