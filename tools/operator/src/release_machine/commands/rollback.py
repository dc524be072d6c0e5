"""``rollback``: ship again what was good before a release."""

import sys
import time
from typing import Any, NamedTuple, NoReturn

import click

from release_core.domain.release import Release
from release_core.plan.document import Plan
from release_core.rollback.manifest import Rollback
from release_core.rollback.reader import free_id
from release_machine.actions.automatic_rollback import may_come
from release_machine.actions.find import known_release
from release_machine.actions.rollback import (
    NOTHING_WOULD_CHANGE,
    done_before,
    left_out,
    manifest_text,
    plan_of,
    prepare_rollback,
    refuse_unready,
    remarks,
    rollback_of,
    under_way,
    would_be_idle,
)
from release_machine.deployment.session import Session
from release_machine.errors import UsageError
from release_machine.interrupts import starting
from release_machine.terminal.asking import require_yes, yes_option
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import follow_from_opening
from release_machine.terminal.forms import Form, json_option
from release_machine.terminal.output import write_file
from release_machine.terminal.release_argument import named, release_argument
from release_machine.validation.manifest_file import STANDARD_INPUT
from release_machine.views.json_calls import CallEnd, State
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
    help="Also roll back pipelines that a later release has run, a release again, or although "
    "nothing would change.",
)
@click.option(
    "--over",
    multiple=True,
    metavar="EXECUTION",
    help="Also roll back this execution, which no release started; repeat it for several.",
)
@click.option("--wait", is_flag=True, help="Wait for pipelines that other releases hold.")
@click.option("--detach", is_flag=True, help="Return as soon as the rollback is opened.")
@yes_option
@json_option
def command(
    release_id: str,
    *,
    file: str | None,
    form: Form,
    **options: Any,
) -> None:
    """Ship the previous good revisions again, and follow the rollback.

    A rollback is a release of its own. Each pipeline that RELEASE has changed runs again, in
    reverse order, with the revisions and variables that were live before RELEASE, also if they were
    shipped outside a release. Pipelines that did not run or changed nothing stay as they are, and
    so do pipelines without an earlier success, which are named. Pipelines that a later release has
    run are rolled back only with --force. Pipelines that were started outside a release since are
    rolled back only with --over. On a terminal you are asked. If all of it is live already, nothing
    is started, unless you give --force.

    \b
    Examples:
      release-machine rollback 2026.11.22-1 --dry-run
      release-machine rollback 2026.11.22-1
      release-machine rollback 2026.11.22-1 --manifest rollback.json
    """
    with form.refusals():
        if file is not None and form.for_programs:
            raise UsageError(
                "--manifest only writes a manifest, so it takes no --json.", "Leave --json out."
            )
        session, how = open_session(click.get_current_context()), _How(**options)
        changes = file is None and not how.dry_run
        name = named(
            session,
            release_id,
            changes=changes,
            asks=True,
            yes=how.yes,
            on_stderr=form.for_programs,
        )
        found = known_release(session, name).release_id
        # Race: another person rolls the release back. The id is chosen first: then that rollback
        # either has the same id, or is found in the release.
        rollback_id = free_id(session.ledger, found)
        release = known_release(session, found)
        if file is not None:
            _write(_rollback_of(session, release, rollback_id, how), file)
        else:
            _roll_back(session, release, rollback_id, how, form=form)


class _How(NamedTuple):
    """How the person wants it: the options of the command."""

    dry_run: bool
    force: bool
    over: tuple[str, ...]
    wait: bool
    detach: bool
    yes: bool


def _roll_back(
    session: Session, release: Release, rollback_id: str, how: _How, *, form: Form
) -> None:
    if release.rolled_back_by and not (how.dry_run or how.force):
        done = done_before(release, session.ledger.get_release(release.rolled_back_by))
        if done:
            more = "--dry-run tells which pipelines it did not roll back, --force rolls back again"
            form.say(f"{done}. {more}")
            form.end(CallEnd(state=State.UNCHANGED, release_id=release.rolled_back_by))
            return
    announced = release.awaits_rollback and not (how.dry_run or how.force)
    if announced and may_come(session, release, wait=time.sleep):
        raise under_way(release)
    rollback = _rollback_of(session, release, rollback_id, how)
    plan = _check(session, release, rollback, how, form=form)
    if would_be_idle(rollback, force=how.force):
        form.say(NOTHING_WOULD_CHANGE)
        form.end(_planned(rollback, plan, State.UNCHANGED))
    elif how.dry_run:
        form.end(_planned(rollback, plan, State.PLANNED))
    else:
        _start(session, rollback, how, form)


def _planned(rollback: Rollback, plan: Plan, state: State) -> CallEnd:
    more = {"plan": plan.as_json(), "leftOut": left_out(rollback)}
    return CallEnd(state=state, release_id=rollback.rollback_id, more=more)


def _rollback_of(session: Session, release: Release, rollback_id: str, how: _How) -> Rollback:
    return rollback_of(
        session, release, rollback_id=rollback_id, force=how.force, over=how.over, wait=how.wait
    )


def _write(rollback: Rollback, file: str) -> None:
    text = manifest_text(rollback)
    for line in rollback.omissions:
        click.echo(f"left out {line.removeprefix('- ')}", err=True)
    if file == STANDARD_INPUT:
        sys.stdout.write(text)
        return
    write_file(file, text)
    click.echo(f"wrote {file}; check it with: release-machine plan {file}", err=True)


def _check(
    session: Session, release: Release, rollback: Rollback, how: _How, *, form: Form
) -> Plan:
    """Show what would happen; raises OperatorError when the rollback cannot be started."""
    plan = plan_of(session, rollback)
    refused = "refused without --over" if rollback.foreign else None
    if rollback.conflicts and not how.force:
        refused = "refused without --force"
    idle = would_be_idle(rollback, force=how.force)
    form.draw(
        lambda width: [
            plan_view(plan.as_json(), width=width, refused=refused, idle=idle),
            *remarks(rollback, release),
        ]
    )
    refuse_unready(plan, rollback, force=how.force, over=how.over)
    return plan


def _start(session: Session, rollback: Rollback, how: _How, form: Form) -> NoReturn:
    question = f"Roll back release {rollback.release_id} of {session.deployment.place}?"
    require_yes(question, yes=how.yes, on_stderr=form.for_programs)
    start = prepare_rollback(session, rollback, over=how.over)
    form.about(release_id=rollback.rollback_id)
    with starting():
        with form.changing():
            arn = start()
        follow_from_opening(
            session,
            arn,
            pipelines=list(rollback.wanted),
            detach=how.detach,
            form=form,
        )
