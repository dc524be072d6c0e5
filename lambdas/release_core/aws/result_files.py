"""Result files in the bucket for manifests: read and written, each write on a condition."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from release_core.aws.result_text import read_result, result_text
from release_core.domain.dropped import ManifestObject
from release_core.domain.results import Result
from release_core.logs import about, log_of

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import PutObjectRequestTypeDef

log = log_of(__name__)

# The answers of S3 to a write whose condition does not hold: the file is there, has changed, is
# being written, or is gone.
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
# Tries to write a file that others write as well.
_TRIES = 5
# Bytes of a file that is read; ours are smaller.
_LARGEST = 8 * 1024 * 1024


class ResultFiles:
    """Writes results beside manifests, for people: the ledger is the record."""

    def __init__(self, s3: "Callable[[], S3Client]") -> None:
        """``s3`` returns a client that gives up soon."""
        self._s3 = s3

    def write(self, result: Result) -> None:
        """Write the result, unless the file has a later one.

        An error of S3 is logged and not raised: no release fails or waits because of its file.
        """
        place = f"s3://{result.manifest.bucket}/{result.manifest.result_key}"
        with about(execution_arn=result.execution_arn, release_id=result.release_id):
            try:
                if not self._write(result):
                    log.error("%s was not written: it keeps changing", place)
            except (ClientError, BotoCoreError) as error:
                log.error("%s was not written: %s", place, error)

    def _write(self, result: Result) -> bool:
        """Whether the file has this result or a later one now."""
        seen: str | None = None
        wanted: Result | None = result
        for _ in range(_TRIES):
            if wanted is None:
                return True
            # Race: another execution writes the file first. Only what was read is replaced.
            if self._put(wanted, as_seen=seen):
                return True
            seen, earlier = self._read(result.manifest)
            wanted = result.over(earlier)
        return wanted is None

    def _put(self, result: Result, *, as_seen: str | None) -> bool:
        request: PutObjectRequestTypeDef = {
            "Bucket": result.manifest.bucket,
            "Key": result.manifest.result_key,
            "Body": result_text(result).encode(errors="replace"),
            "ContentType": "application/json",
        }
        if as_seen:
            request["IfMatch"] = as_seen
        else:
            request["IfNoneMatch"] = "*"
        try:
            self._s3().put_object(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CHANGED:
                raise
            return False
        return True

    def _read(self, manifest: ManifestObject) -> tuple[str | None, Result | None]:
        """The ETag of the file and its result; None for what is not there."""
        try:
            answer = self._s3().get_object(Bucket=manifest.bucket, Key=manifest.result_key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None, None
        with answer["Body"] as body:
            text = body.read() if answer["ContentLength"] <= _LARGEST else b""
        return answer["ETag"], read_result(text)
