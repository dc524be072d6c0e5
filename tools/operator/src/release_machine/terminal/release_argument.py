"""The argument RELEASE of a command, with shell completion."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click
from click.shell_completion import CompletionItem

from release_machine.errors import OperatorError, UsageError
from release_machine.terminal import asking
from release_machine.text.printable import in_one_line

if TYPE_CHECKING:
    from release_core.domain.release import Pipeline, Release
    from release_core.ledger.history import HistoryReader
    from release_machine.deployment.session import Session

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

_OFFERED_AT_MOST = 50
_LONGEST = 1000  # bytes; an id or the ARN of an execution is shorter
# The statuses that a command applies to. A command that is not named here applies to all.
_APPLIES_TO = {
    "approve": ("RUNNING",),
    "reject": ("RUNNING",),
    "override": ("RUNNING",),
    "cancel": ("RUNNING",),
    "retry": ("FAILED", "CANCELLED"),
    "rollback": ("SUCCEEDED", "FAILED", "CANCELLED"),
}


def release_argument(function: F) -> F:
    """Add the argument ``release_id`` to a command."""
    return click.argument(
        "release_id", metavar="RELEASE", callback=_require_id, shell_complete=_latest_ids
    )(function)


def named(
    session: Session,
    name: str,
    *,
    changes: bool = False,
    asks: bool = False,
    yes: bool = False,
    on_stderr: bool = False,
) -> str:
    """The whole name of the release that the argument names, or is short for.

    Only a person may shorten it: a script would silently get another release for a typing error, or
    for one that is not opened yet. A person is told the whole name. A command that ``changes``
    something ``asks`` with that name itself, or the person is asked here. Raises UsageError without
    a terminal, or when the name is short for several releases.
    """
    from release_machine.actions.shortened import whole_name  # noqa: PLC0415 # slow: boto3

    whole, guessed = whole_name(session, name)
    if not guessed:
        return whole
    if not asking.will_ask(yes=yes and changes, on_stderr=on_stderr):
        raise UsageError(
            f"There is no release {name}. It may be short for {whole}.",
            f"Give the whole id: {whole}",
        )
    if changes and not asks:
        asking.require_yes(f"{name} is short for {whole}. Go on?", on_stderr=on_stderr)
    else:
        click.echo(f"{in_one_line(name)} is short for {in_one_line(whole)}.", err=True)
    return whole


def optional_release_argument(function: F) -> F:
    """Add the same argument to a command that can do without it."""
    return click.argument(
        "release_id",
        metavar="[RELEASE]",
        required=False,
        callback=lambda context, parameter, value: value and _require_id(context, parameter, value),
        shell_complete=_latest_ids,
    )(function)


def name_argument(function: F) -> F:
    """Add the argument ``name`` of an approval or a pipeline, which may be left out."""
    return click.argument("name", metavar="[NAME]", required=False, shell_complete=_names)(function)


def _require_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    size = len(value.encode(errors="surrogateescape"))
    if 0 < size <= _LONGEST and value.isprintable():
        return value
    raise UsageError(
        f"RELEASE is {'empty' if not value else 'not a release id'}.",
        "Give the id of a release; list the latest with: release-machine list",
    )


def _latest_ids(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The latest releases whose id begins so; none when they cannot be read quickly."""
    latest = _read(context, lambda ledger: ledger.latest(_OFFERED_AT_MOST)) or []
    return [
        CompletionItem(release.label, help=release.status)
        for release in latest
        if release.label.startswith(incomplete) and _applies(context.command.name, release)
    ]


def _names(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """What waits in the release for an answer, or can be answered ahead, and its pipelines."""
    release_id = context.params.get("release_id") or ""
    release = _read(context, lambda ledger: ledger.get_release(release_id))
    return [
        CompletionItem(name, help="approval" if each.approval else each.status)
        for name, each in (release.pipelines if release else {}).items()
        if name.startswith(incomplete) and (each.status == "RUNNING" or _waits(each))
    ]


def _waits(node: Pipeline) -> bool:
    return node.approval is not None and not node.status.ended


def frozen_scopes(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The scopes of the freezes."""
    found = _read(context, lambda ledger: ledger.get_freezes()) or ()
    return [
        CompletionItem(each.scope, help=each.reason)
        for each in found
        if each.scope.startswith(incomplete)
    ]


def pipeline_names(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The pipelines that a release has used."""
    found = _read(context, lambda ledger: [each.lock.pipeline for each in ledger.uses()]) or []
    return [CompletionItem(name) for name in sorted(found) if name.startswith(incomplete)]


def _read(context: click.Context, read: Callable[[HistoryReader], T]) -> T | None:
    from release_machine.terminal.aws_command import read_quickly  # noqa: PLC0415 # slow: boto3

    try:
        return read_quickly(context, read)
    except OperatorError:
        # The line that a shell completes must stay free of messages.
        return None


def _applies(command: str | None, release: Release) -> bool:
    statuses = _APPLIES_TO.get(command or "")
    # A release that was rolled back is neither retried nor rolled back again.
    return statuses is None or (release.status in statuses and not release.rolled_back_by)
