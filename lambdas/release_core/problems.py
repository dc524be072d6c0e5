"""What is wrong with an input, in words that can be logged, stored and read by a person."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_REPORTED = 50  # problems in one message, so that it stays readable and below 32 KiB
MAX_LINE = 300  # characters of one problem


# Where something is in a document: keys and indexes, from the root down.
type Place = tuple[int | str, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place of a document."""

    place: Place
    says: str

    @property
    def path(self) -> str:
        """The place as people write it."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place)
        return path.removeprefix(".") or "manifest"

    def __str__(self) -> str:
        """The place, and what is wrong there."""
        return f"{self.path}: {self.says}"


def report(subject: str, problems: Sequence[str | Problem]) -> str:
    """A message that tells the problems of ``subject``, one a line."""
    lines = [one_line(str(problem)) for problem in problems[:MAX_REPORTED]]
    if len(problems) > MAX_REPORTED:
        lines.append(f"and {len(problems) - MAX_REPORTED} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"{subject} has {count}:\n" + "\n".join(f"- {line}" for line in lines)


def listing(text: str, lines: Sequence[str]) -> str:
    """A text with what it lists, one a line and so many and so long that people read them."""
    more = [f"- and {len(lines) - MAX_REPORTED} more"] if len(lines) > MAX_REPORTED else []
    return f"{text}:\n" + "\n".join([*map(one_line, lines[:MAX_REPORTED]), *more])


def one_line(text: str) -> str:
    """The text as one printable line of bounded length; it may quote whatever a document held."""
    start = text[: MAX_LINE + 1]
    line = "".join(char if char.isprintable() else repr(char)[1:-1] for char in start)
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 3] + "..."


def is_storable(text: str, limit: int) -> bool:
    """Whether a text is valid UTF-8 of 1 to ``limit`` bytes: JSON may hold half a character."""
    encoded = text.encode(errors="ignore")
    return 0 < len(encoded) <= limit and encoded.decode() == text
