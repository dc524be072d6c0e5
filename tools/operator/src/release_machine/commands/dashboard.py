"""``dashboard``: pages on this machine that show what the release machine does now."""

import os
import sys
import traceback
import webbrowser
from functools import partial

import click

from release_machine.entry import DEBUG
from release_machine.errors import UsageError
from release_machine.exit_codes import code_of
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.output import tell

_EXTRA = {"starlette", "uvicorn"}
_HIGHEST_PORT = 65_535


@click.command("dashboard", cls=AwsCommand)
@click.option(
    "--port",
    type=click.IntRange(0, _HIGHEST_PORT),
    default=0,
    help="The port on this machine; default: any free one.",
)
@click.option(
    "--allow-actions",
    is_flag=True,
    help="Also approve, reject, cancel, retry and roll back; each asks first.",
)
@click.option("--open", "opens", is_flag=True, help="Open the link in your browser.")
@click.pass_context
def command(context: click.Context, *, port: int, allow_actions: bool, opens: bool) -> None:
    """Show what the release machine does now, on pages in your browser.

    The pages are served on 127.0.0.1 only, with your credentials, until Ctrl-C. They show what is
    live, what runs and waits, each release down to stage and action, what waits for people, the
    history and the DORA metrics. They only read, unless --allow-actions is given. The link lets one
    browser in, once; then a terminal shows the next link.

    \b
    Examples:
      release-machine dashboard
      release-machine dashboard --port 8800 --open
      release-machine dashboard --allow-actions
    """
    try:
        # Slow to load, and not always installed.
        from release_machine.dashboard import opening, running  # noqa: PLC0415
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA:
            raise
        raise UsageError(
            f"The dashboard needs {package}, which is not installed.",
            "Install the command with its extra: pipx install --force "
            "'release-machine-operator[dashboard]'; or from a clone of the repository: "
            "uv tool install './tools/operator[dashboard]'.",
        ) from error

    browser = opening.Opening(
        webbrowser.open, missing=lambda: tell("no browser was found: open the link yourself")
    )

    def opened(link: str) -> None:
        click.echo(link)
        if opens:
            # No program says whether the browser could read the file.
            tell("opening a browser; if no page appears, open the link yourself")
            browser.open(link)

    def entered(link: str) -> None:
        browser.close()
        # A file or a pipe keeps what it gets: a link that works does not go there unasked.
        another = link if sys.stdout.isatty() else "start the dashboard again"
        tell(f"a browser was let in; for another: {another}")

    try:
        running.run(
            partial(open_session, context),
            port=port,
            allows_actions=allow_actions,
            tell=tell,
            opened=opened,
            entered=entered,
            report=_report,
        )
    except KeyboardInterrupt as interrupt:
        click.echo("The dashboard has ended; releases continue.", err=True)
        sys.exit(code_of(interrupt))
    finally:
        browser.close()


def _report(error: Exception) -> None:
    """Print a fault; with the variable for faults all of it."""
    if os.environ.get(DEBUG):
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    else:
        said = " ".join(str(error).split())
        click.echo(f"A fault of this command: {type(error).__name__}: {said}", err=True)
