"""The audit of a release, drawn with rich."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby, starmap

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.domain.history import AuditEntry
from release_core.domain.release import Release
from release_machine.release.approvals import approvals_of, signer
from release_machine.release.record import entries
from release_machine.text.fitting import fitted

WIDTH_FOR_WHO = 120
NAME_CELLS = 20
_WHO_CELLS = 24
_OF_THE_RELEASE = "(release)"
# The names of the functions in the audit, after the name of the deployment.
_FUNCTION = re.compile(r"(?:.*-)?(open-release|run-pipeline|record-state-change|close-release)")
_EXECUTION_ID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class _Row:
    at: datetime
    name: str
    status: str
    what: str
    who: str

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def second(self) -> datetime:
        return self.at.replace(microsecond=0)


def audit_table(release: Release, *, width: int) -> RenderableType:
    """Draw the changes of the release and its pipelines, the earliest first."""
    by_time = sorted(starmap(_row, entries(release)), key=lambda row: row.at)
    rows = list(_together(by_time, approvals=approvals_of(release)))
    days = [list(rows) for _, rows in groupby(rows, key=lambda row: row.day)]
    parts: list[RenderableType] = []
    for index, of_one_day in enumerate(days):
        head = "AUDIT  " if index == 0 else ""
        parts.append(Text(f"{head}{of_one_day[0].day} UTC", style="dim"))
        parts.append(_table(of_one_day, rows, wide=width >= WIDTH_FOR_WHO))
    return Group(*parts)


def audit_hint(release: Release, command: str) -> Text:
    """The number of recorded changes, and the command that lists them."""
    count = len(list(entries(release)))
    changes = "1 change" if count == 1 else f"{count} changes"
    return Text(f"AUDIT  {changes} on record: {command}", style="dim")


def _row(name: str, entry: AuditEntry) -> _Row:
    function = _FUNCTION.fullmatch(entry.who or "")
    moved = entry.after if entry.before != entry.after else None
    return _Row(
        at=entry.at.astimezone(UTC),
        name=name or _OF_THE_RELEASE,
        status=moved or "",
        what=_EXECUTION_ID.sub(r"\1", entry.what),
        who=function[1] if function else signer(entry.who or ""),
    )


def _together(rows: Sequence[_Row], *, approvals: Container[str]) -> Iterator[_Row]:
    """The rows; pipelines that were opened in the same second share one row, approvals another."""
    for (waits, *_), alike in groupby(rows, key=_opening_of):
        if not waits:
            yield from alike
            continue
        opened = list(alike)
        for kind, asks in (("pipelines", False), ("approvals", True)):
            several = [row for row in opened if (row.name in approvals) is asks]
            if len(several) > 1:
                yield replace(several[0], name=f"{len(several)} {kind}")
            else:
                yield from several


def _opening_of(row: _Row) -> tuple[bool, datetime, str]:
    waits = row.name != _OF_THE_RELEASE and row.status == "WAITING"
    return waits, row.second, row.what


def _table(rows: Sequence[_Row], all_rows: Sequence[_Row], *, wide: bool) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    # The tables of all days have the same columns.
    table.add_column(no_wrap=True, min_width=8)
    table.add_column(no_wrap=True, min_width=max(len(_shown(row)) for row in all_rows))
    table.add_column(no_wrap=True, min_width=max(len(row.status) for row in all_rows))
    table.add_column(overflow="fold", ratio=1)
    if wide:
        who = max(len(row.who) for row in all_rows)
        table.add_column(overflow="fold", width=min(who, _WHO_CELLS), style="dim")
    for row in rows:
        by = "" if wide or _is_machine(row) or row.who in row.what else f" by {row.who}"
        cells = (f"{row.at:%H:%M:%S}", _shown(row), row.status, f"{row.what}{by}")
        table.add_row(*cells, *([row.who] if wide else []))
    table.expand = True
    return table


def _shown(row: _Row) -> str:
    return fitted(row.name, NAME_CELLS)


def _is_machine(row: _Row) -> bool:
    return not row.who or _FUNCTION.fullmatch(row.who) is not None
