"""Looks up pinned and newest revisions in the services that hold them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, ParamValidationError

from release_core.aws.commits import name_of
from release_core.domain.declarations import OBJECT_KEY, SourceAction
from release_core.domain.revisions import KEY_TYPE, Pin
from release_core.immutable import Immutable


class Lookup(Immutable):
    """What a source action would take; ``exists`` is None if unknown, with the reason in ``note``.

    ``revision`` is the pinned revision, or the newest at the moment. ``message`` is that of a
    commit, or the summary of an object. ``author`` is the name of a commit's author. ``made_at`` is
    when the commit was made, or when the source got an object or an image.
    """

    exists: bool | None
    note: str | None = None
    revision: str | None = None
    message: str | None = None
    author: str | None = None
    made_at: datetime | None = None


class RevisionSources:
    """Looks up revisions with the caller's permissions; safe to use in several threads.

    ``make_client`` creates the client of a service by its name.
    """

    def __init__(self, make_client: Callable[[str], Any]) -> None:
        self._make_client = make_client
        self._clients: dict[str, Any] = {}
        self._making = Lock()

    def find(self, source: SourceAction, pins: Sequence[Pin] = ()) -> Lookup:
        """Look up the revision that these pins give a source action, or the newest one.

        Raises ClientError when AWS does not answer for a pinned revision because of its load.
        """
        pinned = {pin.type: pin.revision for pin in pins}
        reads = {**source.origin, **({OBJECT_KEY: pinned[KEY_TYPE]} if KEY_TYPE in pinned else {})}
        version = next((pin.revision for pin in pins if pin.type != KEY_TYPE), None)
        head = None if version else _HEADS.get(source.provider)
        branch = source.configuration.get(head.name, head.default) if head else None
        if note := _why_not_looked_up(source, [*reads.values(), branch or ""]):
            return Lookup(exists=None, note=note)
        look = {"S3": self._in_s3, "CodeCommit": self._in_codecommit, "ECR": self._in_ecr}.get(
            source.provider
        )
        if look is None:
            return Lookup(exists=None, note=f"revisions of {source.provider} cannot be looked up")
        try:
            return look(reads, version, branch)
        except ParamValidationError:
            # The name is not valid, so nothing has it. Variables can put any text there.
            return Lookup(exists=False)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if code in _ABSENT or (source.provider == "S3" and status in _absent_in_s3(version)):
                return Lookup(exists=False)
            if pins and (status >= 500 or "Throttl" in code):
                raise
            return Lookup(exists=None, note=f"{source.provider} answered {code}")

    def _client(self, service: str) -> Any:
        # Threads may share a boto3 client, but not the session that creates it.
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def _in_s3(self, reads: Mapping[str, str], version: str | None, _: str | None) -> Lookup:
        found = self._client("s3").head_object(
            Bucket=reads.get("S3Bucket", ""),
            Key=reads.get(OBJECT_KEY, ""),
            **({"VersionId": version} if version else {}),
        )
        return Lookup(
            exists=True,
            revision=version or found.get("VersionId"),
            message=found.get("Metadata", {}).get(_SUMMARY),
            made_at=found.get("LastModified"),
        )

    def _in_codecommit(
        self, reads: Mapping[str, str], commit_id: str | None, branch: str | None
    ) -> Lookup:
        client, repository = self._client("codecommit"), reads.get("RepositoryName", "")
        if commit_id is None:
            head = client.get_branch(repositoryName=repository, branchName=branch or "")
            commit_id = head["branch"]["commitId"]
        commit = client.get_commit(repositoryName=repository, commitId=commit_id)["commit"]
        author, committer = commit.get("author", {}), commit.get("committer", {})
        return Lookup(
            exists=True,
            revision=commit_id,
            message=commit.get("message"),
            author=name_of(author.get("name") or ""),
            # A commit that was rebased keeps its author's date.
            made_at=_moment_of(committer.get("date")) or _moment_of(author.get("date")),
        )

    def _in_ecr(self, reads: Mapping[str, str], digest: str | None, tag: str | None) -> Lookup:
        found = self._client("ecr").describe_images(
            repositoryName=reads.get("RepositoryName", ""),
            imageIds=[{"imageDigest": digest} if digest else {"imageTag": tag or ""}],
        )
        image: dict[str, Any] = next(iter(found["imageDetails"]), {})
        return Lookup(
            exists=True,
            revision=digest or image.get("imageDigest"),
            made_at=image.get("imagePushedAt"),
        )


class _Head(NamedTuple):
    """The configuration of a source action that says where its newest revision is."""

    name: str
    what: str = "branch"
    default: str | None = None


# Source: the CodePipeline user guide, "Action structure reference".
_HEADS = {
    "CodeCommit": _Head("BranchName"),
    "CodeStarSourceConnection": _Head("BranchName"),
    "ECR": _Head("ImageTag", "tag", "latest"),
    "GitHub": _Head("Branch"),
}
# CodePipeline shows this metadata of an object as the summary of its revision.
_SUMMARY = "codepipeline-artifact-revision-summary"


def newest_of(source: SourceAction) -> str | None:
    """Where a source action takes its newest revision: an object, a branch or a tag, in words."""
    if not source.origin:
        return None
    place = "/".join(source.origin.values())
    head = _HEADS.get(source.provider)
    name = source.configuration.get(head.name, head.default) if head else None
    return f"{place} {head.what} {name}" if head and name else place


def _moment_of(text: str | None) -> datetime | None:
    """The time of a commit, which CodeCommit gives as seconds and a time zone.

    None for a time that Python cannot tell: a client of git may write any number.
    """
    seconds = (text or "").partition(" ")[0]
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _absent_in_s3(version: str | None) -> frozenset[int]:
    """The status codes with which S3 says that it has no such object.

    HeadObject has no body that names the error. 400 is its answer for an invalid version, and for
    an object that is encrypted with the caller's key.
    """
    return frozenset({400, 404, 405} if version else {404, 405})


def _why_not_looked_up(source: SourceAction, reads: Sequence[str]) -> str | None:
    if source.foreign_role:
        # The caller may see another resource under the same name than this role does.
        return f"its source is read in another account, with {source.foreign_role}"
    for value in reads:
        if "#{" in value:
            return f"the value of {value} is not known before the pipeline runs"
    return None


_ABSENT = {
    "CommitIdDoesNotExistException",
    "CommitDoesNotExistException",
    "BranchDoesNotExistException",
    "InvalidBranchNameException",
    "BranchNameRequiredException",
    "InvalidCommitIdException",
    "ImageNotFoundException",
    "RepositoryDoesNotExistException",
    "RepositoryNotFoundException",
}
