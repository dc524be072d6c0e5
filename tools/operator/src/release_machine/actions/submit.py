"""Drops a manifest in the bucket and finds the execution that it started."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release_core.manifest.requests import REQUESTED_BY
from release_machine.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

DEADLINE = timedelta(seconds=90)
# This machine's clock and AWS's may differ by so much.
CLOCK_SKEW = timedelta(minutes=5)
_PAUSE_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """One version of one object in the manifest bucket."""

    bucket: str
    key: str
    version_id: str | None
    at: datetime

    @property
    def address(self) -> str:
        """The object as people and the AWS CLI write it."""
        return f"s3://{self.bucket}/{self.key}"


def drop_manifest(content: bytes, *, name: str, bucket: str, caller: str, s3: S3Client) -> Drop:
    """Put the manifest under a key of its own ending in .json, which starts the machine.

    The caller goes on record with it.
    """
    at = datetime.now(UTC)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).stem).strip("-.")[:80] or "manifest"
    key = f"{stem}-{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.json"
    answer = s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=content,
        ContentType="application/json",
        Metadata={REQUESTED_BY: caller},
    )
    return Drop(bucket=bucket, key=key, version_id=answer.get("VersionId"), at=at)


class ExecutionFinder:
    """Finds which execution an object started, by the event that each execution has as input."""

    def __init__(self, *, sfn: SFNClient, state_machine_arn: str) -> None:
        self._sfn = sfn
        self._machine = state_machine_arn
        self._others: set[str] = set()

    def find(self, drop: Drop) -> str | None:
        """Look once; returns the execution's ARN.

        EventBridge may deliver twice: the execution that came first is the one that counts.
        """
        found: list[tuple[datetime, str]] = []
        for page in self._sfn.get_paginator("list_executions").paginate(
            stateMachineArn=self._machine
        ):
            recent = [
                listed
                for listed in page["executions"]
                if listed["startDate"] >= drop.at - CLOCK_SKEW
            ]
            for listed in recent:
                arn = listed["executionArn"]
                if arn in self._others:
                    continue
                if _is_started_by(self._sfn.describe_execution(executionArn=arn), drop):
                    found.append((listed["startDate"], arn))
                else:
                    self._others.add(arn)
            # AWS lists the newest first, so an older one ends the search.
            if len(recent) < len(page["executions"]):
                break
        return min(found)[1] if found else None

    def await_execution(
        self, drop: Drop, *, wait: Callable[[float], None], clock: Callable[[], datetime]
    ) -> str:
        """Look until the execution is there.

        Raises OperatorError, saying what to check, when none comes in time.
        """
        tries = 0
        while (arn := self.find(drop)) is None:
            if clock() > drop.at + DEADLINE:
                raise OperatorError(
                    f"{drop.address} is in the bucket, but within "
                    f"{DEADLINE.seconds} s it started no execution of {self._machine}.",
                    "Check that the bucket sends its events to EventBridge, that the rule "
                    "<name_prefix>-manifest-dropped is enabled, and what lies in its dead letter "
                    "queue (Terraform output dead_letter_queue_urls).",
                )
            wait(_PAUSE_SECONDS[min(tries, len(_PAUSE_SECONDS) - 1)])
            tries += 1
        return arn


def _is_started_by(execution: DescribeExecutionOutputTypeDef, drop: Drop) -> bool:
    try:
        started_with: Any = json.loads(execution.get("input", "null"))
        event_object = started_with["detail"]["object"]
        return bool(
            started_with["detail"]["bucket"]["name"] == drop.bucket
            and event_object["key"] == drop.key
            and event_object.get("version-id") == drop.version_id
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        # Any other input: the execution came through another door.
        return False
