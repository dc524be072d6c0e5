"""Reads a report as the parser of a browser does: elements, text and links."""

from dataclasses import replace
from html.parser import HTMLParser

from release_core.domain.release import Release
from release_machine.release.model import Snapshot
from release_machine.report import html
from tools.operator.tests.samples.made_release import REGION

VOID = {"meta", "link", "input", "br", "wbr"}


class Page(HTMLParser):
    """The content of a page; raises AssertionError for elements that are not nested."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self._goes_on = self._in_text = False
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element; a text continues in a part of a long word, and after it."""
        is_part = ("class", "part") in attrs
        self._goes_on = tag == "wbr" or (is_part and (self._goes_on or self._in_text))
        self._in_text = False
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append("part" if is_part else tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the open element."""
        closed = self._open.pop()
        assert closed == tag or (closed, tag) == ("part", "span")
        self._goes_on = closed == "part"
        self._in_text = False

    def handle_data(self, data: str) -> None:
        """Take a text, except that of the style sheet."""
        if self._goes_on:
            self.texts[-1] += data
        elif self._open and self._open[-1] != "style":
            self.texts.append(data)
        self._goes_on, self._in_text = False, True

    @property
    def text(self) -> str:
        """All text, in order, with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, in all elements."""
        return [found[attribute] for _, found in self.elements if attribute in found]

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element with that tag."""
        return [found for name, found in self.elements if name == tag]


def read(seen: Snapshot, region: str | None = REGION) -> Page:
    """The page of a snapshot."""
    return Page(html(seen, console_region=region))


def with_release(seen: Snapshot, **changed: object) -> Page:
    """The page of a snapshot with changes in its release."""
    made: Release = replace(seen.release, **changed)  # type: ignore[arg-type] # any field
    return read(replace(seen, release=made))
