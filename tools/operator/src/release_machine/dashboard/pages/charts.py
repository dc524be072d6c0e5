"""Small charts: how far a release is, and how a number was in each period of a window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from release_machine.report.markup import Content, Markup, element
from release_machine.report.statuses import tone

HEIGHT, LEAST = 44, 3  # pixels
_GAP = 0.22  # of the width of a bar with its gap
_TONES = ("good", "bad", "stop", "run", "wait")


def progress(statuses: Iterable[str]) -> Markup:
    """One line with a part for the pipelines of each kind: succeeded first, waiting last."""
    found = list(statuses)
    counts = Counter(map(tone, found))
    said = ", ".join(f"{count} {status}" for status, count in Counter(found).items())
    parts: list[Content] = []
    done = 0
    for kind in _TONES:
        if count := counts[kind]:
            parts.append(
                element(
                    "rect",
                    class_=f"share {kind}",
                    x=_percent(done / len(found)),
                    width=_percent(count / len(found)),
                    height=6,
                )
            )
            done += count
    return element(
        "svg", parts, class_="progress", height=6, role="img", aria_label=said or "nothing yet"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A period of a window: its value, the part of it that is ``bad``, and both in words."""

    value: float
    bad: float = 0
    words: str


def bars(found: Sequence[Bar], *, about: str, height: int = HEIGHT) -> Markup:
    """A bar for each period, the oldest first; a period without a value has a line.

    ``about`` says in words what the bars show, ``height`` is in pixels.
    """
    most = max((each.value for each in found), default=0) or 1
    step = 1 / max(1, len(found))
    drawn = []
    for number, each in enumerate(found):
        left = _percent(number * step + step * _GAP / 2)
        across = {"x": left, "width": _percent(step * (1 - _GAP))}
        drawn.append(element("g", element("title", each.words), _bar(each, across, height, most)))
    return element("svg", drawn, class_="bars", height=height, role="img", aria_label=about)


def _bar(bar: Bar, across: dict[str, str], height: int, most: float) -> Content:
    if not bar.value:
        return _rect(across, height - 1, 1, "none")
    whole = max(LEAST, height * bar.value / most)
    bad = max(LEAST, height * bar.bad / most) if bar.bad else 0
    return [
        _rect(across, height - whole, whole - bad, "all") if whole > bad else None,
        _rect(across, height - bad, bad, "bad") if bad else None,
    ]


def _rect(across: dict[str, str], top: float, height: float, kind: str) -> Markup:
    return element("rect", class_=kind, y=f"{top:.1f}", height=f"{height:.1f}", rx=1, **across)


def _percent(share: float) -> str:
    return f"{100 * share:.3f}".rstrip("0").rstrip(".") + "%"
