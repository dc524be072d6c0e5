"""The latest releases drawn with rich, one row each."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.rollback.refusals import listed
from release_machine.release.approvals import is_asked, person
from release_machine.release.holds import held_words, hold_of, holds_of
from release_machine.release.short_ids import short_id
from release_machine.text.wording import brief_time, colored_status, duration
from release_machine.views.about import about
from release_machine.views.columns import columns_that_fit
from release_machine.views.rows import Column, Row, Rows

# What is said about a release stands beside it where this leaves so many cells, otherwise below.
_ROOM_BESIDE = 40
_NEVER_LEFT_OUT = 2
_MOST_PIPELINES = 5
_COLUMNS = (
    Column(title="RELEASE", folds=True),
    Column(title="STATUS"),
    Column(title="OPENED"),
    Column(title="TIME", right=True),
    Column(title="BY"),
    Column(title="PIPELINES", right=True),
    Column(title="CHANNEL"),
)


def release_table(
    releases: Sequence[Release], *, now: datetime, width: int, pipelines: Collection[str] = ()
) -> RenderableType:
    """Draw the latest releases, one row each, and what holds them.

    Of the ``pipelines`` each row says how they ended in the release. Where there is no room for all
    columns, the last ones are left out; names and statuses are never shortened.
    """
    cells = [_cells(each, now) for each in releases]
    shown = columns_that_fit(_COLUMNS, cells, width=width, kept=_NEVER_LEFT_OUT)
    rows = [
        Row(cells=row[:shown], facts=[*about(each), *_facts(each), *_named(each, pipelines)])
        for each, row in zip(releases, cells, strict=True)
    ]
    held = [Text(line, style="dim") for line in _held(releases)]
    table = Rows(_COLUMNS[:shown], rows, facts="", room=_ROOM_BESIDE)
    return Group(table, *[Text(""), *held] if held else [])


def _held(releases: Sequence[Release]) -> Iterator[str]:
    """What holds pipelines of which releases; one freeze may hold many."""
    held: dict[str, list[str]] = {}
    for release in releases:
        for words in dict.fromkeys(map(held_words, holds_of(release))):
            held.setdefault(words, []).append(release.label)
    yield from (f"{listed(names)}: {words}" for words, names in held.items())


def _cells(release: Release, now: datetime) -> list[Text]:
    took = duration(release.began_at, release.closed_at or now)
    rejected = release.status is ReleaseStatus.REJECTED
    cells = (
        short_id(release),
        _status(release, now),
        brief_time(release.opened_at),
        "" if rejected else took,
        person(release.requester or ""),
        str(release.pipeline_count or ""),
        release.channel or "",
    )
    return [each if isinstance(each, Text) else Text(each) for each in cells]


def _facts(release: Release) -> Iterator[Text]:
    """What a rejected manifest asked for, where it was handed in, and why it was rejected."""
    if release.status is ReleaseStatus.REJECTED:
        door = f"through {release.channel}" if release.channel else None
        place = release.dropped.key if release.dropped else door
        asked = ", ".join(each for each in (release.requested_id, place) if each)
        error = (release.why or "").partition(": ")[0]
        yield Text(": ".join(each for each in (asked, error) if each), style="dim")


def _named(release: Release, names: Collection[str]) -> list[Text]:
    """How these pipelines ended in a release, or what they do."""
    nodes: list[Pipeline] = [each for each in release.pipelines.values() if each.name in names]
    found = [
        Text.assemble(f"{each.name} ", colored_status(each.status))
        for each in nodes[:_MOST_PIPELINES]
    ]
    if more := len(nodes) - len(found):
        found.append(Text(f"and {more} more", style="dim"))
    return [Text(", ").join(found)] if found else []


def _status(release: Release, now: datetime) -> Text:
    notes = (
        f"attempt {release.attempt}" if release.attempt > 1 else "",
        "rolled back" if release.rolled_back_by else "",
        "asks people" if any(map(is_asked, release.pipelines.values())) else "",
        "held" if any(hold_of(release, each) for each in release.pipelines.values()) else "",
    )
    if release.pending:
        held = release.not_before if release.is_held(now) else None
        waits = f"held until {brief_time(held)}" if held else "waits for pipelines"
        return Text(waits, style="dim")
    return colored_status(release.status).append("".join(f", {note}" for note in notes if note))
