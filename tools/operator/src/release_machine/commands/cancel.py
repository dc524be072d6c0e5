"""``cancel``: stop a running release."""

import click

from release_core.domain.release import Release, ReleaseStatus
from release_machine.actions.cancel import (
    refuse_unstoppable,
    stop_execution,
    summary,
    would_do,
)
from release_machine.actions.find import find_release
from release_machine.deployment.session import Session
from release_machine.errors import OperatorError
from release_machine.release.approvals import for_people
from release_machine.release.remedies import still_stopping
from release_machine.terminal.asking import require_yes, will_ask, yes_option
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_any
from release_machine.terminal.following import call_end, follow_to_end
from release_machine.terminal.forms import Form, json_option
from release_machine.terminal.release_argument import named, release_argument
from release_machine.text.printable import in_one_line
from release_machine.views.json_calls import CallEnd, State


@click.command("cancel", cls=AwsCommand)
@release_argument
@click.option("--reason", callback=read_any, help="The reason, for the release's record.")
@yes_option
@json_option
@click.pass_context
def command(
    context: click.Context, release_id: str, *, reason: str | None, yes: bool, form: Form
) -> None:
    """Stop a running release.

    Its waiting pipelines are skipped, its running pipelines are stopped. On a terminal they are
    shown, and you are asked. RELEASE is the id of a release, also of one that waits to be opened,
    or the name or ARN of its execution.

    \b
    Examples:
      release-machine cancel 2026.11.22-1
      release-machine cancel 2026.11.22-1 --reason "wrong build" --yes
    """
    with form.refusals():
        session = open_session(context)
        name = named(
            session,
            release_id,
            changes=True,
            asks=True,
            yes=yes,
            on_stderr=form.for_programs,
        )
        found, arn = find_release(session, name)
        is_stopped = found is not None and found.status is ReleaseStatus.CANCELLED
        if found and is_stopped:
            why = for_people(found.why or "")
            form.say(f"release {found.release_id} is already CANCELLED: {why}")
        else:
            refuse_unstoppable(found, arn, sfn=session.sfn)
            if will_ask(yes=yes, on_stderr=form.for_programs):
                _confirm(session, found, arn, form)
            caller = session.caller
            form.about(execution_arn=arn, release_id=found.release_id if found else None)
            with form.changing():
                stop_execution(arn, caller=caller, reason=reason, sfn=session.sfn)
            form.say(f"stopped {arn} as {caller}")
        # The execution may have opened its release just before it was stopped.
        known = None if found and found.pending else found
        opened = known.release_id if known else session.ledger.release_opened_by(arn)
        if opened is None:
            form.say("it had not opened a release; nothing is running")
            waited = found.release_id if found else None
            form.end(CallEnd(state=State.WITHDRAWN, execution_arn=arn, release_id=waited))
            return
        ended = (
            known
            if known and known.over
            else follow_to_end(session, opened, what="the stop", form=form)
        )
        _tell(session, ended, state=State.UNCHANGED if is_stopped else None, form=form)


def _confirm(session: Session, found: Release | None, arn: str, form: Form) -> None:
    for line in would_do(found, arn):
        click.echo(in_one_line(line), err=form.for_programs)
    what = f"release {found.release_id}" if found else f"execution {arn.rpartition(':')[2]}"
    question = f"Stop {what} of {session.deployment.place}?"
    require_yes(question, on_stderr=form.for_programs)


def _tell(session: Session, ended: Release, *, state: State | None, form: Form) -> None:
    """Tell how the release ended; raises OperatorError when the stop came too late."""
    for line in summary(ended):
        form.say(line)
    form.end(call_end(session, ended, state=state, next_steps=list(still_stopping(ended))))
    if ended.status is not ReleaseStatus.CANCELLED:
        raise OperatorError(
            f"Release {ended.release_id} was already {ended.status} when the stop arrived.",
            f"See details with: release-machine show {ended.release_id}",
        )
