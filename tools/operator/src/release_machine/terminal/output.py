"""The console that a command writes to: how wide it is, and whether it can be redrawn."""

from datetime import UTC, datetime

import click
from rich.console import Console, RenderableType

from release_machine.text.printable import in_one_line
from release_machine.text.wording import clock_time

# Wide enough that a pipe cuts nothing short.
PIPED_WIDTH = 200


def draws_in_place(console: Console) -> bool:
    """Whether what was drawn can be drawn over."""
    # FORCE_COLOR makes rich take the log of a job for a terminal; TERM=dumb is one that cannot.
    return console.is_interactive and console.file.isatty()


def open_console() -> Console:
    """The terminal, or a pipe with room for everything."""
    # What others wrote in brackets or between colons is text.
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    return console


def show(console: Console, *parts: RenderableType) -> None:
    """Draw once."""
    with console.capture() as drawn:
        console.print(*parts, sep="\n")
    # rich fills each row of a table to its full width.
    click.echo("\n".join(row.rstrip() for row in drawn.get().rstrip("\n").split("\n")))


def tell(fact: str, *, aside: bool = False) -> None:
    """Say one fact with its time, or say it aside, on the standard error."""
    click.echo(f"{clock_time(now())} {in_one_line(fact)}", err=aside)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
