"""Hands a manifest in: through the API, or through the bucket, and finds its execution."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from release_core.aws.result_text import read_result
from release_core.clock import now
from release_core.domain.dropped import ManifestObject
from release_core.manifest.requests import REQUESTED_BY
from release_machine.errors import OperatorError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from release_machine.deployment.release_api import ReleaseApi

DEADLINE = timedelta(seconds=90)
# The answers of S3 while the file is not there.
_NOT_YET = {"NoSuchKey", "AccessDenied"}
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
    def manifest(self) -> ManifestObject:
        """The object, as its result names it."""
        return ManifestObject(bucket=self.bucket, key=self.key, version_id=self.version_id)

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


class ResultReader:
    """Reads the result file beside a manifest in the bucket, which names the execution."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def execution_of(self, drop: Drop) -> str | None:
        """Look once; the ARN of the execution that this version of the object started, or None.

        Without s3:ListBucket, S3 answers AccessDenied for a file that is not there yet.
        """
        try:
            answer = self._s3.get_object(Bucket=drop.bucket, Key=drop.manifest.result_key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NOT_YET:
                raise
            return None
        result = read_result(answer["Body"].read())
        return result.execution_arn if result and result.manifest == drop.manifest else None

    def await_execution(
        self, drop: Drop, *, wait: Callable[[float], None], clock: Callable[[], datetime]
    ) -> str:
        """Look until the execution is known.

        Raises OperatorError with what to check when it is not known in time.
        """
        tries = 0
        while (arn := self.execution_of(drop)) is None:
            if clock() > drop.at + DEADLINE:
                raise OperatorError(
                    f"{drop.address} is in the bucket, but no result appeared beside it within "
                    f"{DEADLINE.seconds} s.",
                    "See whether it was released with: release-machine list. If not, check that "
                    "you may read the result (s3:GetObject on *.result in the bucket), that the "
                    "bucket sends events to EventBridge, the rule <name_prefix>-manifest-dropped, "
                    "its dead-letter queue (Terraform output dead_letter_queue_urls), and "
                    "release-machine logs.",
                )
            wait(_PAUSE_SECONDS[min(tries, len(_PAUSE_SECONDS) - 1)])
            tries += 1
        return arn
