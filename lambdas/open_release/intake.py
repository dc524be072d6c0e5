"""Reads the request of a workflow execution, and the document of the manifest."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from release_core.aws.step_functions import StepFunctions
from release_core.errors import ManifestUnreadable, ReleaseNotResumable
from release_core.immutable import Immutable
from release_core.ledger.reader import LedgerReader
from release_core.manifest.requests import (
    DroppedObject,
    Request,
    RetryRequest,
    RollbackRequest,
    Submission,
    read_request,
    requester_in,
)
from release_core.rollback.manifest import checked_manifest
from release_core.rollback.reader import RollbackReader
from release_core.strict_json import MAX_BYTES, read_json

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef

# Errors of S3, beside server errors, after which a retry may succeed.
_MAY_PASS = {"RequestTimeout", "RequestTimeTooSkewed", "ExpiredToken", "ThrottlingException"}


class Intake(Immutable):
    """Reads requests, and manifests from the input, S3 or the ledger."""

    step_functions: StepFunctions
    s3: "S3Client"
    ledger: LedgerReader
    rollbacks: RollbackReader
    manifest_bucket: str

    def request(self, execution_arn: str) -> tuple[Request, datetime]:
        """The request in the input of a workflow execution, and when the execution was started.

        Raises ManifestUnreadable for an object of another bucket, and as ``read_request`` does.
        """
        start = self.step_functions.start_of(execution_arn)
        request = read_request(start.input, alias=start.alias)
        if isinstance(request, DroppedObject) and request.bucket != self.manifest_bucket:
            raise ManifestUnreadable(
                f"the S3 event names the bucket {request.bucket}; this deployment reads manifests "
                f"only from {self.manifest_bucket}"
            )
        if isinstance(request, RollbackRequest) and request.source:
            # Other workflows may ask for a rollback, too. Ours does so because a release failed.
            ours = request.source.rpartition(":")[0] == execution_arn.rpartition(":")[0]
            request = replace(request, cause=request.source) if ours else request
        return request, start.at

    def document(self, request: Request) -> tuple[Request, object]:
        """The request, completed with the requester in an object's metadata, and its document.

        Raises ManifestUnreadable, RollbackRefused, or ReleaseNotResumable for a retry of a release
        that has no manifest on record.
        """
        if isinstance(request, DroppedObject):
            content, requester = self._read_object(request)
            named = replace(request, requester=requester or request.requester)
            return named, read_json(content, place=request.source)
        return request, self._document(request)

    def _document(self, request: Submission | RollbackRequest | RetryRequest) -> object:
        if isinstance(request, Submission):
            return request.document
        if isinstance(request, RollbackRequest):
            rollback = self.rollbacks.get(
                request.of,
                rollback_id=request.release_id,
                over=request.over,
                waits=True,
                cause=request.cause,
            )
            return checked_manifest(rollback)
        return self._retried(request)

    def _retried(self, retry: RetryRequest) -> dict[str, Any]:
        recorded = self.ledger.get_manifest(retry.of)
        if recorded is None:
            raise ReleaseNotResumable(
                f"the ledger has no manifest of a release {retry.of}; find its id with "
                "release-machine list, or submit its manifest if its opening was not completed"
            )
        return {**recorded, "resume": True, **retry.changes}

    def _read_object(self, dropped: DroppedObject) -> tuple[bytes, str | None]:
        wanted: GetObjectRequestTypeDef = {"Bucket": dropped.bucket, "Key": dropped.key}
        if dropped.version_id:
            wanted["VersionId"] = dropped.version_id
        try:
            answer = self.s3.get_object(**wanted)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status >= 500 or code in _MAY_PASS:
                raise
            raise ManifestUnreadable(
                f"{dropped.source} cannot be read: S3 answered {code}"
            ) from error
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_BYTES:
                raise ManifestUnreadable(
                    f"{dropped.source} has {answer['ContentLength']:,} bytes; "
                    f"a manifest has at most {MAX_BYTES:,}"
                )
            return body.read(), requester_in(answer.get("Metadata", {}))
