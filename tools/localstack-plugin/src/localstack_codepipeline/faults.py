"""Faults to inject: events lost or delayed, operations rejected or late, runs that fail.

A fault is a JSON object. It fires where every member it gives matches; a member it leaves out
matches anything. It fires `times` times. If several faults match, the oldest one fires.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack_codepipeline.bucket import Bucket
from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.execution import events
from localstack_codepipeline.model.service import OPERATIONS, READS

MOST_TIMES = 1_000_000
EVENT_TYPES = (events.PIPELINE_EVENT, events.STAGE_EVENT, events.ACTION_EVENT)


class InvalidFaultError(ValueError):
    """The fault is not valid; the message names every mistake."""


@dataclass(slots=True)
class Fault:
    """An active fault: the request with its defaults, and how often it has fired.

    A fault with a bucket does not fire while the bucket lets calls through.
    """

    id: str
    kind: str
    effect: str
    given: Json
    since: datetime
    bucket: Bucket | None = None
    fired: int = 0

    def shown(self) -> Json:
        """Return the fault as the endpoint shows it."""
        return {"id": self.id, **self.given, "fired": self.fired}

    def fires(self, kind: str, facts: Mapping[str, str], *, now: datetime) -> bool:
        """Tell whether the fault fires for these facts; a call takes a token of its bucket."""
        if kind != self.kind or self.fired >= self.given["times"] or not self.matches(facts):
            return False
        return self.bucket is None or not self.bucket.take(now)

    def shows(self, now: datetime) -> datetime:
        """Return the moment that a stale read shows; never one before the fault was added."""
        if "seconds" not in self.given:
            return self.since
        return max(self.since, now - timedelta(seconds=self.given["seconds"]))

    def matches(self, facts: Mapping[str, str]) -> bool:
        """Tell whether the facts match, even if the fault has fired `times` times."""
        return all(self.given.get(name) in (None, fact) for name, fact in facts.items())


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "must be a string that is not empty"


def _one_of(*values: str) -> Callable[[Any], str | None]:
    return lambda value: None if value in values else f"must be one of: {', '.join(values)}"


def _whole(low: int, high: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and low <= value <= high else f"must be a whole number {low}..{high}"

    return check


def _seconds(value: Any) -> str | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if number and 0 <= value <= 86_400 else "must be a number of seconds 0..86400"


_ALWAYS = {"times": _whole(1, MOST_TIMES), "pipeline": _text}
_EVENT = _ALWAYS | {"detailType": _one_of(*EVENT_TYPES), "state": _text}
_API = _ALWAYS | {"operation": _one_of(*OPERATIONS), "when": _one_of("before", "after")}
_RATE = {"perMinute": _whole(1, 60_000), "burst": _whole(1, 60_000)}
_LIMIT = _ALWAYS | {"operation": _one_of(*OPERATIONS)} | _RATE
_STALE = _ALWAYS | {"operation": _one_of(*READS), "seconds": _seconds}
_ACTION = _ALWAYS | {"stage": _text, "action": _text}
_RULE = _ALWAYS | {"stage": _text, "rule": _text}
_FAILURE = {"code": _text, "message": _text}
_RESULT = _FAILURE | {"summary": _text, "url": _text}

# The members of each kind of fault, and their checks. The README of this package describes them.
MEMBERS: dict[tuple[str, str], dict[str, Callable[[Any], str | None]]] = {
    ("event", "lose"): _EVENT,
    ("event", "double"): _EVENT,
    ("event", "delay"): _EVENT | {"seconds": _seconds},
    ("event", "reorder"): _EVENT,
    ("api", "throttle"): _API,
    ("api", "limit"): _LIMIT,
    ("api", "fail"): _API | _FAILURE | {"status": _whole(400, 599)},
    ("api", "stale"): _STALE,
    ("action", "fail"): _ACTION | _RESULT,
    ("action", "delay"): _ACTION | {"seconds": _seconds},
    ("action", "hide token"): _ACTION | {"seconds": _seconds},
    ("rule", "fail"): _RULE | _RESULT,
    ("rule", "delay"): _RULE | {"seconds": _seconds},
    ("update", "strand"): _ALWAYS,
}
REQUIRED = {
    ("event", "delay"): ("seconds",),
    ("api", "throttle"): ("operation",),
    ("api", "limit"): ("operation", "perMinute", "burst"),
    ("api", "fail"): ("operation", "code"),
    ("api", "stale"): ("operation",),
    ("action", "fail"): ("code",),
    ("action", "delay"): ("seconds",),
    ("action", "hide token"): ("seconds",),
    ("rule", "fail"): ("code",),
    ("rule", "delay"): ("seconds",),
}


def read_fault(given: Any, *, fault_id: str, now: datetime) -> Fault:
    """Return the fault that a JSON document describes; raises InvalidFaultError."""
    if not isinstance(given, dict):
        raise InvalidFaultError("a fault must be a JSON object")
    form = (str(given.get("kind")), str(given.get("effect")))
    if form not in MEMBERS:
        known = ", ".join(f"{kind}/{effect}" for kind, effect in MEMBERS)
        raise InvalidFaultError(f"kind and effect must be one of: {known}")
    members = MEMBERS[form]
    rest = {name: value for name, value in given.items() if name not in ("kind", "effect")}
    wrong = [f"{name}: unknown" for name in rest if name not in members]
    wrong += [f"{name}: missing" for name in REQUIRED.get(form, ()) if name not in rest]
    for name, check in members.items():
        if name in rest and (reason := check(rest[name])):
            wrong.append(f"{name}: {reason}")
    if wrong:
        raise InvalidFaultError("; ".join(wrong))
    is_limit = form == ("api", "limit")
    defaults: Json = {"times": MOST_TIMES if is_limit else 1}
    if "when" in members:
        defaults["when"] = "before"
    bucket = Bucket(given["perMinute"], given["burst"], since=now) if is_limit else None
    return Fault(fault_id, *form, given=defaults | given, since=now, bucket=bucket)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Faults:
    """All active faults, for all accounts and Regions; thread-safe."""

    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._made = 0

    def add(self, given: Any) -> Json:
        """Add a fault and return it as the endpoint shows it; raises InvalidFaultError."""
        with self._lock:
            fault = read_fault(given, fault_id=f"fault-{self._made + 1}", now=self._clock())
            self._made += 1
            self._faults[fault.id] = fault
            return fault.shown()

    def shown(self) -> list[Json]:
        """Return all faults, including those that have fired `times` times."""
        with self._lock:
            return [fault.shown() for fault in self._faults.values()]

    def any(self, effect: str) -> bool:
        """Tell whether there is a fault with this effect, even if it has fired `times` times."""
        with self._lock:
            return any(fault.effect == effect for fault in self._faults.values())

    def remove(self, fault_id: str | None = None) -> list[str]:
        """Remove one fault, or all, and return the ids of the removed ones."""
        with self._lock:
            gone = [one for one in self._faults if fault_id in (None, one)]
            for one in gone:
                del self._faults[one]
            return gone

    def take(self, kind: str, **facts: str) -> Fault | None:
        """Return the fault that fires for these facts, or None, and count it."""
        with self._lock:
            now = self._clock()
            for fault in self._faults.values():
                if fault.fires(kind, facts, now=now):
                    fault.fired += 1
                    return fault
        return None
