"""Finds open releases however old they are, with one call of DynamoDB at each look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from release_core.domain.release import Release

if TYPE_CHECKING:
    from release_core.ledger.history import HistoryReader

_SECONDS = 60.0  # between two searches of the whole record


class OpenInTurns:
    """Searches the record for open releases, a part of it at each look.

    Other reads find most of them, by the pipelines that they hold or because they are new. A retry
    of an old release is not found by these while it waits for an approval behind its last pipeline:
    it holds no pipeline, and has its old place among the releases.
    """

    def __init__(self, ledger: HistoryReader, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._pages: Iterator[list[Release]] | None = None
        self._known: set[str] = set()  # since the last search that has ended
        self._found: set[str] = set()  # in this search
        self._ended_at: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Whether a search has reached the end of the record: before, a release may be missing."""
        return self._ended_at is not None

    def look(self) -> frozenset[str]:
        """The ids of releases that were open when they were found.

        A read that fails is raised, and the search begins again at the next look.
        """
        if self._pages is None and self._is_due():
            self._pages = self._ledger.open_headers()
        if self._pages is not None:
            try:
                page = next(self._pages, None)
            except Exception:  # then it has no next page: that search begins again
                self._pages, self._found = None, set()
                raise
            if page is None:
                self._known, self._found = self._found, set()
                self._pages, self._ended_at = None, self._clock()
            else:
                self._found |= {each.release_id for each in page}
        return frozenset(self._known | self._found)

    def _is_due(self) -> bool:
        if self._ended_at is None:
            return True
        return (self._clock() - self._ended_at).total_seconds() >= _SECONDS
