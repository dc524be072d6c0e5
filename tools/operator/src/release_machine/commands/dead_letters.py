"""``dead-letters``: the events that were given up."""

from collections.abc import Sequence

import click

from release_machine.actions.dead_letters import Replay, find_letters, releases_of
from release_machine.deployment.dead_letter_queues import DeadLetterQueues, InQueue
from release_machine.deployment.session import Session
from release_machine.errors import UsageError
from release_machine.release.dead_letters import DeadLetter
from release_machine.terminal import asking
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.output import open_console, show, tell
from release_machine.views.dead_letters_view import (
    Shown,
    letter_document,
    letter_whole,
    letters_list,
    whole_document,
)
from release_machine.views.json_output import write

ACTIONS = ("list", "show", "replay", "delete")
MOST = 1000


@click.command("dead-letters", cls=AwsCommand)
@click.argument("action", type=click.Choice(ACTIONS), default="list")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Replay or delete every message.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@click.option(
    "--limit",
    type=click.IntRange(1, MOST),
    default=100,
    show_default=True,
    help="The number of messages to read of each queue.",
)
@click.option("--json", "as_json", is_flag=True, help="Print list and show as a JSON array.")
@click.pass_context
def command(
    context: click.Context,
    action: str,
    ids: tuple[str, ...],
    *,
    every: bool,
    yes: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List, show, replay or delete the events that were given up.

    EventBridge gives an event up that it could not deliver within a day, and at once if it may not
    call the target or the target is gone; a function one on which it failed three times. Each is
    kept in a dead-letter queue for 14 days. ID is the id of a message, or the beginning of it.

    replay sends an event again to the function that it was meant for, then deletes the message. It
    is safe to repeat. The event of an uploaded manifest starts its release now, so --all leaves it
    out: name it by its id.

    \b
    Examples:
      release-machine dead-letters
      release-machine dead-letters show 1a2b3c4d
      release-machine dead-letters replay 1a2b3c4d
      release-machine dead-letters replay --all
      release-machine dead-letters delete 1a2b3c4d
    """
    _check(action, ids, every=every, yes=yes, as_json=as_json)
    session = open_session(context)
    queues = DeadLetterQueues(session.client("sqs"), name_prefix=session.deployment.name_prefix)
    with queues.reading(limit) as read:
        letters = sorted(
            (letter for queue in read for letter in queue.letters), key=lambda each: each.since
        )
        unread = any(queue.more for queue in read)
        chosen = find_letters(letters, ids, unread=unread) if ids else letters
        match action:
            case "replay":
                _replay(session, queues, chosen, every=every)
            case "delete":
                _delete(queues, chosen, yes=yes)
            case _:
                _show(session, chosen, whole=action == "show", as_json=as_json)
    if not ids and not as_json:
        for queue in read:
            _tell_what_is_left(queue, limit)


def _check(action: str, ids: Sequence[str], *, every: bool, yes: bool, as_json: bool) -> None:
    """Raise UsageError for ids and options that do not belong to the action."""
    help_ = "See: release-machine dead-letters --help"
    if any(not each for each in ids):
        raise UsageError("ID is empty.", "List the messages with: release-machine dead-letters")
    if action == "list" and ids:
        raise UsageError(
            "list takes no ID.", f"Show one with: release-machine dead-letters show {ids[0]}"
        )
    if action in {"list", "show"} and (every or yes):
        raise UsageError(f"{action} takes neither --all nor --yes.", help_)
    if action in {"replay", "delete"} and as_json:
        raise UsageError(f"{action} takes no --json.", help_)
    if action == "replay" and yes:
        raise UsageError("replay does not ask, so it takes no --yes.", help_)
    if every and ids:
        raise UsageError("--all and ID both choose messages.", "Give only one of them.")
    if action != "list" and not every and not ids:
        what = "ID" if action == "show" else "ID or --all"
        raise UsageError(
            f"{action} needs {what}.", "List the messages with: release-machine dead-letters"
        )


def _show(session: Session, letters: Sequence[DeadLetter], *, whole: bool, as_json: bool) -> None:
    releases = releases_of(letters, session.ledger)
    shown = [Shown(letter=each, release_id=releases.get(each.id)) for each in letters]
    if as_json:
        write([(whole_document if whole else letter_document)(each) for each in shown])
    elif whole:
        for each in shown:
            show(open_console(), letter_whole(each))
    elif shown:
        show(open_console(), letters_list(shown))
    else:
        click.echo("the dead-letter queues are empty")


def _replay(
    session: Session,
    queues: DeadLetterQueues,
    letters: Sequence[DeadLetter],
    *,
    every: bool,
) -> None:
    replay = Replay(session.deployment, functions=session.client("lambda"), sfn=session.sfn)
    if not letters:
        click.echo("the dead-letter queues are empty")
    for letter in letters:
        if every and letter.left_out:
            tell(f"{letter.id} left out: {letter.left_out}")
            continue
        done = replay(letter)
        queues.delete(letter)
        tell(f"{letter.id} {done}")


def _delete(queues: DeadLetterQueues, letters: Sequence[DeadLetter], *, yes: bool) -> None:
    if not letters:
        click.echo("the dead-letter queues are empty")
        return
    if not yes:
        _confirm(letters)
    for letter in letters:
        queues.delete(letter)
        tell(f"{letter.id} deleted: {letter.kind}")


def _confirm(letters: Sequence[DeadLetter]) -> None:
    if not asking.is_terminal():
        raise UsageError(
            "Nothing was deleted: delete asks, and standard input or output is not a terminal.",
            "Look at the messages first, then give --yes.",
        )
    for letter in letters:
        tell(f"{letter.id} {letter.queue.name}: {letter.kind}")
    count = "this event" if len(letters) == 1 else f"these {len(letters)} events"
    click.confirm(f"Delete {count} for good?", abort=True)


def _tell_what_is_left(read: InQueue, limit: int) -> None:
    if read.more:
        wider = min(MOST, limit * 10)
        way = f"read them with --limit {wider}" if wider > limit else "replay or delete these first"
        click.echo(f"{read.queue.name} has about {read.more} more: {way}")
    if read.elsewhere:
        click.echo(
            f"{read.queue.name} has about {read.elsewhere} more that somebody else reads: "
            "try again in a minute"
        )
