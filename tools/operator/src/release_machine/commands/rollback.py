"""``rollback``: ship again what was good before a release."""

import sys
import time
from typing import NoReturn

import click

from release_core.domain.release import Release
from release_core.errors import RollbackRefused
from release_core.rollback.manifest import Rollback
from release_machine.actions.automatic_rollback import may_come
from release_machine.actions.find import known_release
from release_machine.actions.rollback import (
    conflict,
    done_before,
    execution_input,
    manifest_text,
    nothing_to_do,
    refusal,
    remarks,
    under_way,
)
from release_machine.deployment.reading_parts import planner, rollback_reader
from release_machine.deployment.session import Session
from release_machine.errors import OperatorError, UsageError
from release_machine.interrupts import starting
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import follow_from_opening
from release_machine.terminal.output import open_console, show, tell, write_file
from release_machine.terminal.release_argument import release_argument
from release_machine.validation.manifest_file import STANDARD_INPUT
from release_machine.views.plan_view import plan_view


@click.command("rollback", cls=AwsCommand)
@release_argument
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@click.option(
    "--manifest",
    "file",
    type=click.Path(allow_dash=True),
    help="Only write the manifest of the rollback to a file, or to - for standard output.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Also roll back pipelines that a later release has run, or a release again.",
)
@click.option("--wait", is_flag=True, help="Wait for pipelines that other releases hold.")
@click.option("--detach", is_flag=True, help="Return as soon as the rollback is opened.")
@click.pass_context
def command(
    context: click.Context,
    release_id: str,
    *,
    dry_run: bool,
    file: str | None,
    force: bool,
    wait: bool,
    detach: bool,
) -> None:
    """Ship the previous good revisions again, and follow the rollback.

    A rollback is a release of its own. Each pipeline that ran in RELEASE runs again, in reverse
    order, with the revisions and variables of its last success before RELEASE. Pipelines that did
    not run stay as they are, and so do pipelines without an earlier success, which are named.
    Pipelines that a later release has run are rolled back only with --force.

    \b
    Examples:
      release-machine rollback 2026.11.22-1 --dry-run
      release-machine rollback 2026.11.22-1
      release-machine rollback 2026.11.22-1 --manifest rollback.json
    """
    session = open_session(context)
    release = known_release(session, release_id)
    if file is not None:
        _write(_rollback_of(session, release, force=force, wait=wait), file)
        return
    if release.rolled_back_by and not (dry_run or force):
        done = done_before(release, session.ledger.get_release(release.rolled_back_by))
        if done:
            tell(done)
            return
    announced = release.awaits_rollback and not (dry_run or force)
    if announced and may_come(session, release, wait=time.sleep):
        raise under_way(release)
    rollback = _rollback_of(session, release, force=force, wait=wait)
    _check(session, release, rollback, force=force)
    if not dry_run:
        _start(session, rollback, detach=detach)


def _rollback_of(session: Session, release: Release, *, force: bool, wait: bool) -> Rollback:
    if release.pipeline_count == 0:
        raise UsageError(
            f"{release.label} was rejected, so it has changed nothing.",
            f"See why with: release-machine show {release.label}",
        )
    try:
        rollback = rollback_reader(session).get(release.release_id, over_later=force, waits=wait)
    except RollbackRefused as error:
        raise refusal(error, release) from error
    if rollback.manifest is None:
        raise nothing_to_do(rollback)
    return rollback


def _write(rollback: Rollback, file: str) -> None:
    text = manifest_text(rollback)
    for line in rollback.omissions:
        click.echo(f"left out {line.removeprefix('- ')}", err=True)
    if file == STANDARD_INPUT:
        sys.stdout.write(text)
        return
    write_file(file, text)
    click.echo(f"wrote {file}; check it with: release-machine plan {file}", err=True)


def _check(session: Session, release: Release, rollback: Rollback, *, force: bool) -> None:
    """Show what would happen; raises OperatorError when the rollback cannot be started."""
    plan = planner(session)(rollback.manifest)
    console = open_console()
    refused = "refused without --force" if rollback.conflicts and not force else None
    drawn = plan_view(plan.as_json(), width=console.width, refused=refused)
    show(console, drawn, *remarks(rollback, release))
    if not plan.valid:
        raise OperatorError(
            "Nothing was started: the rollback would be refused or fail for the reasons above.",
            f"Write its manifest with: release-machine rollback {release.release_id} --manifest "
            "FILE; correct the manifest and submit it.",
        )
    if refused:
        raise conflict(rollback)


def _start(session: Session, rollback: Rollback, *, detach: bool) -> NoReturn:
    with starting():
        started = session.sfn.start_execution(
            stateMachineArn=session.deployment.state_machine_arn,
            input=execution_input(rollback, caller=session.caller),
        )
        follow_from_opening(
            session, started["executionArn"], pipelines=list(rollback.wanted), detach=detach
        )
