"""Who writes to the ledger and when, and the entries of an item's audit."""

from dataclasses import dataclass

from release_core.clock import Clock, to_iso
from release_core.ledger.dynamodb import Item

# Characters of an entry of a history: an item has 400 KB, and each attempt may add entries.
MAX_TEXT = 2_000


@dataclass(frozen=True, kw_only=True)
class Author:
    """The function that writes to the ledger, by its name, and its clock."""

    clock: Clock
    name: str

    def now(self) -> str:
        """The present time as the tables hold it."""
        return to_iso(self.clock())

    def audit(self, what: str, *, before: str | None, after: str, who: str | None = None) -> Item:
        """One entry of an item's audit: when, who, what, and the status before and after.

        ``who`` is the author unless it is given.
        """
        return {
            "at": self.now(),
            "who": who or self.name,
            "what": shorten(what),
            "before": before,
            "after": str(after),
        }


def shorten(text: str) -> str:
    """The text, cut to what an entry of a history may hold."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."
