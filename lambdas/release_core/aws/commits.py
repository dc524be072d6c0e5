"""Reads when a commit was made and by whom, from the output variables of a source action.

Source: the CodePipeline user guide, "Variables available for pipeline actions". Their dates are in
ISO 8601. CodeCommit and GitHub have both dates, a connection has that of the author only.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from release_core.clock import from_zoned_iso
from release_core.domain.revisions import MAX_AUTHOR, Commit
from release_core.problems import is_in_line

# The first that is there counts. A commit that was rebased keeps its author's date.
_DATES = ("CommitterDate", "AuthorDate")
# Never AuthorEmail: a name is enough to know whom to ask.
_AUTHORS = ("AuthorDisplayName", "AuthorId")


def read_commit(variables: Mapping[str, str]) -> Commit | None:
    """The commit that a source action delivered; None where its variables tell nothing of it."""
    dates = (_date(variables[name]) for name in _DATES if name in variables)
    authors = (name_of(variables[name]) for name in _AUTHORS if name in variables)
    found = Commit(at=next(filter(None, dates), None), author=next(filter(None, authors), None))
    return found if found.at or found.author else None


def _date(text: str) -> datetime | None:
    """The time in UTC; None for a text without a zone: it could be off by half a day."""
    try:
        return from_zoned_iso(text).astimezone(UTC)
    except ValueError:
        return None


def name_of(text: str) -> str | None:
    """The text as one short line; None if it is an e-mail address."""
    if "@" in text:
        return None
    line = " ".join("".join(sign if is_in_line(sign) else " " for sign in text).split())
    return line[:MAX_AUTHOR] or None
