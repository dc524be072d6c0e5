"""Looks up whether a pinned revision exists in the service that holds it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from release_core.domain.declarations import OBJECT_KEY, SourceAction
from release_core.domain.revisions import KEY_TYPE, Pin


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Whether a revision exists; None when unknown, with the reason in ``note``."""

    exists: bool | None
    note: str | None = None


class RevisionSources:
    """Looks up revisions with the caller's permissions; safe to use in several threads.

    ``make_client`` creates the client of a service by its name.
    """

    def __init__(self, make_client: Callable[[str], Any]) -> None:
        self._make_client = make_client
        self._clients: dict[str, Any] = {}
        self._making = Lock()

    def find(self, source: SourceAction, pins: Sequence[Pin]) -> Lookup:
        """Look up whether the revision that these pins give a source action exists."""
        pinned = {pin.type: pin.revision for pin in pins}
        reads = {**source.origin, **({OBJECT_KEY: pinned[KEY_TYPE]} if KEY_TYPE in pinned else {})}
        if note := _why_not_looked_up(source, reads):
            return Lookup(exists=None, note=note)
        look = {"S3": self._in_s3, "CodeCommit": self._in_codecommit, "ECR": self._in_ecr}.get(
            source.provider
        )
        if look is None:
            return Lookup(exists=None, note=f"revisions of {source.provider} cannot be looked up")
        try:
            look(reads, pinned)
        except ParamValidationError:
            # The name is not valid, so nothing has it. Variables can put any text there.
            return Lookup(exists=False)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            # HeadObject has no body that names the error: for an invalid version it answers 400.
            if code in _ABSENT or (source.provider == "S3" and status in {400, 404, 405}):
                return Lookup(exists=False)
            if status >= 500 or "Throttl" in code:
                raise
            return Lookup(exists=None, note=f"{source.provider} answered {code}")
        return Lookup(exists=True)

    def _client(self, service: str) -> Any:
        # Threads may share a boto3 client, but not the session that creates it.
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def _in_s3(self, reads: Mapping[str, str], pinned: Mapping[str, str]) -> None:
        version = pinned.get("S3_OBJECT_VERSION_ID")
        self._client("s3").head_object(
            Bucket=reads.get("S3Bucket", ""),
            Key=reads.get(OBJECT_KEY, ""),
            **({"VersionId": version} if version else {}),
        )

    def _in_codecommit(self, reads: Mapping[str, str], pinned: Mapping[str, str]) -> None:
        self._client("codecommit").get_commit(
            repositoryName=reads.get("RepositoryName", ""),
            commitId=pinned["COMMIT_ID"],
        )

    def _in_ecr(self, reads: Mapping[str, str], pinned: Mapping[str, str]) -> None:
        self._client("ecr").describe_images(
            repositoryName=reads.get("RepositoryName", ""),
            imageIds=[{"imageDigest": pinned["IMAGE_DIGEST"]}],
        )


def _why_not_looked_up(source: SourceAction, reads: Mapping[str, str]) -> str | None:
    if source.foreign_role:
        # The caller may see another resource under the same name than this role does.
        return f"its source is read in another account, with {source.foreign_role}"
    for value in reads.values():
        if "#{" in value:
            return f"the value of {value} is not known before the pipeline runs"
    return None


_ABSENT = {
    "CommitIdDoesNotExistException",
    "CommitDoesNotExistException",
    "InvalidCommitIdException",
    "ImageNotFoundException",
    "RepositoryDoesNotExistException",
    "RepositoryNotFoundException",
}
