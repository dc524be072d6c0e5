"""The author of ledger writes, and the entries of an item's audit."""

from release_core.clock import Clock, to_iso
from release_core.immutable import Immutable
from release_core.ledger.dynamodb import Item

# Characters of one text in an item: an item has at most 400 KB, and each attempt may add texts.
MAX_TEXT = 2_000


class Author(Immutable):
    """The function that writes to the ledger, and its clock."""

    clock: Clock
    name: str

    def now(self) -> str:
        """The current time, as the tables store it."""
        return to_iso(self.clock())

    def audit(self, what: str, *, before: str | None, after: str, who: str | None = None) -> Item:
        """An audit entry: the time, who did what, and the status before and after.

        ``who`` is the author by default.
        """
        return {
            "at": self.now(),
            "who": who or self.name,
            "what": shorten(what),
            "before": before,
            "after": str(after),
        }


def shorten(text: str) -> str:
    """The text, cut to MAX_TEXT characters."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."
