"""Reads a guide of docs/guides: its files, its commands, and the output that it shows.

A guide is Markdown with these fences, and no others:

- ``sh``: commands, run as they are. A comment before the fence marks exceptions:
  ``<!-- exits with 1 -->``, or ``<!-- not run: REASON -->``.
- ``text``: the output of the commands right above. A line ``...`` stands for any lines, ``…`` for
  any part of a line. Times and durations may differ.
- ``json`` and ``toml``: a file. Its name ends the line before: ```release.json`:``.
"""

import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "docs/guides"
GUIDES = sorted(FOLDER.glob("*.md"))
# A release id is used once. The guides use this day in their ids; each run replaces it.
DAY = "2026.11.22"

_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_FILE_NAME = re.compile(r"`([\w.-]+)`:$")
_EXITS = re.compile(r"<!-- exits with (\d+) -->")
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_PLACEHOLDERS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<time>"),
    (re.compile(r"\b\d+:\d\d(:\d\d)?\b"), "<duration>"),
)


class GuideError(Exception):
    """A guide cannot be run; the message names file and line."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that the reader writes."""

    name: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """A fence of commands: its exit code, why it is not run, and its output."""

    line: int
    code: str
    exits: int = 0
    not_run: str | None = None
    prints: str | None = None


def read(guide: Path) -> list[File | Command]:
    """Return the files and commands of a guide, in order.

    Raises GuideError for another kind of fence, a file without a name, and an output without a
    command.
    """
    text = guide.read_text(encoding="utf-8")
    steps: list[File | Command] = []
    ended = 0
    for fence in _FENCE.finditer(text):
        line = text.count("\n", 0, fence.start()) + 1
        before, ended = text[ended : fence.start()], fence.end()
        kind, content = fence[1], fence[2]
        last = before.rstrip().rpartition("\n")[2]
        if kind == "sh":
            steps.append(_command(line, content, mark=last))
        elif kind == "text" and steps and isinstance(steps[-1], Command) and not before.strip():
            steps[-1] = replace(steps[-1], prints=content)
        elif kind in {"json", "toml"} and (name := _FILE_NAME.search(last)):
            steps.append(File(name=name[1], content=content))
        else:
            raise GuideError(f"{guide.name}:{line}: an unknown kind of fence: {kind!r}")
    return steps


def on_a_day_of_its_own(guide: Path, target: Path) -> Path:
    """Copy a guide with release ids that no other run has used; return the copy."""
    digits = f"{secrets.randbelow(10**8):08}"
    day = f"{digits[:4]}.{digits[4:6]}.{digits[6:]}"
    copy = target / guide.name
    copy.write_text(guide.read_text(encoding="utf-8").replace(DAY, day), encoding="utf-8")
    return copy


def is_as_expected(printed: str, expected: str) -> bool:
    """Return whether the output is the one that the guide shows."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else _pattern(line) + r"\n" for line in _normal(expected)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _normal(printed))) is not None


def _command(line: int, code: str, *, mark: str) -> Command:
    exits, not_run = _EXITS.fullmatch(mark), _NOT_RUN.fullmatch(mark)
    return Command(
        line=line,
        code=code,
        exits=int(exits[1]) if exits else 0,
        not_run=not_run[1] if not_run else None,
    )


def _normal(text: str) -> list[str]:
    """Return the lines that are not empty, without times and durations."""
    for pattern, placeholder in _PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    return [line for each in text.splitlines() if (line := " ".join(each.split()))]


def _pattern(line: str) -> str:
    return ".*".join(re.escape(piece) for piece in line.split("…"))
