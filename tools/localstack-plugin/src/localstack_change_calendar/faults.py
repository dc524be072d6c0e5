"""Faults to inject: calls refused or late, events lost.

A fault is a JSON object. It fires for each call or event whose calendar it names, or for all if it
names none, until it has fired `times` times (default 1). The oldest fault that matches fires.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

type Json = dict[str, Any]


class InvalidFaultError(ValueError):
    """The fault is not valid; the message names every mistake."""


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "effect": (_text, "a string"),
    "calendar": (_text, "the name of a document"),
    "times": (_number(1, 1_000_000), "a number 1..1000000"),
    "code": (_text, "a string"),
    "message": (_text, "a string"),
    "status": (_number(400, 599), "a number 400..599"),
    "seconds": (_number(0, 3600), "a number 0..3600"),
}
# The members of each effect, beside those that every fault has.
EFFECTS = {
    "throttle": (),
    "fail": ("code", "message", "status"),
    "delay": ("seconds",),
    "lose event": (),
}
_REQUIRED = {"fail": ("code",), "delay": ("seconds",)}


class Faults:
    """All active faults; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Json] = []

    def add(self, given: Any) -> Json:
        """Add a fault and return it; raises InvalidFaultError."""
        effect = given.get("effect") if isinstance(given, dict) else None
        if effect not in EFFECTS:
            raise InvalidFaultError(f"effect must be one of: {', '.join(EFFECTS)}")
        known = {"effect", "calendar", "times", *EFFECTS[effect]}
        wrong = [f"{name}: unknown" for name in given if name not in known]
        wrong += [f"{name}: missing" for name in _REQUIRED.get(effect, ()) if name not in given]
        for name, (check, wanted) in _CHECKS.items():
            if name in given and not check(given[name]):
                wrong.append(f"{name}: must be {wanted}")
        if wrong:
            raise InvalidFaultError("; ".join(wrong))
        fault = {"times": 1, **given, "fired": 0}
        with self._lock:
            self._faults.append(fault)
        return dict(fault)

    def shown(self) -> list[Json]:
        """All faults, and how often each has fired."""
        with self._lock:
            return [dict(fault) for fault in self._faults]

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, calendars: Sequence[str], *effects: str) -> Json | None:
        """The fault with one of these effects that fires for these calendars, or None."""
        with self._lock:
            for fault in self._faults:
                matches = fault["effect"] in effects and fault.get("calendar") in {None, *calendars}
                if matches and fault["fired"] < fault["times"]:
                    fault["fired"] += 1
                    return dict(fault)
        return None
