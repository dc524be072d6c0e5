"""The release that a workflow execution was started for, and the pipelines that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.errors import Rejection
from release_core.manifest.checks import named_pipelines, release_id_of
from release_core.manifest.requests import (
    DroppedObject,
    RetryRequest,
    RollbackRequest,
    read_request,
)
from release_core.strict_json import read_json

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef
    from types_boto3_stepfunctions import SFNClient

    from release_core.ledger.history import HistoryReader


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedRelease:
    """The id of a release and the names of its pipelines, as far as they can be read."""

    release_id: str | None = None
    pipelines: Sequence[str] = ()


def requested_release(
    execution_arn: str, *, sfn: SFNClient, s3: S3Client, ledger: HistoryReader
) -> RequestedRelease:
    """Read the input of a workflow execution, and the manifest that it names.

    The answer is only shown, so it is empty when the manifest is invalid or access is denied.
    """
    try:
        started_with = sfn.describe_execution(executionArn=execution_arn).get("input", "")
        match read_request(started_with):
            case DroppedObject() as dropped:
                return _in_document(read_json(_object(dropped, s3), place="the object"))
            case RetryRequest() as retry:
                names = named_pipelines(ledger.get_manifest(retry.of))
                return RequestedRelease(release_id=retry.of, pipelines=names)
            case RollbackRequest() as rollback:
                failed = ledger.get_release(rollback.of)
                names = [*failed.of_codepipeline] if failed else []
                return RequestedRelease(release_id=rollback.of, pipelines=names)
            case submission:
                return _in_document(submission.document)
    except (ClientError, Rejection):
        return RequestedRelease()


def _object(dropped: DroppedObject, s3: S3Client) -> bytes:
    wanted: GetObjectRequestTypeDef = {"Bucket": dropped.bucket, "Key": dropped.key}
    if dropped.version_id:
        wanted["VersionId"] = dropped.version_id
    return s3.get_object(**wanted)["Body"].read()


def _in_document(document: object) -> RequestedRelease:
    return RequestedRelease(release_id=release_id_of(document), pipelines=named_pipelines(document))
