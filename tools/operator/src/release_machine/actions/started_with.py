"""What an execution was started with: which release, of which pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.errors import Rejection
from release_core.manifest.requests import (
    DroppedObject,
    RetryRequest,
    RollbackRequest,
    read_request,
)
from release_core.strict_json import ExactNumber, read_json, write_json
from release_machine.release.busy import pipeline_names
from release_machine.release.ledger_reader import LedgerReader

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef
    from types_boto3_stepfunctions import SFNClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The release it is about and the pipelines that it needs, as far as they can be read."""

    release_id: str | None = None
    pipelines: Sequence[str] = ()


def brought_by(
    execution_arn: str, *, sfn: SFNClient, s3: S3Client, ledger: LedgerReader
) -> Request:
    """Read what an execution was started with.

    Nothing is judged here: what cannot be read, or may not be, only makes the view poorer.
    """
    try:
        started_with = sfn.describe_execution(executionArn=execution_arn).get("input", "")
        match read_request(started_with):
            case DroppedObject() as dropped:
                return _in_document(read_json(_object(dropped, s3), place="the object"))
            case RetryRequest() as retry:
                stored = ledger.manifest(retry.of)
                names = pipeline_names(stored) if stored else ()
                return Request(release_id=retry.of, pipelines=names)
            case RollbackRequest() as rollback:
                failed = ledger.release(rollback.of)
                names = [each.name for each in failed.pipelines] if failed else ()
                return Request(release_id=rollback.of, pipelines=names)
            case submission:
                return _in_document(submission.document)
    except (ClientError, Rejection):
        return Request()


def _object(dropped: DroppedObject, s3: S3Client) -> bytes:
    wanted: GetObjectRequestTypeDef = {"Bucket": dropped.bucket, "Key": dropped.key}
    if dropped.version_id:
        wanted["VersionId"] = dropped.version_id
    return s3.get_object(**wanted)["Body"].read()


def _in_document(document: object) -> Request:
    named = document.get("releaseId") if isinstance(document, dict) else None
    release_id = named.spelling if isinstance(named, ExactNumber) else named
    return Request(
        release_id=None if release_id is None else str(release_id),
        pipelines=pipeline_names(write_json(document)),
    )
