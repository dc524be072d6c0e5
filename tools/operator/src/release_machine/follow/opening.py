"""How a workflow execution begins: a new release, an existing release, or a rejection."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from release_core.clock import Clock
from release_core.domain.release import Release
from release_machine.deployment.aws_problems import explained
from release_machine.errors import UnreachableError
from release_machine.follow.connection import Connection
from release_machine.follow.events import Event, ReleaseWaits
from release_machine.follow.pace import Pace
from release_machine.release.busy import Reason
from release_machine.release.remedies import after_rejection

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from release_core.ledger.history import HistoryReader

# Opening usually takes two seconds. Only after more looks the reason for waiting is read.
_LOOKS_WITHOUT_REASON = 3
RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The execution opened this release."""

    release_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyReleased:
    """The same manifest has already opened this release."""

    release_id: str
    released_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Nothing was opened. ``error`` is the name of an error of the release machine or of AWS.

    ``at`` is the time of the rejection.
    """

    error: str
    cause: str
    at: datetime | None = None

    @classmethod
    def of(cls, recorded: Release) -> Rejected:
        """The rejection that the ledger has recorded."""
        error, _, cause = (recorded.why or "").partition(": ")
        return cls(error=error, cause=cause, at=recorded.closed_at)

    def __str__(self) -> str:
        """Error and cause, as Step Functions shows them."""
        return f"{self.error}: {self.cause}"

    def next_step(self, release_id: str | None) -> str:
        """What to do now; ``release_id`` is the release in question, if it is known."""
        return after_rejection(self.error, self.cause, release_id=release_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The manifest was a dry run without problems; this is its plan."""

    plan: Mapping[str, Any]


# The answer of an execution that opened nothing new.
Answer: TypeAlias = AlreadyReleased | Rejected | Planned
Opening: TypeAlias = Opened | Answer


def await_opening(
    execution_arn: str,
    *,
    look: Callable[[], Opening | None],
    waited_for: Callable[[], list[Reason]],
    show: Callable[[list[Event]], None],
    wait: Callable[[float], None],
    clock: Clock,
    detach: bool,
) -> Opening | ReleaseWaits:
    """Look until the release is opened or the execution has ended, with longer pauses.

    What it waits for is shown whenever that changes; with ``detach`` it is the answer. Raises
    UnreachableError when AWS does not answer for long, or, with ``detach``, when the reason cannot
    be read; single failed looks are only shown.
    """
    pace = Pace()
    known: list[Reason] = []
    looks = 0
    connection = Connection(clock)
    while True:
        try:
            with explained():
                opening = look()
        except UnreachableError as error:
            pace.missed(error)
            show([connection.failed(error)])
        else:
            if opening is not None:
                show([*connection.reached()])
                return opening
            holds, unread = known, None
            if looks >= _LOOKS_WITHOUT_REASON:
                try:
                    with explained():
                        holds = waited_for()
                except UnreachableError as error:
                    if detach:
                        raise
                    unread = error
            # That the reason cannot be read is shown once.
            events: list[Event] = [] if unread else [*connection.reached()]
            if unread and not connection.lost:
                events.append(connection.failed(unread))
            waits = ReleaseWaits(execution_arn, holds) if holds != known else None
            show([*events, waits] if waits else events)
            if holds and waits and detach:
                return waits
            pace.looked(changed=waits is not None)
            known = holds
        looks += 1
        wait(pace.pause)


def opening_of(execution_arn: str, *, sfn: SFNClient, ledger: HistoryReader) -> Opening | None:
    """Look once at the opening of an execution; None while it is not decided."""
    # In this order: an execution that has ended wrote its pointer before the pointer is read.
    execution = sfn.describe_execution(executionArn=execution_arn)
    status = execution["status"]
    if status == SUCCEEDED:
        output = _json_object(execution.get("output", ""))
        if "criticalPath" in output:
            return Planned(plan=output)
        if output.get("released_by"):
            return AlreadyReleased(
                release_id=str(output["release_id"]), released_by=str(output["released_by"])
            )
    release_id = ledger.release_opened_by(execution_arn)
    if release_id is not None:
        return Opened(release_id=release_id)
    if status != RUNNING:
        return Rejected(
            error=execution.get("error") or status,
            cause=execution.get("cause") or f"the execution ended {status} before it opened",
            at=execution.get("stopDate"),
        )
    return None


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
