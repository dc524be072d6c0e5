"""Suggests the known name that a wrong name was probably meant to be."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from heapq import nlargest

from release_core.problems import MAX_REPORTED

# An exact comparison takes up to milliseconds for names of this length, and minutes for long texts.
_LONGEST = 128  # characters, as the names of variables; other names are shorter
_COMPARED = 5  # names for each suggestion


class NearestName:
    """Finds the nearest of the known names; upper and lower case are the same.

    It finds at most MAX_REPORTED names: a message has no more problems, and a manifest can have
    many thousands of wrong names.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = {each.casefold(): each for each in known if len(each) <= _LONGEST}
        self._left = MAX_REPORTED

    def __call__(self, name: str) -> str | None:
        """The known name that is nearest to a wrong name, or None when no name is similar."""
        if not self._left or len(name) > _LONGEST:
            return None
        self._left -= 1
        wanted = name.casefold()
        if wanted in self._known:
            return self._known[wanted]
        matcher = SequenceMatcher(b=wanted)

        def likeness(known: str) -> float:
            matcher.set_seq1(known)
            return matcher.quick_ratio()

        similar = nlargest(_COMPARED, self._known, key=likeness)
        found = get_close_matches(wanted, similar, n=1)
        return self._known[found[0]] if found else None

    def suggest(self, name: str) -> str:
        """The end of a message about a wrong name: a question, or nothing."""
        return did_you_mean(self(name))


def did_you_mean(nearest: str | None) -> str:
    """The end of a message about a wrong name: a question, or nothing without a nearest name."""
    return f"; did you mean `{nearest}`?" if nearest else ""
