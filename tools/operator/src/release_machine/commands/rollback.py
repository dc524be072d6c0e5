"""``rollback``: ship again what was good before a release."""

import sys
import time
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

import click

from release_core.domain.release import ROLLBACK_CHANNEL, Release
from release_core.errors import RollbackRefused
from release_core.rollback.manifest import Rollback
from release_core.rollback.reader import free_id
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
@click.option(
    "--over",
    multiple=True,
    metavar="EXECUTION",
    help="Also roll back this execution, which no release started; repeat it for several.",
)
@click.option("--wait", is_flag=True, help="Wait for pipelines that other releases hold.")
@click.option("--detach", is_flag=True, help="Return as soon as the rollback is opened.")
def command(
    release_id: str,
    *,
    dry_run: bool,
    file: str | None,
    force: bool,
    over: tuple[str, ...],
    wait: bool,
    detach: bool,
) -> None:
    """Ship the previous good revisions again, and follow the rollback.

    A rollback is a release of its own. Each pipeline that RELEASE has changed runs again, in
    reverse order, with the revisions and variables that were live before RELEASE, also if they were
    shipped outside a release. Pipelines that did not run or changed nothing stay as they are, and
    so do pipelines without an earlier success, which are named. Pipelines that a later release has
    run are rolled back only with --force. Pipelines that were started outside a release since are
    rolled back only with --over.

    \b
    Examples:
      release-machine rollback 2026.11.22-1 --dry-run
      release-machine rollback 2026.11.22-1
      release-machine rollback 2026.11.22-1 --manifest rollback.json
    """
    session = open_session(click.get_current_context())
    release_id = known_release(session, release_id).release_id
    # Race: another person rolls the release back. The id is chosen first: then that rollback either
    # has the same id, or is found in the release.
    how = _How(free_id(session.ledger, release_id), force=force, over=over, wait=wait)
    release = known_release(session, release_id)
    if file is not None:
        _write(_rollback_of(session, release, how), file)
        return
    if release.rolled_back_by and not (dry_run or force):
        done = done_before(release, session.ledger.get_release(release.rolled_back_by))
        if done:
            tell(done)
            return
    announced = release.awaits_rollback and not (dry_run or force)
    if announced and may_come(session, release, wait=time.sleep):
        raise under_way(release)
    rollback = _rollback_of(session, release, how)
    _check(session, release, rollback, how)
    if not dry_run:
        _start(session, rollback, over=over, detach=detach)


class _How(NamedTuple):
    """The id of the rollback, and what the person allows."""

    rollback_id: str
    force: bool
    over: tuple[str, ...]
    wait: bool


def _rollback_of(session: Session, release: Release, how: _How) -> Rollback:
    if release.pipeline_count == 0:
        raise UsageError(
            f"{release.label} was rejected, so it has changed nothing.",
            f"See why with: release-machine show {release.label}",
        )
    try:
        rollback = rollback_reader(session).get(
            release.release_id,
            rollback_id=how.rollback_id,
            over_later=how.force,
            over=how.over,
            waits=how.wait,
        )
    except RollbackRefused as error:
        raise refusal(error, release) from error
    if rollback.manifest is None:
        raise nothing_to_do(rollback, how.over)
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


def _check(session: Session, release: Release, rollback: Rollback, how: _How) -> None:
    """Show what would happen; raises OperatorError when the rollback cannot be started."""
    plan = planner(session)(rollback.manifest, channel=ROLLBACK_CHANNEL)
    console = open_console()
    refused = "refused without --over" if rollback.foreign else None
    if rollback.conflicts and not how.force:
        refused = "refused without --force"
    drawn = plan_view(plan.as_json(), width=console.width, refused=refused)
    show(console, drawn, *remarks(rollback, release))
    if not plan.valid:
        raise OperatorError(
            "Nothing was started: the rollback would be refused or fail for the reasons above.",
            f"Write its manifest with: release-machine rollback {release.release_id} --manifest "
            "FILE; correct the manifest and submit it.",
        )
    if refused:
        raise conflict(rollback, how.over)


def _start(session: Session, rollback: Rollback, *, over: Sequence[str], detach: bool) -> NoReturn:
    with starting():
        started = session.sfn.start_execution(
            stateMachineArn=session.deployment.state_machine_arn,
            input=execution_input(rollback, over=over, caller=session.caller),
        )
        follow_from_opening(
            session, started["executionArn"], pipelines=list(rollback.wanted), detach=detach
        )
