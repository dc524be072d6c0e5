"""The console that a command writes to, and lines with the time."""

import sys
from pathlib import Path

import click
from rich.console import Console, RenderableType

from release_core.clock import now
from release_machine.errors import UsageError
from release_machine.text.printable import in_one_line
from release_machine.text.wording import clock_time, second_of_day

# Wide enough that nothing is shortened in a pipe.
PIPED_WIDTH = 200


def draws_in_place(console: Console) -> bool:
    """Whether the console can be redrawn in place."""
    # With FORCE_COLOR rich takes a log for a terminal; a terminal with TERM=dumb cannot redraw.
    return console.is_interactive and console.file.isatty()


def open_console(*, on_stderr: bool = False) -> Console:
    """A console for the terminal, or for a pipe with room for everything."""
    # Brackets and colons in texts from AWS or a manifest are not markup.
    console = Console(highlight=False, markup=False, emoji=False, stderr=on_stderr)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    return console


def show(console: Console, *parts: RenderableType) -> None:
    """Print these parts once."""
    with console.capture() as drawn:
        console.print(*parts, sep="\n")
    # rich pads each row of a table to its full width.
    rows = drawn.get().rstrip("\n").split("\n")
    click.echo("\n".join(row.rstrip() for row in rows), err=console.stderr)


def tell(fact: str, *, on_stderr: bool = False) -> None:
    """Print one line that begins with the time; only in a pipe, which may be kept, with the day."""
    out = sys.stderr if on_stderr else sys.stdout
    at = (second_of_day if out.isatty() else clock_time)(now())
    click.echo(f"{at} {in_one_line(fact)}", err=on_stderr)


def write_file(path: str, text: str) -> None:
    """Write a text to a file; raises UsageError when that is not possible."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", "Choose another file."
        ) from error
