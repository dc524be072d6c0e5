"""Reads a guide of docs/guides: the files it writes, the commands it gives, and what they print.

A guide is Markdown with these fences, and no others:

- ``sh``: commands, run as they stand. A comment before the fence marks what is special:
  ``<!-- exits with 1 -->``, or ``<!-- not run: REASON -->``.
- ``text``: what the commands right above print. A line ``...`` stands for any lines, ``…`` for any
  part of a line; times and durations may differ.
- ``json`` and ``toml``: the file whose name ends the line before: ```release.json`:``.
"""

import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "docs/guides"
GUIDES = sorted(FOLDER.glob("*.md"))
# A release id is used once. The guides' releases are all of this day; each run has one of its own.
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
    """A guide has something that cannot be run; the message names file and line."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that the guide has its reader write."""

    name: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """A fence of commands: how it ends, why it is not run, and what it prints."""

    line: int
    code: str
    exits: int = 0
    not_run: str | None = None
    prints: str | None = None


def read(guide: Path) -> list[File | Command]:
    """The files and commands of a guide, in order.

    Raises GuideError for a fence of another kind, a file without a name, and an output of nothing.
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
            raise GuideError(f"{guide.name}:{line}: a fence '{kind}' that means nothing here")
    return steps


def on_a_day_of_its_own(guide: Path, target: Path) -> Path:
    """Copy a guide, with releases that no other run of it has had; answers the copy."""
    digits = f"{secrets.randbelow(10**8):08}"
    day = f"{digits[:4]}.{digits[4:6]}.{digits[6:]}"
    copy = target / guide.name
    copy.write_text(guide.read_text(encoding="utf-8").replace(DAY, day), encoding="utf-8")
    return copy


def is_as_expected(printed: str, expected: str) -> bool:
    """Whether a command has printed what its guide shows."""
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
    """The lines that say something, without what differs from run to run."""
    for pattern, placeholder in _PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    return [line for each in text.splitlines() if (line := " ".join(each.split()))]


def _pattern(line: str) -> str:
    return ".*".join(re.escape(piece) for piece in line.split("…"))
