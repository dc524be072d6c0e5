"""One step of a schedule: what may happen next, in words."""

from typing import NamedTuple


class Step(NamedTuple):
    """Something that may happen: `kind` says what, `who` to whom, `more` how.

    `costs` names the budget that it is taken from; a `forced` step happens only when nothing else
    can, so that what must happen one day does.
    """

    kind: str
    who: str
    more: str = ""
    costs: str = ""
    forced: bool = False

    def __str__(self) -> str:
        """Say it in words."""
        fault = f"  [{self.costs}]" if self.costs else ""
        more = f" {self.more}" if self.more else ""
        return f"{self.kind}: {self.who}{more}{fault}"
