"""One step of a schedule."""

from typing import NamedTuple


class Step(NamedTuple):
    """Something that may happen: `kind` is what, `who` to whom, `more` how.

    `costs` names the budget that pays for it. A `forced` step happens only if no other step is
    possible, so that everything due happens in the end.
    """

    kind: str
    who: str
    more: str = ""
    costs: str = ""
    forced: bool = False

    def __str__(self) -> str:
        """Return the step in words."""
        fault = f"  [{self.costs}]" if self.costs else ""
        more = f" {self.more}" if self.more else ""
        return f"{self.kind}: {self.who}{more}{fault}"
