"""The command line: reads options, wires the parts, turns outcomes into exit codes."""

import functools
import re
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click

from operator_cli.aws_problems import explained
from operator_cli.busy import pipeline_names
from operator_cli.cancelling import refuse_unstoppable, stop_execution, summary
from operator_cli.errors import OperatorError, UsageError
from operator_cli.following import (
    INTERRUPTED,
    follow_and_exit,
    follow_from_opening,
    follow_to_end,
    going_on,
    now,
    open_console,
    show,
    tell,
)
from operator_cli.function_logs import readable
from operator_cli.model import CANCELLED, SUCCEEDED, Release
from operator_cli.observer import unknown_release
from operator_cli.pipeline_rows import pipeline_table
from operator_cli.retrying import (
    read_deadline,
    refuse_unretriable,
    resuming_manifest,
    start_attempt,
)
from operator_cli.session import Session
from operator_cli.submission import ExecutionFinder, drop_manifest, read_manifest
from operator_cli.tables import attempts_table, audit_table, release_header, release_table

TERMINATED = 143
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
    tell(f"dropped {drop.address}")
    with going_on("the release goes on. It starts by itself; see it with: release-machine status"):
        arn = finder.await_execution(drop, wait=time.sleep, clock=now)
    follow_from_opening(session, arn, pipelines=pipeline_names(content))


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
    console = open_console()
    if release_id is None:
        if go_on:
            raise UsageError("--follow needs a release.", "release-machine status --follow RELEASE")
        show(console, release_table(session.ledger.latest(limit), now=now()))
        return
    if go_on:
        follow_and_exit(session, release_id)
    found, _ = _release_or_execution(session, release_id)
    if found is None:
        raise unknown_release(release_id)
    parts = [release_header(found, now=now())]
    if found.pipelines:
        activity = session.activity.read(found.pipelines)
        parts += [pipeline_table(found, now=now(), activity=activity, width=console.width), ""]
    if found.attempts:
        parts += [attempts_table(found), ""]
    show(console, *parts, audit_table(found))


@cli.command()
@click.argument("release_id", metavar="RELEASE")
@click.option("--reason", help="Why; it becomes part of the release's record.")
@click.pass_obj
@_reported
def cancel(open_session: Callable[[], Session], release_id: str, reason: str | None) -> None:
    """Stop a release that runs: its waiting pipelines are skipped, its running ones stopped.

    RELEASE is a release's id, or the execution (name or ARN) of one that waits to be opened.
    """
    session = open_session()
    found, arn = _release_or_execution(session, release_id)
    if found and found.status == CANCELLED:
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
    if found and found.over:
        ended = found
    else:
        with going_on(f"the stop goes on. Follow it: release-machine status --follow {opened}"):
            ended = follow_to_end(session, opened)
    for line in summary(ended):
        tell(line)
    if ended.status != CANCELLED:
        raise OperatorError(
            f"Release {opened} was {ended.status} before the stop could reach it.",
            f"See it with: release-machine status {opened}",
        )


@cli.command()
@click.argument("release_id", metavar="RELEASE")
@click.option("--deadline", help="A new deadline, with its time zone: 2026-11-22T18:00:00Z.")
@click.option("--wait", is_flag=True, help="Wait for pipelines that another release holds.")
@click.pass_obj
@_reported
def retry(
    open_session: Callable[[], Session], release_id: str, *, deadline: str | None, wait: bool
) -> None:
    """Run again what did not succeed in RELEASE, as its next attempt, and follow it."""
    new_deadline = read_deadline(deadline) if deadline else None
    session = open_session()
    found = session.ledger.release(release_id)
    if found is None:
        raise unknown_release(release_id)
    if found.status == SUCCEEDED:
        tell(f"release {release_id} has SUCCEEDED; nothing is left to run")
        return
    refuse_unretriable(found)
    stored = session.ledger.manifest(release_id)
    if stored is None:
        raise OperatorError(
            f"The ledger holds no manifest of release {release_id}: it was never wholly opened.",
            "Give its manifest a new releaseId and release it.",
        )
    manifest, dropped = resuming_manifest(stored, deadline=new_deadline, now=now())
    if dropped:
        tell(f"the deadline {dropped} has passed and is left out; --deadline gives a new one")
    arn = start_attempt(
        {**manifest, "onBusy": "wait"} if wait else manifest,
        state_machine_arn=session.deployment.state_machine_arn,
        caller=session.caller,
        sfn=session.sfn,
    )
    follow_from_opening(session, arn, pipelines=pipeline_names(stored))


@cli.command()
@click.option("--since", default="10m", show_default=True, help="How far back: 90s, 10m, 2h, 1d.")
@click.option("--follow", "go_on", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.pass_obj
@_reported
def logs(open_session: Callable[[], Session], since: str, *, go_on: bool) -> None:
    """Show what the functions logged."""
    begin = now() - _period(since)
    reader = open_session().logs
    for line in reader.tail(begin, wait=time.sleep) if go_on else reader.read(begin):
        text = readable(line)
        if text is not None:
            click.echo(text)


def _release_or_execution(session: Session, name: str) -> tuple[Release | None, str]:
    """The release of that id, or that the execution of that name opened, and its execution."""
    found = session.ledger.release(name)
    if found is None:
        arn = session.deployment.execution_arn(name)
        opened = session.ledger.release_opened_by(arn)
        found = session.ledger.release(opened or arn)
        return found, arn
    return found, found.execution_arn or name


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
