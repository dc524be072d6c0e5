"""Opening a release: read its manifest, check it, claim its id, record its pipelines."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from release_core.codepipeline import CodePipeline
from release_core.document import MAX_BYTES, read_json
from release_core.doors import DroppedObject, Submission, recognise
from release_core.errors import ManifestUnreadable, Rejection, ReleaseIdTaken
from release_core.manifest import Manifest, check_manifest
from release_core.model import Release
from release_core.opening_ledger import Opening, OpeningLedger

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef
    from types_boto3_stepfunctions import SFNClient

log = logging.getLogger(__name__)

# What S3 answers, beside server errors, for an object that may be readable when asked again.
_MAY_PASS = {"RequestTimeout", "RequestTimeTooSkewed", "ExpiredToken", "ThrottlingException"}


@dataclass(frozen=True, kw_only=True)
class OpenRelease:
    """Opens the release that a workflow execution brings."""

    step_functions: "SFNClient"
    s3: "S3Client"
    codepipeline: CodePipeline
    ledger: OpeningLedger
    look_after_seconds: int

    def __call__(self, execution_arn: str) -> dict[str, Any]:
        """Open the release and answer what the workflow needs to run it.

        The answer has ``outcome`` (OPENED or ALREADY_RELEASED), ``release_id``, ``pipelines``,
        ``look_after_seconds`` and ``released_by``, the execution that runs or ran the release.
        Raises a Rejection, recorded in the ledger, when the manifest never becomes a release.
        """
        # The text itself: the parsed input of a task has lost the spelling of its numbers.
        input_text = self.step_functions.describe_execution(executionArn=execution_arn)["input"]
        brought: Submission | DroppedObject | None = None
        try:
            brought = recognise(input_text)
            document = self._document(brought)
            manifest = check_manifest(document, known_pipelines=self.codepipeline.names())
            opening = _opening(manifest, brought, execution_arn)
            holder = self.ledger.claim(opening)
            if holder and holder.manifest_sha256 != opening.manifest_sha256:
                raise ReleaseIdTaken(_taken(holder))
        except Rejection as rejection:
            error = type(rejection).__name__
            self.ledger.reject(
                execution_arn,
                f"{error}: {rejection}",
                channel=brought.channel if brought else None,
                requester=brought.requester if brought else None,
            )
            log.warning(
                "rejected: %s", rejection, extra={"execution_arn": execution_arn, "error": error}
            )
            raise
        if holder is None:
            self.ledger.put_pipelines(opening)
        released_by = holder.execution_arn if holder else execution_arn
        outcome = "ALREADY_RELEASED" if holder else "OPENED"
        log.info(
            "%s by %s",
            outcome.lower().replace("_", " "),
            released_by,
            extra={"release_id": manifest.release_id, "execution_arn": execution_arn},
        )
        return {
            "outcome": outcome,
            "release_id": manifest.release_id,
            "pipelines": list(manifest.names),
            "look_after_seconds": self.look_after_seconds,
            "released_by": released_by,
        }

    def _document(self, brought: Submission | DroppedObject) -> object:
        if isinstance(brought, Submission):
            return brought.document
        return read_json(self._read_object(brought), place=brought.source)

    def _read_object(self, dropped: DroppedObject) -> bytes:
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
            raise ManifestUnreadable(f"{dropped.source} cannot be read: {code}") from error
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_BYTES:
                raise ManifestUnreadable(
                    f"{dropped.source} has {answer['ContentLength']:,} bytes; "
                    f"a manifest has at most {MAX_BYTES:,}"
                )
            return body.read()


def _opening(
    manifest: Manifest, brought: Submission | DroppedObject, execution_arn: str
) -> Opening:
    return Opening(
        release_id=manifest.release_id,
        manifest=manifest.canonical,
        manifest_sha256=manifest.sha256,
        pipelines=manifest.names,
        execution_arn=execution_arn,
        channel=brought.channel,
        requester=brought.requester,
        source=brought.source,
    )


def _taken(holder: Release) -> str:
    return (
        f"release {holder.release_id} was opened with another manifest by {holder.execution_arn}; "
        "give this one a releaseId of its own"
    )
