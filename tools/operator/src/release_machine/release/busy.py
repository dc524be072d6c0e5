"""A release that waits for pipelines that other releases hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from release_core.ledger.reader import LedgerReader

# The workflow's state while it waits. Its entry is among the latest events of the history.
STATE = "WaitForPipelines"
_EVENTS_READ = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A pipeline and the release that holds it."""

    pipeline: str
    release_id: str
    execution_arn: str
    since: datetime | None

    def __str__(self) -> str:
        """Who holds the pipeline since when, in a few words."""
        since = f" since {clock_time(self.since)}" if self.since else ""
        return f"{self.pipeline} is held by release {self.release_id}{since}"


class BusyPipelines:
    """Tells which pipelines a workflow execution waits for before it opens its release."""

    def __init__(self, *, sfn: SFNClient, ledger: LedgerReader) -> None:
        self._sfn = sfn
        self._ledger = ledger

    def waited_for(self, execution_arn: str, pipelines: Sequence[str]) -> list[Hold]:
        """The pipelines that other executions hold, if this execution waits for pipelines."""
        if not self._waits(execution_arn):
            return []
        holders = self._ledger.lock_holders(pipelines)
        return [
            Hold(
                pipeline=name,
                release_id=holders[name].release_id,
                execution_arn=holders[name].execution_arn,
                since=holders[name].since,
            )
            for name in pipelines
            if name in holders and holders[name].execution_arn != execution_arn
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
