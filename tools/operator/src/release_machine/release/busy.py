"""A release that waits for pipelines which other releases hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING

from release_core.clock import from_iso
from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_stepfunctions import SFNClient

# The state of the workflow in which it waits, and how far back its entry can lie in the history.
STATE = "WaitForPipelines"
_EVENTS_READ = 20
_KEYS_OF_ONE_READ = 100  # as BatchGetItem takes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A pipeline and the release that drives it now."""

    pipeline: str
    release_id: str
    execution_arn: str
    since: datetime

    def __str__(self) -> str:
        """Who holds what since when, in a few words."""
        held = f"{self.pipeline} is held by release {self.release_id}"
        return f"{held} since {clock_time(self.since)}"


class BusyPipelines:
    """Says what an execution waits for while it cannot open its release."""

    def __init__(self, *, sfn: SFNClient, dynamodb: DynamoDBClient, pipelines_table: str) -> None:
        self._sfn = sfn
        self._dynamodb = dynamodb
        self._table = pipelines_table

    def waited_for(self, execution_arn: str, pipelines: Sequence[str]) -> list[Hold]:
        """The pipelines that others hold, if the execution waits for such."""
        if not self._waits(execution_arn):
            return []
        return [hold for hold in self._holds(pipelines) if hold.execution_arn != execution_arn]

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

    def _holds(self, pipelines: Sequence[str]) -> list[Hold]:
        holds: list[Hold] = []
        for names in batched(pipelines, _KEYS_OF_ONE_READ, strict=False):
            # What is left unread under load is read by the next look.
            items = self._dynamodb.batch_get_item(
                RequestItems={
                    self._table: {
                        "Keys": [{"pipeline": {"S": name}} for name in names],
                        # Not the tokens of those who wait: they can wake a release.
                        "ProjectionExpression": "pipeline, held_by, held_for, held_since",
                        "ConsistentRead": True,
                    }
                }
            )["Responses"].get(self._table, [])
            holds += [
                Hold(
                    pipeline=item["pipeline"]["S"],
                    release_id=item["held_for"]["S"],
                    execution_arn=item["held_by"]["S"],
                    since=from_iso(item["held_since"]["S"]),
                )
                for item in items
                if "held_by" in item
            ]
        return sorted(holds, key=lambda hold: pipelines.index(hold.pipeline))


def pipeline_names(manifest: bytes | str) -> list[str]:
    """The pipelines that a manifest names, as far as it can be read; nothing is judged here."""
    try:
        entries = json.loads(manifest)["pipelines"]
        named = [entry if isinstance(entry, str) else entry["name"] for entry in entries]
    except (ValueError, KeyError, TypeError):
        return []
    return list(dict.fromkeys(name for name in named if isinstance(name, str)))
