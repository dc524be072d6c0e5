"""The S3 deploy action: puts an artifact into a bucket, as one object or unpacked.

Source: the CodePipeline user guide, "Amazon S3 deploy action reference".
"""

import mimetypes
import tempfile
import zipfile
from collections.abc import Callable
from typing import IO, Any

from localstack_codepipeline.model import ActionResult, RunAction

# Artifacts up to this size are unpacked in memory, larger ones on disk.
IN_MEMORY = 16 * 1024 * 1024


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult:
    """Copy the artifact to ObjectKey, or unpack it below ObjectKey when Extract is true."""
    s3 = clients("s3")
    configuration, artifact = action.configuration, action.inputs[0]
    bucket, key = configuration["BucketName"], configuration.get("ObjectKey", "")
    options = {
        target: configuration[source]
        for source, target in (("CannedACL", "ACL"), ("CacheControl", "CacheControl"))
        if source in configuration
    }
    if configuration["Extract"].lower() == "true":
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            s3.download_fileobj(artifact.bucket, artifact.key, file)
            if not zipfile.is_zipfile(file):
                return ActionResult("JobFailed", "The archive is malformed.")
            _unpack(s3, file, bucket=bucket, prefix=key, options=options)
    else:
        source = {"Bucket": artifact.bucket, "Key": artifact.key}
        directive = {"MetadataDirective": "REPLACE"} if "CacheControl" in options else {}
        s3.copy_object(Bucket=bucket, Key=key, CopySource=source, **directive, **options)
    return ActionResult(
        summary="Deployment Succeeded",
        url=f"https://console.aws.amazon.com/s3/buckets/{bucket}?prefix={key}",
        variables={"BucketName": bucket, "ObjectKey": key},
    )


def _unpack(s3: Any, file: IO[bytes], *, bucket: str, prefix: str, options: dict[str, str]) -> None:
    base = f"{prefix.rstrip('/')}/" if prefix else ""
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            kind = mimetypes.guess_type(member.filename)[0] or "application/octet-stream"
            with archive.open(member) as content:
                s3.upload_fileobj(
                    content,
                    bucket,
                    base + member.filename,
                    ExtraArgs={"ContentType": kind, **options},
                )
