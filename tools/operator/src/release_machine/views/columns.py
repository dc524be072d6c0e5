"""Leaves out columns where the names in the first one need the room."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from release_machine.views.rows import GAP, Column

# The part of the width that names get, where they need it, before columns are left out for them.
# A longer name goes on in the next line.
_NAMES = 0.4


def columns_that_fit(
    columns: Sequence[Column], rows: Sequence[Sequence[Text]], *, width: int, kept: int
) -> int:
    """How many columns have room; the last ones are left out, and the first ``kept`` always stay.

    ``rows`` are the cells of each row.
    """
    widths = [
        max([cell_len(column.title), *(row[number].cell_len for row in rows)])
        for number, column in enumerate(columns)
    ]
    names = min(widths[0], int(width * _NAMES))
    shown = len(columns)
    while shown > kept and names + sum(GAP + each for each in widths[1:shown]) > width:
        shown -= 1
    return shown
