"""``retry``: the next attempt of a release that did not succeed."""

import click

from release_core.clock import now
from release_core.decide.resume import succeeded
from release_core.domain.release import ReleaseStatus
from release_core.manifest.checks import named_pipelines
from release_machine.actions.find import known_release
from release_machine.actions.retry import (
    new_deadline,
    read_time,
    refuse_unretriable,
    start_attempt,
)
from release_machine.actions.submit import needs_four_eyes, post_manifest
from release_machine.errors import OperatorError
from release_machine.interrupts import starting
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import follow_from_opening
from release_machine.terminal.output import tell
from release_machine.terminal.release_argument import release_argument


@click.command("retry", cls=AwsCommand)
@release_argument
@click.option("--deadline", help="A new deadline, with its time zone: 2026-11-22T18:00:00Z.")
@click.option("--not-before", help="Hold the attempt until this time: 2026-11-22T06:00:00Z.")
@click.option("--wait", is_flag=True, help="Wait for pipelines that other releases hold.")
@click.option("--detach", is_flag=True, help="Return as soon as the attempt is opened.")
@click.pass_context
def command(
    context: click.Context,
    release_id: str,
    *,
    deadline: str | None,
    not_before: str | None,
    wait: bool,
    detach: bool,
) -> None:
    """Run again the pipelines that did not succeed, and follow them.

    This is the next attempt of the release: pipelines that succeeded do not run again. The manifest
    comes from the ledger, without a deadline that has passed. Approvals that were not granted are
    asked again, and those with four eyes as long as anything behind them has not succeeded. Then
    the attempt is requested through the API.

    \b
    Examples:
      release-machine retry 2026.11.22-1
      release-machine retry 2026.11.22-1 --wait --deadline 2026-11-22T18:00:00Z
    """
    given = read_time("--deadline", deadline) if deadline else None
    start = read_time("--not-before", not_before) if not_before else None
    session = open_session(context)
    found = known_release(session, release_id)
    refuse_unretriable(found)
    if found.status is ReleaseStatus.SUCCEEDED:
        tell(f"release {found.release_id} has SUCCEEDED; nothing is left to run")
        return
    manifest = session.ledger.get_manifest(found.release_id)
    if manifest is None:
        raise OperatorError(
            f"The ledger has no manifest of release {found.release_id}; it was not fully opened.",
            "Give the manifest a new releaseId and submit it.",
        )
    changes, dropped = new_deadline(manifest, given=given, now=now())
    if dropped:
        tell(f"the deadline {dropped} has passed and is left out; set a new one with --deadline")
    if start:
        changes["notBefore"] = start.isoformat()
    if wait:
        changes["onBusy"] = "wait"
    with starting():
        arn = (
            post_manifest({**manifest, **changes, "resume": True}, session.api)
            if needs_four_eyes(manifest, granted=succeeded(found))
            else start_attempt(
                found.release_id,
                changes,
                state_machine_arn=session.deployment.state_machine_arn,
                caller=session.caller,
                sfn=session.sfn,
            )
        )
        follow_from_opening(session, arn, pipelines=named_pipelines(manifest), detach=detach)
