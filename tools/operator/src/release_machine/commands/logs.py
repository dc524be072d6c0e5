"""``logs``: the logs of the functions, and of the actions that failed."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import click
from botocore.exceptions import ClientError

from release_core.clock import now
from release_core.domain.release import Pipeline, Release
from release_machine.actions.find import known_release
from release_machine.deployment.action_logs import ActionLog
from release_machine.deployment.function_logs import Subject, readable
from release_machine.deployment.session import Session
from release_machine.errors import UsageError
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.release_argument import named, optional_release_argument
from release_machine.text.moments import refuse_too_early
from release_machine.text.printable import visible

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_RECENT = timedelta(minutes=10)


@click.command("logs", cls=AwsCommand)
@optional_release_argument
@click.option(
    "--since",
    help="How far back: 90s, 10m, 2h, 1d. Default: 10m; with RELEASE, since it was handed in.",
)
@click.option("--follow", is_flag=True, help="Show new lines until Ctrl-C.")
@click.pass_context
def command(
    context: click.Context, release_id: str | None, *, since: str | None, follow: bool
) -> None:
    """Show the logs of the functions.

    With RELEASE, only the lines about that release, and then the end of the log of each action
    that failed, where AWS keeps one: of builds, commands and functions.

    \b
    Examples:
      release-machine logs
      release-machine logs 2026.11.22-1
      release-machine logs --since 2h
      release-machine logs --follow
    """
    # Judged before anything is read.
    given = None if since is None else now() - _period(since)
    session = open_session(context)
    release = known_release(session, named(session, release_id)) if release_id else None
    begin = given or (release.opened_at if release else now() - _RECENT)
    _show_lines(session, begin, release, follow=follow)
    for log in _action_logs(session, release) if release else ():
        click.echo("\n".join(map(visible, _described(log))))


def _show_lines(
    session: Session, begin: datetime, release: Release | None, *, follow: bool
) -> None:
    reader, about = session.logs, _subject(release) if release else None
    lines = reader.tail(begin, about, wait=time.sleep) if follow else reader.read(begin, about)
    for line in lines:
        text = readable(line)
        if text is not None:
            click.echo(visible(text))


def _subject(release: Release) -> Subject:
    arns = {release.execution_arn, *(each.execution for each in release.attempts)}
    return Subject(release_id=release.release_id, execution_arns=frozenset(filter(None, arns)))


def _action_logs(session: Session, release: Release) -> Iterator[ActionLog]:
    for pipeline in release.pipelines.values():
        if pipeline.failure is None or pipeline.execution_id is None:
            continue
        try:
            yield from session.action_logs.of_failed(pipeline.name, pipeline.execution_id)
        except ClientError as error:
            yield _unlisted(pipeline, error)


def _unlisted(pipeline: Pipeline, error: ClientError) -> ActionLog:
    return ActionLog(
        pipeline=pipeline.name,
        stage=pipeline.failure.stage or "?" if pipeline.failure else "?",
        action=pipeline.failure.action or "?" if pipeline.failure else "?",
        missing=f"its actions cannot be listed: {error}",
    )


def _described(log: ActionLog) -> Iterator[str]:
    where = f": {log.place.group} {log.place.stream or ''}".rstrip() if log.place else ""
    yield ""
    yield f"{log.pipeline}, {log.stage} → {log.action} failed{where}"
    yield from filter(None, map(readable, log.lines))
    if log.missing:
        yield log.missing


def _period(text: str) -> timedelta:
    given = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if given is None:
        raise UsageError(f"--since {text} is not a period.", "Write it like 90s, 10m, 2h or 1d.")
    period = timedelta(**{_UNITS[given[2]]: int(given[1])})
    refuse_too_early("--since", text, period)
    return period
