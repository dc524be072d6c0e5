"""The audit of a release, drawn with rich."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, starmap

from rich.console import RenderableType
from rich.text import Text

from release_core.domain.history import AuditEntry
from release_core.domain.release import Release
from release_machine.release.approvals import approvals_of, for_people, signer
from release_machine.release.record import entries
from release_machine.release.ways_out import Hint
from release_machine.text.wording import bare_second, day_in_title
from release_machine.views.rows import Column, Row, Rows

WIDTH_FOR_WHO = 120
CELLS_OF_WHAT = 34
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
    def day(self) -> str:
        """The day with its zone, which may change in the middle of a day."""
        return day_in_title(self.at)

    @property
    def second(self) -> datetime:
        return self.at.replace(microsecond=0)


def audit_table(release: Release, *, width: int) -> RenderableType:
    """Draw the changes of the release and its pipelines, the earliest first."""
    by_time = sorted(starmap(_row, entries(release)), key=lambda row: row.at)
    entered = list(_together(by_time, approvals=approvals_of(release)))
    wide = width >= WIDTH_FOR_WHO
    rows: list[Row] = []
    for day, of_one_day in groupby(entered, key=lambda row: row.day):
        rows.append(Row(facts=[Text(f"{'' if rows else 'AUDIT  '}{day}", style="dim")]))
        rows += [_drawn(row, wide=wide) for row in of_one_day]
    columns = [Column(title=""), Column(title="", folds=True), Column(title="")]
    if wide:
        columns.append(Column(title="", style="dim"))
    return Rows(columns, rows, facts="", room=CELLS_OF_WHAT)


def audit_hint(release: Release, command: str) -> RenderableType:
    """The number of recorded changes, and the command that lists them."""
    count = len(list(entries(release)))
    changes = "1 change" if count == 1 else f"{count} changes"
    return Hint(f"AUDIT  {changes} on record:", command)


def _row(name: str, entry: AuditEntry) -> _Row:
    function = _FUNCTION.fullmatch(entry.who or "")
    moved = entry.after if entry.before != entry.after else None
    return _Row(
        at=entry.at,
        name=name or _OF_THE_RELEASE,
        status=moved or "",
        what=for_people(_EXECUTION_ID.sub(r"\1", entry.what)),
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


def _drawn(row: _Row, *, wide: bool) -> Row:
    by = "" if wide or _is_machine(row) or row.who in row.what else f" by {row.who}"
    cells = [Text(bare_second(row.at)), Text(row.name), Text(row.status)]
    return Row(cells=[*cells, *([Text(row.who)] if wide else [])], facts=[Text(f"{row.what}{by}")])


def _is_machine(row: _Row) -> bool:
    return not row.who or _FUNCTION.fullmatch(row.who) is not None
