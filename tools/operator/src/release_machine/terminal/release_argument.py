"""The argument RELEASE of a command, whose values a shell can complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from release_machine.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from release_core.domain.release import Release

_LOOKED_AT = 50
# An id has at most 100 signs, and the ARN of an execution fewer than this.
_LONGEST = 1000  # bytes
# To which releases a command has something to do; to all others there is something to look at.
_MEANT_FOR = {
    "cancel": ("RUNNING",),
    "retry": ("FAILED", "CANCELLED"),
    "rollback": ("SUCCEEDED", "FAILED", "CANCELLED"),
}


def release_argument[F: Callable[..., object]](function: F) -> F:
    """Add the argument ``release_id`` to a command."""
    return click.argument(
        "release_id", metavar="RELEASE", callback=_refuse_what_is_none, shell_complete=_latest_ids
    )(function)


def _refuse_what_is_none(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    size = len(value.encode(errors="surrogateescape"))
    if 0 < size <= _LONGEST and value.isprintable():
        return value
    raise UsageError(
        f"RELEASE is {'empty' if not value else 'no id'}.",
        "Give the id of a release, as one of: release-machine list",
    )


def _latest_ids(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The latest releases that begin so; nothing when they cannot be read at once."""
    # boto3 takes longer to load than all the rest: only what is about to ask AWS loads it.
    from release_machine.terminal.completing import latest_releases  # noqa: PLC0415

    try:
        latest = latest_releases(context, limit=_LOOKED_AT)
    except OperatorError:
        # A shell that waits for a completion is no place for problems.
        return []
    return [
        CompletionItem(release.label, help=release.status)
        for release in latest
        if release.label.startswith(incomplete) and _is_for(context.command.name, release)
    ]


def _is_for(command: str | None, release: Release) -> bool:
    statuses = _MEANT_FOR.get(command or "")
    # What was rolled back is neither run again nor rolled back once more.
    return statuses is None or (release.status in statuses and not release.rolled_back_by)
