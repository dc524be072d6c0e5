"""The S3 deploy action: puts an artifact into a bucket, as one object or unpacked.

Source: the CodePipeline user guide, "Amazon S3 deploy action reference"; what it leaves open is as
AWS was seen to do it.
"""

import mimetypes
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import IO, Any

from localstack_codepipeline.actions.failures import ActionError, failing_with
from localstack_codepipeline.model import ActionResult, RunAction

# Artifacts up to this size are unpacked in memory, larger ones on disk.
IN_MEMORY = 16 * 1024 * 1024
ANY_TYPE = "application/octet-stream"
# Content types that differ from Python's own table; that of the machine is not used.
TYPES = {
    ".js": "application/x-javascript",
    ".xml": "application/xml",
    ".woff2": ANY_TYPE,
    ".map": ANY_TYPE,
}
KNOWN_TYPES = mimetypes.MimeTypes()
NO_KEY = "When the extract feature is disabled, you must provide an object."


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult:
    """Copy the artifact to ObjectKey, or unpack it below ObjectKey when Extract is true."""
    s3, configuration = clients("s3"), action.configuration
    bucket, key = configuration["BucketName"], configuration.get("ObjectKey", "")
    options = {
        target: configuration[source]
        for source, target in (("CannedACL", "ACL"), ("CacheControl", "CacheControl"))
        if source in configuration
    }
    match configuration["Extract"]:
        case "true":
            _deploy_unpacked(s3, action, bucket=bucket, key=key, options=options)
        case "false" if key:
            _deploy_whole(s3, action, bucket=bucket, key=key, options=options)
        case "false":
            raise ActionError(f"{NO_KEY} Edit your pipeline to fix the configuration.")
        case other:
            raise ActionError(
                f"Invalid value for configuration property '{other}': 'Extract'. "
                "Edit your pipeline and set 'Extract' to either 'true' or 'false'."
            )
    return ActionResult(
        summary="Deployment Succeeded",
        url=f"https://console.aws.amazon.com/s3/buckets/{bucket}?prefix={key}",
        external_id=f"{bucket}/{key}" if key else bucket,
        variables={"BucketName": bucket, "ObjectKey": key},
    )


def _deploy_whole(
    s3: Any, action: RunAction, *, bucket: str, key: str, options: dict[str, str]
) -> None:
    artifact = action.inputs[0]
    _check_artifact(s3, action)
    directive = {"MetadataDirective": "REPLACE"} if "CacheControl" in options else {}
    with failing_with(_not_written(bucket, key)):
        s3.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": artifact.bucket, "Key": artifact.key},
            **directive,
            **options,
        )


def _deploy_unpacked(
    s3: Any, action: RunAction, *, bucket: str, key: str, options: dict[str, str]
) -> None:
    artifact = action.inputs[0]
    _check_artifact(s3, action)
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        s3.download_fileobj(artifact.bucket, artifact.key, file)
        try:
            _unpack(s3, file, bucket=bucket, prefix=f"{key}/" if key else "", options=options)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ActionError("The archive is malformed.", "JobFailed") from error


def _unpack(s3: Any, file: IO[bytes], *, bucket: str, prefix: str, options: dict[str, str]) -> None:
    """Put each file of the archive into the bucket; the files before a failure stay there."""
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename.replace("\\", "/")
            if member.is_dir():
                continue
            if "../" in name:
                raise ActionError(
                    f"The file name {member.filename} contains invalid sequence: dot-dot-slash."
                )
            # Read whole: an upload hides the error of a file that does not fit its checksum.
            with archive.open(member) as content, tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
                while chunk := content.read(1024 * 1024):
                    body.write(chunk)
                body.seek(0)
                with failing_with(_not_written(bucket, prefix + name)):
                    extra = {"ContentType": _type_of(name), **options}
                    s3.upload_fileobj(body, bucket, prefix + name, ExtraArgs=extra)


def _check_artifact(s3: Any, action: RunAction) -> None:
    artifact = action.inputs[0]
    place = f'"{artifact.bucket}/{artifact.key}"'
    text = f"The input artifact {artifact.name} does not exist at {place}, or permission is missing"
    with failing_with(f"{text}."):
        s3.head_object(Bucket=artifact.bucket, Key=artifact.key)


def _not_written(bucket: str, key: str) -> str:
    check = "Make sure that the bucket exists and that you may write to it."
    return f'Could not write the object "{key}" to the Amazon S3 bucket "{bucket}". {check}'


def _type_of(name: str) -> str:
    ending = PurePosixPath(name).suffix.lower()
    return TYPES.get(ending) or KNOWN_TYPES.guess_type(name.lower())[0] or ANY_TYPE
