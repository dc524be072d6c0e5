"""Where in a JSON text each value stands; the json module tells that of syntax errors only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from json import JSONDecoder

from release_core.problems import Place

_TOKEN = re.compile(r'[ \t\n\r]*(?:([{}\[\],:])|(")|([^ \t\n\r{}\[\],:"]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A line and column, both counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class _Frame:
    """An object or array that is being read, and the key or index that it has come to."""

    part: str | int
    awaits_key: bool


@dataclass(slots=True)
class _Scan:
    starts: dict[Place, int] = field(default_factory=dict)
    repeated: list[tuple[Place, int]] = field(default_factory=list)
    frames: list[_Frame] = field(default_factory=list)

    def value(self, start: int) -> None:
        """A value begins; that of a member has its place from its key."""
        if not self.frames or isinstance(self.frames[-1].part, int):
            self.starts[self._place()] = start

    def key(self, name: str, start: int) -> None:
        self.frames[-1] = _Frame(part=name, awaits_key=False)
        place = self._place()
        if place in self.starts:
            self.repeated.append((place, start))
        self.starts.setdefault(place, start)

    def punctuation(self, sign: str, start: int) -> None:
        match sign:
            case "{" | "[":
                self.value(start)
                self.frames.append(_Frame(part="" if sign == "{" else 0, awaits_key=sign == "{"))
            case "}" | "]":
                self.frames.pop()
            case ",":
                part = self.frames[-1].part
                self.frames[-1] = (
                    _Frame(part=part + 1, awaits_key=False)
                    if isinstance(part, int)
                    else _Frame(part="", awaits_key=True)
                )

    def _place(self) -> Place:
        return tuple(frame.part for frame in self.frames)


class JsonPlaces:
    """The positions of a text that is JSON, though it may repeat keys."""

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
                said, at = decoder.raw_decode(text, start)
                if scan.frames and scan.frames[-1].awaits_key:
                    scan.key(said, start)
                else:
                    scan.value(start)
            else:
                scan.value(start)
        self._starts: Mapping[Place, int] = scan.starts
        self._repeated = scan.repeated

    @property
    def repeated(self) -> list[tuple[Place, Position]]:
        """Each key that its object has had before."""
        return [(place, self._position(start)) for place, start in self._repeated]

    def find(self, place: Place) -> Position:
        """Where the key of a member stands, or an array's value; else the nearest one around it."""
        while place and place not in self._starts:
            place = place[:-1]
        return self._position(self._starts.get(place, 0))

    def _position(self, start: int) -> Position:
        line = self._text.count("\n", 0, start) + 1
        return Position(line=line, column=start - self._text.rfind("\n", 0, start))
