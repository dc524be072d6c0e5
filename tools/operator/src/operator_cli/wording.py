"""How times, durations and ids are written, the same in every view."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from rich.text import Text

from operator_cli.model import CANCELLED, Pipeline, Release

SYMBOLS = {
    "WAITING": "·",
    "STARTING": "▸",
    "RUNNING": "▶",
    "SUCCEEDED": "✔",
    "FAILED": "✘",
    "STOPPED": "■",
    "SUPERSEDED": "✘",
    "CANCELLED": "■",
    "TIMED_OUT": "✘",
    "SKIPPED": "-",
    "REJECTED": "✘",
}
STYLES = {
    "WAITING": "dim",
    "STARTING": "cyan",
    "RUNNING": "cyan",
    "SUCCEEDED": "green",
    "FAILED": "bold red",
    "STOPPED": "yellow",
    "SUPERSEDED": "yellow",
    "CANCELLED": "yellow",
    "TIMED_OUT": "bold red",
    "SKIPPED": "dim",
    "REJECTED": "bold red",
}


def clock_time(moment: datetime) -> str:
    """Write a time in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(begin: datetime | None, end: datetime | None) -> str:
    """Write how long it took: 0:07, 12:30, 1:02:03; nothing when an end is unknown."""
    if begin is None or end is None:
        return ""
    return lasting(end - begin)


def lasting(period: timedelta) -> str:
    """Write a period as a duration; one below zero is none."""
    seconds = max(0, int(period.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def roughly(period: timedelta) -> str:
    """Write an estimate no more exactly than it deserves: about 40 s, 12 min, 1 h 20 min."""
    seconds = round(period.total_seconds())
    if seconds < 60:
        return f"about {max(1, seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if minutes and hours < 10 else f"about {hours} h"


def left(remaining: timedelta, *, written: Callable[[timedelta], str] = lasting) -> str:
    """Write how much of a limit is left."""
    if remaining <= timedelta():
        return "its time is up"
    if remaining.days > 1:
        return f"{remaining.days} days left"
    return f"{written(remaining)} left"


def progress(release: Release, remaining: timedelta | None) -> str:
    """Write how far a release has come, and how long it may still take where that is known."""
    told = f"{release.ended_count} of {release.pipeline_count} ended"
    if remaining is None or remaining < timedelta(seconds=1):
        return told
    return f"{told}, {roughly(remaining)} left"


def halted(release: Release) -> str:
    """Write what halted a release and what that means; nothing for one that was not halted."""
    # A stopped pipeline of a cancelled release is what the cancelling did, not its reason.
    if not release.halted_by or release.status == CANCELLED:
        return ""
    if release.closed:
        return f"by {release.halted_by}"
    rest = "what runs is stopped" if release.on_failure == "stop" else "what runs goes on"
    return f"by {release.halted_by}: nothing more starts, {rest}"


def rolled_back_by(release: Release) -> str | None:
    """Write which release rolls this one back, and whether that is only announced."""
    if release.awaits_rollback:
        return f"{release.rolls_back_as}, which is not opened"
    return release.rolled_back_by


def retries_used(pipeline: Pipeline) -> str:
    """Write which of its retries a pipeline has taken."""
    return f"retry {pipeline.retried} of {pipeline.retries}"


def colored_status(status: str) -> Text:
    """Write a status with its sign, in its colour."""
    return Text(f"{SYMBOLS.get(status, '?')} {status}", style=STYLES.get(status, ""))


def short(execution_id: str | None) -> str:
    """Write the first part of an execution id, enough to recognise it."""
    return execution_id.split("-")[0][:8] if execution_id else ""


def tally(release: Release) -> str:
    """Count the pipelines of a release by status."""
    return counted(release.pipelines)


def counted(pipelines: Iterable[Pipeline]) -> str:
    """Count pipelines by status, in the order in which the statuses first appear."""
    counts: dict[str, int] = {}
    for pipeline in pipelines:
        counts[pipeline.status] = counts.get(pipeline.status, 0) + 1
    return ", ".join(f"{count} {status}" for status, count in counts.items())
