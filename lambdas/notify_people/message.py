"""What people are told about one event, before it is written for e-mail, chat or SMS."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from notify_people.texts import Line
from release_core.immutable import Immutable


class Severity(StrEnum):
    """Whether a person has to act; the values of the attribute ``severity``."""

    INFO = "info"
    ACTION = "action"
    WARNING = "warning"
    ERROR = "error"


class Failure(Immutable):
    """A pipeline or approval that did not succeed; ``place`` is its stage and action, if known."""

    pipeline: str
    place: Line
    reason: str
    link: str | None = None


class Event(Immutable):
    """An event of the release machine, with every text in one visible line.

    ``seconds`` is how long the release has taken so far. ``raw`` is the event as EventBridge sent
    it, ``detail`` its detail.
    """

    type: str
    event_id: str
    at: str
    account: str
    region: str
    deployment: str
    release_id: str
    attempt: int | None
    status: str
    execution_arn: str
    requester: str
    seconds: int | None
    counts: Mapping[str, int]
    failures: tuple[Failure, ...]
    next_command: str | None
    console: str | None
    detail: Mapping[str, Any] = field(repr=False)
    raw: Mapping[str, Any] = field(repr=False)


class Message(Immutable):
    """The parts of a message, in the order in which people read them.

    ``headline`` says the outcome and names the release. ``facts`` say more about it, ``failures``
    what failed, where and why; ``more_failures`` is how many others there are. ``asked`` says who
    asked for the release and how long it took. ``names`` (what it is about) and ``reason`` are for
    small screens.
    """

    event: Event
    severity: Severity
    headline: Line
    facts: tuple[Line, ...] = ()
    failures: tuple[Failure, ...] = ()
    more_failures: int = 0
    asked: Line = ()
    names: tuple[str, ...] = ()
    reason: Line = ()
