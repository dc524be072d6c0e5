"""``watch``: follow a release, live on a terminal, as lines or JSON in a pipe."""

import sys
import time

import click

from release_core.domain.release import ReleaseStatus
from release_machine.actions.automatic_rollback import announced_by, await_rollback
from release_machine.actions.cancel import refuse_ended
from release_machine.actions.find import find_release
from release_machine.actions.requested_release import requested_release
from release_machine.follow.opening import Rejected
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import (
    follow_and_exit,
    follow_from_opening,
    going_on,
    rejected,
    watch_command,
)
from release_machine.terminal.release_argument import release_argument
from release_machine.views.json_events import JsonView


@click.command("watch", cls=AwsCommand)
@release_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line and event.")
@click.pass_context
def command(context: click.Context, release_id: str, *, as_json: bool) -> None:
    """Follow a release to its end, whoever started it.

    RELEASE is the id of a release, or of a rollback that a failed release has announced, or the
    execution (name or ARN) that opens one. On a terminal the view is live; in a pipe each change is
    one line. The exit code is the outcome: 0 released, 1 not released. Ctrl-C ends the looking, not
    the release.

    \b
    Examples:
      release-machine watch 2026.11.22-1
      release-machine watch 2026.11.22-1 | tee release.log
      release-machine watch 2026.11.22-1 --json | jq -c 'select(.event == "pipelineMoved")'
    """
    session = open_session(context)
    found, execution_arn = find_release(session, release_id)
    if found is None:
        failed = announced_by(session, release_id)
        if failed:
            with going_on(f"its rollback goes on. Follow it again: {watch_command(release_id)}"):
                execution_arn = await_rollback(session, failed, wait=time.sleep)
        else:
            refuse_ended(execution_arn, sfn=session.sfn)
        requested = requested_release(
            execution_arn, sfn=session.sfn, s3=session.s3, ledger=session.ledger
        )
        follow_from_opening(session, execution_arn, pipelines=requested.pipelines, as_json=as_json)
    if found.status is ReleaseStatus.REJECTED:
        rejection = Rejected.of(found)
        if as_json:
            JsonView(sys.stdout).answer(rejection)
        raise rejected(session, rejection, execution_arn)
    follow_and_exit(session, found.release_id, as_json=as_json)
