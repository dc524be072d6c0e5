"""What is frozen, drawn with rich."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.domain.holds import Freeze
from release_machine.release.approvals import person
from release_machine.text.wording import clock_time


def freezes_table(freezes: Sequence[Freeze]) -> RenderableType:
    """Draw one row for each freeze, and the command that lifts it."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("PIPELINES", "UNTIL", "BY"):
        table.add_column(name, no_wrap=True)
    table.add_column("REASON", overflow="fold")
    for each in freezes:
        table.add_row(each.scope, clock_time(each.until), person(each.by), each.reason)
    lift = "Lift a freeze with: release-machine unfreeze 'PATTERN'"
    return Group(table, Text(""), Text(lift, style="dim"))
