"""What is frozen, drawn with rich."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from release_core.domain.holds import Freeze
from release_machine.release.approvals import signer
from release_machine.release.ways_out import Hint
from release_machine.text.wording import clock_time


def freezes_list(freezes: Sequence[Freeze]) -> RenderableType:
    """Draw each freeze with its reason on lines of its own, and the command that lifts it.

    Nothing is shortened: what does not fit goes on in the next line.
    """
    width = max(len(clock_time(each.until)) for each in freezes)
    parts: list[RenderableType] = [Text(f"{'UNTIL':<{width}}  PIPELINES", style="dim")]
    for each in freezes:
        parts.append(_whole(f"{clock_time(each.until):<{width}}  {each.scope}"))
        parts.append(Padding(_whole(each.reason), (0, 0, 0, 4)))
        parts.append(Padding(_whole(f"by {signer(each.by)}"), (0, 0, 0, 4)))
    lift = Hint("Lift a freeze with:", "release-machine unfreeze 'PATTERN'")
    return Group(*parts, Text(""), lift)


def _whole(text: str) -> Text:
    return Text(text, overflow="fold")
