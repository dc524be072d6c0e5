"""The position of each value in a JSON text, which the json module does not report."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecoder

from release_core.problems import Place

# Deeper values get the position of the value around them: a manifest is not as deep, and the
# places of a text of nothing but brackets would need too much memory.
_DEEPEST = 32
_NO_NUMBERS = {"NaN", "Infinity", "-Infinity"}
_TOKEN = re.compile(r'[ \t\n\r]*(?:([{}\[\],:])|(")|([^ \t\n\r{}\[\],:"]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A line and column, both counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class _Frame:
    """An object or array that is being read, and its current key or index."""

    part: str | int
    awaits_key: bool
    keys: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Scan:
    starts: dict[Place, int] = field(default_factory=dict)
    unusable: list[tuple[Place, int, str]] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)

    def value(self, start: int) -> None:
        """A value begins; the value of an object member has the position of its key."""
        if not self.frames or isinstance(self.frames[-1].part, int):
            self.starts.setdefault(self._place(), start)

    def key(self, name: str, start: int) -> None:
        frame = self.frames[-1]
        frame.part, frame.awaits_key = name, False
        if name in frame.keys:
            self._refuse(start, "the object already has this key")
        frame.keys.add(name)
        self.starts.setdefault(self._place(), start)

    def literal(self, literal: str, start: int) -> None:
        self.value(start)
        most = sys.get_int_max_str_digits()
        if literal in _NO_NUMBERS:
            self._refuse(start, f"{literal} is not a JSON number")
        elif len(digits := literal.removeprefix("-")) > most > 0 and digits.isdigit():
            self._refuse(start, f"an integer has at most {most:,} digits")

    def punctuation(self, sign: str, start: int) -> None:
        match sign:
            case "{" | "[":
                self.value(start)
                self.frames.append(_Frame(part="" if sign == "{" else 0, awaits_key=sign == "{"))
            case "}" | "]":
                self.frames.pop()
            case ",":
                frame = self.frames[-1]
                if isinstance(frame.part, int):
                    frame.part += 1
                else:
                    frame.awaits_key = True

    def _refuse(self, start: int, says: str) -> None:
        self.unusable.append((self._place(), start, says))

    def _place(self) -> Place:
        return tuple(frame.part for frame in self.frames[:_DEEPEST])


class JsonPlaces:
    """The positions in a text that the json module reads, which accepts repeated keys and NaN."""

    def __init__(self, text: str) -> None:
        self._text = text
        scan, decoder = _Scan(), JSONDecoder()
        at = 0
        while token := _TOKEN.match(text, at):
            sign, quote, _ = token.groups()
            start, at = token.start(token.lastindex or 0), token.end()
            if sign:
                scan.punctuation(sign, start)
            elif quote:
                text_read, at = decoder.raw_decode(text, start)
                if scan.frames and scan.frames[-1].awaits_key:
                    scan.key(text_read, start)
                else:
                    scan.value(start)
            else:
                scan.literal(text[start:at], start)
        self._starts: Mapping[Place, int] = scan.starts
        self._unusable = scan.unusable

    @property
    def unusable(self) -> Iterator[tuple[Place, Position, str]]:
        """Each repeated key and each invalid number, with place, position and message."""
        for place, start, says in self._unusable:
            yield place, self._position(start), says

    def find(self, place: Place) -> Position:
        """The position of a key or array value, otherwise of the nearest value around it."""
        while place and place not in self._starts:
            place = place[:-1]
        return self._position(self._starts.get(place, 0))

    def _position(self, start: int) -> Position:
        line = self._text.count("\n", 0, start) + 1
        return Position(line=line, column=start - self._text.rfind("\n", 0, start))
