"""The argument RELEASE of a command, whose values a shell can complete."""

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from operator_cli.errors import OperatorError

_OFFERED = 50


def release_argument[F: Callable[..., object]](function: F) -> F:
    """Add the argument ``release_id`` to a command."""
    return click.argument("release_id", metavar="RELEASE", shell_complete=_latest_ids)(function)


def _latest_ids(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The latest releases that begin so; nothing when they cannot be read at once."""
    # boto3 takes longer to load than all the rest: only what is about to ask AWS loads it.
    from operator_cli.completing import latest_releases  # noqa: PLC0415

    try:
        latest = latest_releases(context, limit=_OFFERED)
    except OperatorError:
        # A shell that waits for a completion is no place for problems.
        return []
    return [
        CompletionItem(release.label, help=release.status)
        for release in latest
        if release.label.startswith(incomplete)
    ]
