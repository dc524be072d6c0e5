"""The positions of the values in a JSON text; the json module has those of syntax errors only."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecoder

from release_core.problems import Place
from release_core.strict_json import too_many_digits

# Deeper values have the place of the value around them: no manifest is as deep, and all places of
# a text of many brackets would take too much memory.
_DEEPEST = 32
_NOT_NUMBERS = {"NaN", "Infinity", "-Infinity"}
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
        """Record where a value begins; the place of a member begins at its key."""
        if not self.frames or isinstance(self.frames[-1].part, int):
            self.starts.setdefault(self._place(), start)

    def key(self, name: str, start: int) -> None:
        frame = self.frames[-1]
        frame.part, frame.awaits_key = name, False
        if name in frame.keys:
            self._refuse(start, "repeated key; keep one of them")
        frame.keys.add(name)
        self.starts.setdefault(self._place(), start)

    def literal(self, literal: str, start: int) -> None:
        self.value(start)
        if literal in _NOT_NUMBERS:
            self._refuse(start, f"{literal} is not a JSON number")
        elif literal.removeprefix("-").isdigit() and (problem := too_many_digits(literal)):
            self._refuse(start, problem)

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
    """The positions in a text that the json module reads: JSON, repeated keys and NaN."""

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
        """The problems that the json module accepts: repeated keys and numbers that JSON lacks."""
        for place, start, says in self._unusable:
            yield place, self._position(start), says

    def find(self, place: Place) -> Position:
        """The position of a member's key or of an array's value, or of the value around it."""
        while place and place not in self._starts:
            place = place[:-1]
        return self._position(self._starts.get(place, 0))

    def _position(self, start: int) -> Position:
        line = self._text.count("\n", 0, start) + 1
        return Position(line=line, column=start - self._text.rfind("\n", 0, start))
