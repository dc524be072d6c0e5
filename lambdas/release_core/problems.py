"""The problems of an input, as text that can be logged, stored and read by people."""

import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from release_core.immutable import Immutable

MAX_REPORTED = 50  # problems in one message: it stays readable, and below 32 KiB
MAX_LINE = 300  # characters of one problem

# Control, format and half characters. Of the format characters, these two join letters.
_HIDDEN = {"Cc", "Cf", "Cs"}
_JOINERS = frozenset("\u200c\u200d")
_LINES = {"Zl", "Zp"}  # separators of lines and paragraphs


# A position in a document: keys and indexes, from the root down.
Place: TypeAlias = tuple[int | str, ...]


class Problem(Immutable, kw_only=False):
    """A problem at a place of a document; ``says`` is the message without the place."""

    place: Place
    says: str

    @property
    def path(self) -> str:
        """The place as a JSON path, such as ``pipelines[0].name``."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place)
        return path.removeprefix(".") or "manifest"

    def __str__(self) -> str:
        """The path and the message."""
        return f"{self.path}: {self.says}"


def report(subject: str, problems: Sequence[str | Problem]) -> str:
    """A message with the problems of ``subject``, one on each line."""
    lines = [one_line(str(problem)) for problem in problems[:MAX_REPORTED]]
    if len(problems) > MAX_REPORTED:
        lines.append(f"and {len(problems) - MAX_REPORTED} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"{subject} has {count}:\n" + "\n".join(f"- {line}" for line in lines)


def lines_of(problems: Sequence[str | Problem]) -> list[str]:
    """All the problems, each as one line of bounded length."""
    return [one_line(str(problem)) for problem in problems]


def listing(text: str, lines: Sequence[str]) -> str:
    """A text and the lines it introduces: at most MAX_REPORTED lines, each of bounded length."""
    more = [f"- and {len(lines) - MAX_REPORTED} more"] if len(lines) > MAX_REPORTED else []
    return f"{text}:\n" + "\n".join([*map(one_line, lines[:MAX_REPORTED]), *more])


def one_line(text: str) -> str:
    """The text as one printable line of at most MAX_LINE characters; it may quote any input."""
    start = text[: MAX_LINE + 1]
    line = "".join(char if char.isprintable() else repr(char)[1:-1] for char in start)
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 3] + "..."


def is_hidden(sign: str) -> bool:
    """Whether a character is not visible, or changes the direction of the text around it."""
    return unicodedata.category(sign) in _HIDDEN and sign not in _JOINERS


def is_in_line(sign: str) -> bool:
    """Whether a character is visible and does not begin a new line."""
    return not is_hidden(sign) and unicodedata.category(sign) not in _LINES


def is_storable(text: str, limit: int) -> bool:
    """Whether a text has 1 to ``limit`` bytes in UTF-8; JSON can contain half a character."""
    encoded = text.encode(errors="ignore")
    return 0 < len(encoded) <= limit and encoded.decode() == text
