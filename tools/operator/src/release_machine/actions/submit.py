"""Hands a manifest in: through the API, or through the bucket, and finds its execution."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release_core.clock import now
from release_core.manifest.requests import REQUESTED_BY
from release_machine.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from release_machine.deployment.release_api import ReleaseApi

DEADLINE = timedelta(seconds=90)
# How far the clock of this computer and that of AWS may differ.
CLOCK_SKEW = timedelta(minutes=5)
_WAY_OUT = "Nothing was submitted. Check the manifest with: release-machine plan FILE"
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
        """The object as the AWS CLI writes it."""
        return f"s3://{self.bucket}/{self.key}"


def drop_manifest(content: bytes, *, name: str, bucket: str, caller: str, s3: S3Client) -> Drop:
    """Put the manifest under a new key ending in .json, which starts the state machine.

    The caller is recorded with the object.
    """
    at = now()
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


def post_manifest(content: bytes | Mapping[str, object], api: ReleaseApi) -> str:
    """Hand a manifest in through the API, which proves the caller; returns the execution's ARN."""
    answer = api.send("POST", "releases", body=content, way_out=_WAY_OUT)
    return str(answer["executionArn"])


def needs_four_eyes(document: Mapping[str, Any], *, granted: Collection[str] = ()) -> bool:
    """Whether a valid manifest has an approval that needs a proved requester.

    These are the approvals with four eyes, which is the default. Those that are ``granted`` are not
    asked again.
    """
    return any(
        each.get("fourEyes", True) and each["name"] not in granted
        for each in document.get("approvals", ())
    )


class ExecutionFinder:
    """Finds the execution that an object started, by the event in the input of each execution."""

    def __init__(self, *, sfn: SFNClient, state_machine_arn: str) -> None:
        self._sfn = sfn
        self._machine = state_machine_arn
        self._others: set[str] = set()

    def find(self, drop: Drop) -> str | None:
        """Search once; returns the ARN of the execution, or None.

        EventBridge may deliver an event twice; then the first execution counts.
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
            # AWS lists the newest first, so an older execution ends the search.
            if len(recent) < len(page["executions"]):
                break
        return min(found)[1] if found else None

    def await_execution(
        self, drop: Drop, *, wait: Callable[[float], None], clock: Callable[[], datetime]
    ) -> str:
        """Search until the execution is found.

        Raises OperatorError with what to check when there is none in time.
        """
        tries = 0
        while (arn := self.find(drop)) is None:
            if clock() > drop.at + DEADLINE:
                raise OperatorError(
                    f"{drop.address} is in the bucket, but it started no execution of "
                    f"{self._machine} within {DEADLINE.seconds} s.",
                    "Check that the bucket sends events to EventBridge, that the rule "
                    "<name_prefix>-manifest-dropped is enabled, and its dead-letter queue "
                    "(Terraform output dead_letter_queue_urls).",
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
        # The input is not an event of the bucket.
        return False
