"""``watch``: follow a release, live on a terminal, as lines or JSON in a pipe."""

import click

from operator_cli.aws_command import AwsCommand, open_session
from operator_cli.cancelling import refuse_ended
from operator_cli.finding import find_release
from operator_cli.following import follow_and_exit, follow_from_opening
from operator_cli.release_argument import release_argument


@click.command("watch", cls=AwsCommand)
@release_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line and event.")
@click.pass_context
def command(context: click.Context, release_id: str, *, as_json: bool) -> None:
    """Follow a release to its end, whoever started it.

    RELEASE is a release's id, or the execution (name or ARN) that opens it. On a terminal the view
    is live; in a pipe each change is one line. The exit code is the outcome: 0 released, 1 not
    released. Ctrl-C ends the looking, not the release.

    \b
    Examples:
      release-machine watch 2026.11.22-1
      release-machine watch 2026.11.22-1 | tee release.log
      release-machine watch 2026.11.22-1 --json | jq -c 'select(.event == "pipelineMoved")'
    """
    session = open_session(context)
    found, execution_arn = find_release(session, release_id)
    if found is None:
        refuse_ended(execution_arn, sfn=session.sfn)
        follow_from_opening(session, execution_arn, pipelines=(), as_json=as_json)
    follow_and_exit(session, found.release_id, as_json=as_json)
