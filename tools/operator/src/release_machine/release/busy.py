"""A release that waits for pipelines that other releases hold, or that came first for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from release_core.domain.queue import Lock, Place, Rival
from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from release_core.ledger.reader import LedgerReader

# The workflow's state while it waits. Its entry is among the latest events of the history.
STATE = "WaitForPipelines"
_EVENTS_READ = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A pipeline and the release that holds it, or that ``waits`` for it and came first."""

    pipeline: str
    release_id: str
    execution_arn: str
    since: datetime | None
    waits: bool = False

    def __str__(self) -> str:
        """Who holds the pipeline, or waits for it, since when, in a few words."""
        since = f" since {clock_time(self.since)}" if self.since else ""
        does = "is first reserved for" if self.waits else "is held by"
        return f"{self.pipeline} {does} release {self.release_id}{since}"


class BusyPipelines:
    """Tells which pipelines a workflow execution waits for before it opens its release."""

    def __init__(self, *, sfn: SFNClient, ledger: LedgerReader) -> None:
        self._sfn = sfn
        self._ledger = ledger

    def waited_for(self, execution_arn: str, pipelines: Sequence[str]) -> list[Hold]:
        """The pipelines that this execution waits for, each with the first release ahead of it."""
        if not self._waits(execution_arn):
            return []
        locks = self._ledger.get_locks(pipelines).values()
        ahead = {each.pipeline: _first_ahead(each, execution_arn) for each in locks}
        return [
            Hold(
                pipeline=name,
                release_id=rival.release_id,
                execution_arn=rival.execution_arn,
                since=rival.since,
                waits=isinstance(rival, Place),
            )
            for name, rival in ahead.items()
            if rival
        ]

    def _waits(self, execution_arn: str) -> bool:
        events = self._sfn.get_execution_history(
            executionArn=execution_arn, reverseOrder=True, maxResults=_EVENTS_READ
        )["events"]
        entered = (
            event["stateEnteredEventDetails"]["name"]
            for event in events
            if "stateEnteredEventDetails" in event
        )
        return next(entered, None) == STATE


def _first_ahead(lock: Lock, execution_arn: str) -> Rival | None:
    """The release that an execution waits for; without a place yet it waits for the holder."""
    if lock.holder and lock.holder.execution_arn != execution_arn:
        return lock.holder
    mine = next((each for each in lock.queue if each.execution_arn == execution_arn), None)
    return next(lock.ahead(mine), None) if mine else None
