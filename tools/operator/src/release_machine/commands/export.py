"""``export``: all records, as JSON lines."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from release_core.clock import from_zoned_iso, now
from release_machine.errors import UsageError
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.views.export_lines import export_lines

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_STDOUT = "-"


@click.command("export", cls=AwsCommand)
@click.option(
    "--output",
    metavar="FILE",
    default=_STDOUT,
    show_default=True,
    help="The file to write; - is the standard output.",
)
@click.option(
    "--since",
    metavar="TIME",
    help="Only what was opened, or has changed, since then: 2026-11-22T18:00:00Z.",
)
@click.pass_context
def command(context: click.Context, *, output: str, since: str | None) -> None:
    """Write all records as JSON lines.

    One line for each release, execution, pipeline and freeze. No line has a task token or the value
    of a variable. The last line has the counts: an export without it is not complete. FILE gets its
    name when the export is complete; before that it is FILE.part.

    \b
    Examples:
      release-machine export --output records.jsonl
      release-machine export --since 2026-11-01T00:00:00Z --output november.jsonl
      release-machine export | jq -r 'select(.record == "release") | .releaseId'
    """
    session = open_session(context)
    lines = export_lines(
        session.records,
        deployment=session.deployment.state_machine_arn,
        since=_moment(since) if since else _BEGINNING,
        at=now(),
    )
    if output == _STDOUT:
        for line in lines:
            click.echo(line)
    else:
        _write(lines, Path(output))
        click.echo(f"wrote {output}")


def _write(lines: Iterable[str], path: Path) -> None:
    """Write the lines to a file that gets its name at the end.

    Raises UsageError when that is not possible.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", "Choose another file."
        ) from error


def _moment(text: str) -> datetime:
    try:
        return from_zoned_iso(text)
    except ValueError as error:
        raise UsageError(
            f"--since {text}: {error}.", "Write it like 2026-11-22T18:00:00Z."
        ) from error
