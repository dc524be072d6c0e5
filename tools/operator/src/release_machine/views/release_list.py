"""The latest releases drawn with rich, one row each."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.domain.release import Release, ReleaseStatus
from release_core.rollback.refusals import listed
from release_machine.release.approvals import is_asked, person
from release_machine.release.holds import held_words, hold_of, holds_of
from release_machine.release.phrases import waits_briefly
from release_machine.text.fitting import fitted
from release_machine.text.wording import brief_time, clock_time, colored_status, duration, short

WIDTH_FOR_CHANNEL_AND_BY = 100
WIDTH_FOR_ALL = 140
SHORTEST_NAME = 12
_GAP = 2
_BY_CELLS = 16
Row: TypeAlias = tuple[str, *tuple[str | Text, ...]]


def release_table(releases: Sequence[Release], *, now: datetime, width: int) -> RenderableType:
    """Draw the latest releases, one row each, and what holds them; names are shortened to fit."""
    rows = [_row(release, now=now, whole=width >= WIDTH_FOR_ALL) for release in releases]
    headers = ("RELEASE", "STATUS", "OPENED", "TIME", "PIPELINES", "CHANNEL", "BY")
    shown = len(headers) if width >= WIDTH_FOR_CHANNEL_AND_BY else headers.index("CHANNEL")
    table = Table(box=None, padding=(0, _GAP, 0, 0), header_style="dim", pad_edge=False)
    for name in headers[:shown]:
        right = name in {"TIME", "PIPELINES"}
        table.add_column(name, no_wrap=True, justify="right" if right else "left")
    room = max(SHORTEST_NAME, width - sum(_cells(headers[1:shown], [row[1:] for row in rows])))
    for name, *rest in rows:
        table.add_row(fitted(name, room), *rest[: shown - 1])
    held = [Text(line, style="dim") for line in _held(releases)]
    return Group(table, *[Text(""), *held] if held else [])


def _held(releases: Sequence[Release]) -> Iterator[str]:
    """What holds pipelines of which releases; one freeze may hold many."""
    held: dict[str, list[str]] = {}
    for release in releases:
        for words in dict.fromkeys(map(held_words, holds_of(release))):
            held.setdefault(words, []).append(release.label)
    yield from (f"{listed(names)}: {words}" for words, names in held.items())


def _row(release: Release, *, now: datetime, whole: bool) -> Row:
    opened = release.opened_at
    by = person(release.requester or "")
    return (
        _name(release, whole=whole),
        _status(release, now),
        "" if opened is None else clock_time(opened) if whole else brief_time(opened),
        duration(release.began_at, release.closed_at or now),
        str(release.pipeline_count or ""),
        release.channel or "",
        by if whole else fitted(by, _BY_CELLS),
    )


def _name(release: Release, *, whole: bool) -> str:
    # A rejected manifest has no id, and the name of its execution is long; --json has it.
    if release.status is ReleaseStatus.REJECTED and not whole:
        return f"(rejected) {short(release.label)}"
    return release.label


def _status(release: Release, now: datetime) -> Text:
    notes = (
        f"attempt {release.attempt}" if release.attempt > 1 else "",
        "rolled back" if release.rolled_back_by else "",
        "asks people" if any(map(is_asked, release.pipelines.values())) else "",
        "held" if any(hold_of(release, each) for each in release.pipelines.values()) else "",
    )
    if release.pending:
        return Text(waits_briefly(release, now), style="dim")
    return colored_status(release.status).append("".join(f", {note}" for note in notes if note))


def _cells(headers: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> Iterator[int]:
    """The width of each column with the gap before it."""
    for index, header in enumerate(headers):
        yield _GAP + max(len(header), 0, *(cell_len(str(row[index])) for row in rows))
