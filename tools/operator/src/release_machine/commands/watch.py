"""``watch``: follow a release in a live view, as lines or as JSON."""

import time

import click

from release_core.domain.release import ReleaseStatus
from release_machine.actions.automatic_rollback import announced_by, await_rollback
from release_machine.actions.cancel import refuse_ended
from release_machine.actions.find import find_release
from release_machine.follow.opening import Rejected
from release_machine.release.remedies import watch_command
from release_machine.release.requested_release import requested_release
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import (
    follow_and_exit,
    follow_from_opening,
    rejected,
    watching,
)
from release_machine.terminal.forms import AsEvents, Form
from release_machine.terminal.release_argument import named, release_argument


@click.command("watch", cls=AwsCommand)
@release_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line and event.")
@click.pass_context
def command(context: click.Context, release_id: str, *, as_json: bool) -> None:
    """Follow a release to its end.

    RELEASE is the id of a release or of an announced rollback; for a release that is not opened
    yet, also the name or ARN of its execution. If every manifest with that id was rejected, the
    last rejection is shown. A terminal shows a live view; a pipe gets one line for each change. The
    exit code is the outcome: 0 released, 1 not released. Ctrl-C stops watching; the release
    continues.

    \b
    Examples:
      release-machine watch 2026.11.22-1
      release-machine watch 2026.11.22-1 | tee release.log
      release-machine watch 2026.11.22-1 --json | jq -c 'select(.event == "pipelineMoved")'
    """
    session, form = open_session(context), AsEvents() if as_json else Form()
    given, release_id = release_id, named(session, release_id)
    found, execution_arn = find_release(session, release_id)
    if found is None or found.pending:
        failed = None if found else announced_by(session, release_id)
        if failed:
            with watching(f"the rollback continues. Follow it again: {watch_command(release_id)}"):
                execution_arn = await_rollback(session, failed, wait=time.sleep)
        else:
            refuse_ended(execution_arn, sfn=session.sfn)
        requested = requested_release(
            execution_arn, sfn=session.sfn, s3=session.s3, ledger=session.ledger
        )
        follow_from_opening(session, execution_arn, pipelines=requested.pipelines, form=form)
    if found.status is ReleaseStatus.REJECTED:
        rejection = Rejected.of(found)
        form.answered(rejection)
        by_id = given if given == found.requested_id else None
        raise rejected(session, rejection, execution_arn, form=form, as_last_of=by_id)
    follow_and_exit(session, found.release_id, form=form)
