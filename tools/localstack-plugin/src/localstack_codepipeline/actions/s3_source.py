"""The S3 source action: copies a version of an object into the artifact store.

Source: the CodePipeline user guide, "Amazon S3 source action reference".
"""

from collections.abc import Callable
from typing import Any

from localstack_codepipeline.model import ActionResult, Revision, RunAction


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult:
    """Copy the object, at the version asked for or the newest one, into the artifact store."""
    s3 = clients("s3")
    bucket = action.configuration["S3Bucket"]
    key = action.overrides.get("S3_OBJECT_KEY", action.configuration["S3ObjectKey"])
    wanted = action.overrides.get("S3_OBJECT_VERSION_ID")
    head = s3.head_object(Bucket=bucket, Key=key, **({"VersionId": wanted} if wanted else {}))
    version = head.get("VersionId", "null")
    if version == "null":
        return ActionResult(
            "ConfigurationError", f"The bucket {bucket} is not versioned, as an S3 source must be"
        )
    artifact = action.outputs[0]
    s3.copy_object(
        Bucket=artifact.bucket,
        Key=artifact.key,
        CopySource={"Bucket": bucket, "Key": key, "VersionId": version},
    )
    etag = head["ETag"].strip('"')
    url = f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={key}&versionId={version}"
    summary = f"Amazon S3 version id: {version}"
    return ActionResult(
        summary=summary,
        url=url,
        external_id=version,
        revision=Revision(
            id=version, summary=summary, url=url, change_id=etag, created=head["LastModified"]
        ),
        variables={"BucketName": bucket, "ObjectKey": key, "VersionId": version, "ETag": etag},
    )
