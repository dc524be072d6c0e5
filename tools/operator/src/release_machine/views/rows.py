"""Rows whose names are whole at every width: other columns make room, the last one first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

# The cells of a name for which other columns make room; a longer one has a line of its own.
_NAME_CELLS = 36
_GAP = 2
_NEVER_DROPPED = 2


@dataclass(frozen=True)
class Column:
    """A column of a table; the first one has the names, the second one what matters most."""

    title: str
    right: bool = False


@dataclass(frozen=True)
class Row:
    """The cells of the columns, and lines below them, which are wrapped."""

    cells: Sequence[str | Text]
    below: Sequence[Text] = ()

    @property
    def name(self) -> str:
        """The first cell."""
        return str(self.cells[0])


def shown_columns(columns: Sequence[Column], rows: Sequence[Row], *, width: int) -> int:
    """How many of the columns have room beside the names."""
    names = [min(cell_len(each.name), _NAME_CELLS) for each in rows]
    needed = max([cell_len(columns[0].title), *names])
    widths = _widths(columns, rows)
    shown = len(columns)
    while shown > _NEVER_DROPPED and needed + sum(_GAP + each for each in widths[1:shown]) > width:
        shown -= 1
    return shown


def table(columns: Sequence[Column], rows: Sequence[Row], *, width: int) -> RenderableType:
    """Draw the rows; the last columns are left out where the names and statuses need the room."""
    shown = shown_columns(columns, rows, width=width)
    widths = _widths(columns, rows)[:shown]
    names = [cell_len(each.name) for each in rows]
    room = max(cell_len(columns[0].title), width - sum(_GAP + each for each in widths[1:]))
    widths[0] = max([cell_len(columns[0].title), *(each for each in names if each <= room)])
    titles = Row([Text(each.title, style="dim") for each in columns])
    lines = [*_lines(titles, columns, widths)]
    for row in rows:
        lines += _lines(row, columns, widths)
    return Group(*lines)


def _widths(columns: Sequence[Column], rows: Sequence[Row]) -> list[int]:
    """The cells that each column needs."""
    return [
        max([cell_len(column.title), *(cell_len(str(row.cells[index])) for row in rows)])
        for index, column in enumerate(columns)
    ]


def _lines(
    row: Row, columns: Sequence[Column], widths: Sequence[int]
) -> Iterator[RenderableType]:
    cells = [Text(each) if isinstance(each, str) else each for each in row.cells[: len(widths)]]
    if cell_len(row.name) > widths[0]:
        yield Text(row.name, style=cells[0].style, overflow="fold")
        cells[0] = Text()
    line = Text()
    for cell, column, width in zip(cells, columns, widths, strict=False):
        missing = " " * (width - cell_len(str(cell)))
        line.append_text(Text.assemble(missing, cell) if column.right else cell)
        line.append("" if column.right else missing)
        line.append(" " * _GAP)
    line.rstrip()
    yield line
    yield from (Padding(each, (0, 0, 0, _GAP)) for each in row.below)
