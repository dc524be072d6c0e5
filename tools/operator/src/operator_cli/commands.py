"""The command line: reads options, wires the parts, turns outcomes into exit codes."""

import functools
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console, RenderableType

from operator_cli.aws_problems import explained
from operator_cli.errors import OperatorError, UsageError
from operator_cli.follow import Sink, follow
from operator_cli.function_logs import readable
from operator_cli.live import LiveView
from operator_cli.model import SUCCEEDED, Release
from operator_cli.observer import ReleaseObserver, unknown_release
from operator_cli.opening import AlreadyReleased, Rejected, await_opening
from operator_cli.plain import PlainView
from operator_cli.session import Session
from operator_cli.submission import ExecutionFinder, drop_manifest, read_manifest
from operator_cli.tables import audit_table, pipeline_table, release_header, release_table
from operator_cli.wording import clock_time

RELEASED, NOT_RELEASED, INTERRUPTED, TERMINATED = 0, 1, 130, 143
# Wide enough that a pipe cuts nothing short.
PIPED_WIDTH = 200
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _reported[**P](command: Callable[P, None]) -> Callable[P, None]:
    """Say expected problems in two lines and exit with their code."""

    @functools.wraps(command)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with explained():
                command(*args, **kwargs)
        except OperatorError as error:
            click.echo(f"{error.problem}\n{error.next_step}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return reporting


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--outputs",
    type=click.Path(path_type=Path),
    envvar="RELEASE_MACHINE_OUTPUTS",
    help="File with the deployment's `terraform output -json`.",
)
@click.option(
    "--name-prefix",
    default="release-machine",
    show_default=True,
    envvar="RELEASE_MACHINE_NAME_PREFIX",
    help="Where there is no outputs file: the deployment's name, asked of AWS.",
)
@click.pass_context
def cli(context: click.Context, outputs: Path | None, name_prefix: str) -> None:
    """Ship a set of CodePipelines as one release.

    Exit codes: 0 released, 1 not released, 2 wrong usage, 3 AWS cannot be reached.
    """
    context.obj = functools.partial(Session, outputs=outputs, name_prefix=name_prefix)


@cli.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.pass_obj
@_reported
def release(open_session: Callable[[], Session], manifest: Path) -> None:
    """Drop MANIFEST in the manifest bucket and follow the release to its end."""
    content = read_manifest(manifest)
    session = open_session()
    finder = ExecutionFinder(
        sfn=session.sfn, state_machine_arn=session.deployment.state_machine_arn
    )
    drop = drop_manifest(
        content, name=manifest.name, bucket=session.deployment.manifest_bucket, s3=session.s3
    )
    _tell(f"dropped {drop.address}")
    with _going_on("It starts by itself; see it with: release-machine status"):
        arn = finder.await_execution(drop, wait=time.sleep, clock=_now)
        _tell(f"execution {arn}")
        opening = await_opening(arn, sfn=session.sfn, ledger=session.ledger, wait=time.sleep)
    if isinstance(opening, Rejected):
        raise OperatorError(f"Rejected, nothing was started. {opening}", opening.next_step)
    if isinstance(opening, AlreadyReleased):
        _tell(
            f"already released: {manifest} is release {opening.release_id}, run by "
            f"{opening.released_by}; nothing was started now, this is how it stands"
        )
    _follow_and_exit(session, opening.release_id)


@cli.command()
@click.argument("release_id", metavar="[RELEASE]", required=False)
@click.option("--follow", "go_on", is_flag=True, help="Follow RELEASE to its end.")
@click.option("--limit", default=20, show_default=True, help="How many of the latest to list.")
@click.pass_obj
@_reported
def status(
    open_session: Callable[[], Session], release_id: str | None, *, go_on: bool, limit: int
) -> None:
    """List the latest releases, or show one: pipelines, failures, audit.

    RELEASE is a release's id, or the execution (name or ARN) whose manifest was rejected.
    """
    session = open_session()
    console = _console()
    if release_id is None:
        if go_on:
            raise UsageError("--follow needs a release.", "release-machine status --follow RELEASE")
        _show(console, release_table(session.ledger.latest(limit), now=_now()))
        return
    if go_on:
        _follow_and_exit(session, release_id)
    found = session.ledger.release(release_id) or session.ledger.release(
        session.deployment.execution_arn(release_id)
    )
    if found is None:
        raise unknown_release(release_id)
    activity = session.activity.read(found.pipelines)
    parts = [release_header(found, now=_now())]
    if found.pipelines:
        parts += [pipeline_table(found.pipelines, now=_now(), activity=activity), ""]
    _show(console, *parts, audit_table(found))


@cli.command()
@click.option("--since", default="10m", show_default=True, help="How far back: 90s, 10m, 2h, 1d.")
@click.option("--follow", "go_on", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.pass_obj
@_reported
def logs(open_session: Callable[[], Session], since: str, *, go_on: bool) -> None:
    """Show what the functions logged."""
    begin = _now() - _period(since)
    reader = open_session().logs
    for line in reader.tail(begin, wait=time.sleep) if go_on else reader.read(begin):
        text = readable(line)
        if text is not None:
            click.echo(text)


def _follow_and_exit(session: Session, release_id: str) -> None:
    observer = ReleaseObserver(
        release_id, ledger=session.ledger, activity=session.activity, sfn=session.sfn, clock=_now
    )
    with (
        _going_on(f"Follow it again: release-machine status --follow {release_id}"),
        _view() as view,
    ):
        ended = follow(observer.look, sink=view, wait=time.sleep)
    sys.exit(_exit_code(ended))


def _exit_code(ended: Release) -> int:
    return RELEASED if ended.status == SUCCEEDED else NOT_RELEASED


@contextmanager
def _going_on(how_to_see: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Stopped looking; the release goes on. {how_to_see}", err=True)
        sys.exit(INTERRUPTED)


@contextmanager
def _view() -> Iterator[Sink]:
    console = _console()
    if console.is_terminal:
        with LiveView(console, clock=_now) as live:
            yield live
    else:
        yield PlainView(sys.stdout)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def _show(console: Console, *parts: RenderableType) -> None:
    with console.capture() as drawn:
        console.print(*parts, sep="\n")
    # rich fills each row of a table to its full width.
    click.echo("\n".join(row.rstrip() for row in drawn.get().rstrip("\n").split("\n")))


def _tell(fact: str) -> None:
    click.echo(f"{clock_time(_now())} {fact}")


def _now() -> datetime:
    return datetime.now(UTC)


def _period(text: str) -> timedelta:
    given = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if given is None:
        raise UsageError(f"--since {text} is not a period.", "Write it like 90s, 10m, 2h or 1d.")
    return timedelta(**{_UNITS[given[2]]: int(given[1])})


def _terminate(_number: int, _frame: object) -> None:
    # SystemExit unwinds, so the live view restores the cursor.
    sys.exit(TERMINATED)


def main() -> None:
    """Run the command line; the console script's entry."""
    signal.signal(signal.SIGTERM, _terminate)
    cli()
