"""Whether a pinned revision exists, asked of the service that it comes from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from release_core.domain.declarations import OBJECT_KEY, SourceAction
from release_core.domain.revisions import KEY_TYPE, Pin


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Whether a revision exists: True, False, or None with the reason why nobody can say."""

    exists: bool | None
    note: str | None = None


class RevisionSources:
    """Looks for revisions where they come from, with whatever the caller may read there.

    May be used in several threads; ``make_client`` makes the client of a service.
    """

    def __init__(self, make_client: Callable[[str], Any]) -> None:
        self._make_client = make_client
        self._clients: dict[str, Any] = {}
        self._making = Lock()

    def find(self, source: SourceAction, pins: Sequence[Pin]) -> Lookup:
        """Whether a source action can take the revision that the pins of a manifest give it."""
        pinned = {pin.type: pin.revision for pin in pins}
        reads = {**source.origin, **({OBJECT_KEY: pinned[KEY_TYPE]} if KEY_TYPE in pinned else {})}
        if note := _why_not_asked(source, reads):
            return Lookup(exists=None, note=note)
        look = {"S3": self._in_s3, "CodeCommit": self._in_codecommit, "ECR": self._in_ecr}.get(
            source.provider
        )
        if look is None:
            return Lookup(exists=None, note=f"{source.provider} cannot be asked for revisions")
        try:
            look(reads, pinned)
        except ParamValidationError:
            # No bucket or repository has such a name; variables put anything there.
            return Lookup(exists=False)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            # HeadObject has no body to name its errors: a version that is none is a bad request.
            if code in _ABSENT or (source.provider == "S3" and status in {400, 404, 405}):
                return Lookup(exists=False)
            if status >= 500 or "Throttl" in code:
                raise
            return Lookup(exists=None, note=f"{source.provider} answers {code}")
        return Lookup(exists=True)

    def _client(self, service: str) -> Any:
        # Threads may share boto3's clients, but not the session that makes them.
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


def _why_not_asked(source: SourceAction, reads: Mapping[str, str]) -> str | None:
    if source.foreign_role:
        # What is not there for the caller may be there for this role, under the same name.
        return f"it is read in another account, with {source.foreign_role}"
    for value in reads.values():
        if "#{" in value:
            return f"nobody knows yet what {value} will be"
    return None


_ABSENT = {
    "CommitIdDoesNotExistException",
    "CommitDoesNotExistException",
    "InvalidCommitIdException",
    "ImageNotFoundException",
    "RepositoryDoesNotExistException",
    "RepositoryNotFoundException",
}
