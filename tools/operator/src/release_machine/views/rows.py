"""Rows with facts: beside them where all names fit whole, otherwise below them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

GAP = 2
# Facts below a row begin so far to the right of it.
INDENT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of short texts that take one line.

    The one that ``folds`` has names, which are never shortened: a name that is too long for its
    column goes on in the next line. ``least`` is the number of cells that are kept for a text that
    may become longer.
    """

    title: str
    right: bool = False
    style: str = ""
    least: int = 0
    folds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row: a cell for each column, and its facts, each of which may take several lines.

    ``indent`` moves its name to the right. Without cells it is a title between rows.
    """

    cells: Sequence[Text] = ()
    facts: Sequence[Text] = ()
    indent: int = 0


class Rows:
    """Draws rows under their titles.

    The facts stand in a last column with the title ``facts`` if that leaves at least ``room`` cells
    for them. This depends on names and not on facts, so that a view that is drawn again and again
    keeps its form. Otherwise they stand below their row, but for a single one that fits beside it.
    """

    def __init__(
        self, columns: Sequence[Column], rows: Sequence[Row], *, facts: str, room: int
    ) -> None:
        self._columns = columns
        self._rows = rows
        self._title = facts
        self._room = room

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw them; rich calls this."""
        width = options.max_width
        widths = self._widths()
        left = width - sum(widths) - GAP * len(widths)
        has_column = left >= self._room
        if not has_column:
            widths = self._narrowed(widths, width)
        yield from self._head(widths, has_column=has_column)
        for row in self._rows:
            if not row.cells:
                yield from row.facts
            elif has_column or _is_short(row.facts, left):
                yield from self._with_facts(console, row, widths, left)
            else:
                yield from self._lines(console, row, widths)
                yield from _below(console, row, width)

    def _widths(self) -> list[int]:
        """The cells that each column needs."""
        widths = [max(cell_len(each.title), each.least) for each in self._columns]
        for row in self._rows:
            for number, cell in enumerate(row.cells):
                indent = row.indent if self._columns[number].folds else 0
                widths[number] = max(widths[number], indent + cell.cell_len)
        return widths

    def _narrowed(self, widths: Sequence[int], width: int) -> list[int]:
        """The widths with what is left for the column that folds."""
        rest = width - GAP * (len(widths) - 1)
        rest -= sum(
            each for each, column in zip(widths, self._columns, strict=True) if not column.folds
        )
        return [
            min(each, max(1, rest)) if column.folds else each
            for each, column in zip(widths, self._columns, strict=True)
        ]

    def _head(self, widths: Sequence[int], *, has_column: bool) -> Iterator[Text]:
        titles = [Text(each.title) for each in self._columns]
        if not any(each.plain for each in titles):
            return
        head = self._joined(titles, widths)
        if has_column:
            head.append(" " * GAP + self._title)
        head.stylize("dim")
        yield _trimmed(head)

    def _with_facts(
        self, console: Console, row: Row, widths: Sequence[int], beside: int
    ) -> Iterator[Text]:
        facts = [line for fact in row.facts for line in _wrapped(console, fact, beside)]
        blank = Text(" " * (sum(widths) + GAP * (len(widths) - 1)))
        for line, fact in zip_longest(self._lines(console, row, widths), facts):
            drawn = (line or blank).copy()
            if fact is not None:
                drawn.append(" " * GAP).append_text(fact)
            yield _trimmed(drawn)

    def _lines(self, console: Console, row: Row, widths: Sequence[int]) -> Iterator[Text]:
        cells = [cell.copy() for cell in row.cells]
        more: list[Text] = []
        at = next((n for n, column in enumerate(self._columns) if column.folds), None)
        if at is not None:
            # However deep, a name keeps some cells of a narrow column.
            indent = min(row.indent, widths[at] // 2)
            first, *more = _wrapped(console, cells[at], widths[at] - indent) or [Text()]
            cells[at] = Text(" " * indent).append_text(first)
            more = [Text(" " * indent).append_text(each) for each in more]
        yield self._joined(cells, widths)
        for each in more:
            others = [Text() for _ in self._columns]
            others[at or 0] = each
            yield self._joined(others, widths)

    def _joined(self, cells: Sequence[Text], widths: Sequence[int]) -> Text:
        line = Text(no_wrap=True)
        for number, (cell, column, width) in enumerate(
            zip(cells, self._columns, widths, strict=True)
        ):
            padding = " " * (width - cell.cell_len)
            styled = cell.copy()
            styled.stylize_before(column.style)
            line.append(" " * GAP if number else "")
            line.append(padding if column.right else "").append_text(styled)
            line.append("" if column.right else padding)
        return line


def _is_short(facts: Sequence[Text], room: int) -> bool:
    return len(facts) == 1 and facts[0].cell_len <= room and "\n" not in facts[0].plain


def _below(console: Console, row: Row, width: int) -> Iterator[Text]:
    margin = " " * min(row.indent + INDENT, width // 2)
    for fact in row.facts:
        for line in _wrapped(console, fact, width - len(margin)):
            yield Text(margin, no_wrap=True).append_text(line)


def _wrapped(console: Console, text: Text, width: int) -> list[Text]:
    return list(text.wrap(console, max(1, width), overflow="fold"))


def _trimmed(line: Text) -> Text:
    line.rstrip()
    return line
