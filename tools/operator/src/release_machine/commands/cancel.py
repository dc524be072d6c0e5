"""``cancel``: stop a release that runs."""

import click

from release_core.domain.release import ReleaseStatus
from release_machine.actions.cancel import refuse_unstoppable, stop_execution, summary
from release_machine.actions.find import find_release
from release_machine.errors import OperatorError
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import follow_to_end
from release_machine.terminal.output import tell
from release_machine.terminal.release_argument import release_argument


@click.command("cancel", cls=AwsCommand)
@release_argument
@click.option("--reason", help="Why; it becomes part of the release's record.")
@click.pass_context
def command(context: click.Context, release_id: str, *, reason: str | None) -> None:
    """Stop a release that runs.

    Its waiting pipelines are skipped, its running ones stopped. RELEASE is a release's id, or the
    execution (name or ARN) of one that waits to be opened.

    \b
    Examples:
      release-machine cancel 2026.11.22-1
      release-machine cancel 2026.11.22-1 --reason "wrong build"
    """
    session = open_session(context)
    found, arn = find_release(session, release_id)
    if found and found.status is ReleaseStatus.CANCELLED:
        tell(f"release {found.release_id} is CANCELLED already: {found.why}")
    else:
        refuse_unstoppable(found, arn, sfn=session.sfn)
        stop_execution(arn, caller=session.caller, reason=reason, sfn=session.sfn)
        tell(f"stopped {arn} as {session.caller}")
    # One that was about to open its release may have done so first.
    opened = found.release_id if found else session.ledger.release_opened_by(arn)
    if opened is None:
        tell("it had opened no release; nothing of it runs")
        return
    ended = found if found and found.over else follow_to_end(session, opened, what="the stop")
    for line in summary(ended):
        tell(line)
    if ended.status is not ReleaseStatus.CANCELLED:
        raise OperatorError(
            f"Release {opened} was {ended.status} before the stop could reach it.",
            f"See it with: release-machine show {opened}",
        )
