"""``cancel``: stop a running release."""

import click

from release_core.domain.release import ReleaseStatus
from release_machine.actions.cancel import refuse_unstoppable, stop_execution, summary
from release_machine.actions.find import find_release
from release_machine.errors import OperatorError
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.checked_text import read_any
from release_machine.terminal.following import follow_to_end
from release_machine.terminal.output import tell
from release_machine.terminal.release_argument import release_argument


@click.command("cancel", cls=AwsCommand)
@release_argument
@click.option("--reason", callback=read_any, help="The reason, for the release's record.")
@click.pass_context
def command(context: click.Context, release_id: str, *, reason: str | None) -> None:
    """Stop a running release.

    Its waiting pipelines are skipped, its running pipelines are stopped. RELEASE is the id of a
    release, also of one that waits to be opened, or the name or ARN of its execution.

    \b
    Examples:
      release-machine cancel 2026.11.22-1
      release-machine cancel 2026.11.22-1 --reason "wrong build"
    """
    session = open_session(context)
    found, arn = find_release(session, release_id)
    if found and found.status is ReleaseStatus.CANCELLED:
        tell(f"release {found.release_id} is already CANCELLED: {found.why}")
    else:
        refuse_unstoppable(found, arn, sfn=session.sfn)
        stop_execution(arn, caller=session.caller, reason=reason, sfn=session.sfn)
        tell(f"stopped {arn} as {session.caller}")
    # The execution may have opened its release just before it was stopped.
    known = None if found and found.pending else found
    opened = known.release_id if known else session.ledger.release_opened_by(arn)
    if opened is None:
        tell("it had not opened a release; nothing is running")
        return
    ended = known if known and known.over else follow_to_end(session, opened, what="the stop")
    for line in summary(ended):
        tell(line)
    if ended.status is not ReleaseStatus.CANCELLED:
        raise OperatorError(
            f"Release {opened} was already {ended.status} when the stop arrived.",
            f"See details with: release-machine show {opened}",
        )
