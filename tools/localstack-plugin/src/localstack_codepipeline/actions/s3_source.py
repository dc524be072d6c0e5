"""The S3 source action: copies a version of an object into the artifact store.

Source: the CodePipeline user guide, "Amazon S3 source action reference".
"""

from collections.abc import Callable
from typing import Any

from localstack_codepipeline.actions.failures import ActionError, failing_with
from localstack_codepipeline.model import ActionResult, Revision, RunAction

# AWS's text.
CHECK_NAMES = "Make sure that the names of the bucket and object are both correct."


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult:
    """Copy the object, at the version asked for or the newest one, into the artifact store."""
    s3 = clients("s3")
    bucket = action.configuration["S3Bucket"]
    key = action.overrides.get("S3_OBJECT_KEY", action.configuration["S3ObjectKey"])
    wanted = action.overrides.get("S3_OBJECT_VERSION_ID")
    with failing_with(f'Could not access the Amazon S3 object: "{bucket}/{key}". {CHECK_NAMES}'):
        head = s3.head_object(Bucket=bucket, Key=key, **({"VersionId": wanted} if wanted else {}))
    version = head.get("VersionId", "null")
    if version == "null":
        raise ActionError(f"The bucket {bucket} is not versioned, as an S3 source must be")
    artifact = action.outputs[0]
    place = f'"{artifact.bucket}/{artifact.key}"'
    with failing_with(f"Could not write the artifact {artifact.name} to {place}."):
        s3.copy_object(
            Bucket=artifact.bucket,
            Key=artifact.key,
            CopySource={"Bucket": bucket, "Key": key, "VersionId": version},
        )
    summary = f"Amazon S3 version id: {version}"
    etag = head["ETag"].strip('"')
    return ActionResult(
        summary=summary,
        external_id=version,
        revision=Revision(id=version, summary=summary),
        variables={"BucketName": bucket, "ObjectKey": key, "VersionId": version, "ETag": etag},
    )
