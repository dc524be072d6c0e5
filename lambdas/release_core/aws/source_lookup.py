"""Looks up pinned and newest revisions in the services that hold them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

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

    ``make_client`` creates the client of a service by its name, and ``make_brief_client`` one that
    gives up soon: nothing depends on the answer for a newest revision.
    """

    def __init__(
        self, make_client: Callable[[str], Any], make_brief_client: Callable[[str], Any]
    ) -> None:
        self._make_client, self._make_brief_client = make_client, make_brief_client
        self._clients: dict[tuple[str, bool], Any] = {}
        self._making = Lock()
        self._unreachable: dict[str, str] = {}  # the note of each provider

    def find(
        self,
        source: SourceAction,
        pins: Sequence[Pin] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Lookup:
        """Look up the revision that these pins give a source action, or the newest one.

        ``source`` is as it is declared, and runs with these ``variables``. After a service could
        not be reached once, it is not asked for newest revisions again. For a pinned revision,
        raises ClientError when AWS does not answer because of its load, and BotoCoreError when the
        service cannot be reached.
        """
        version = next((pin.revision for pin in pins if pin.type != KEY_TYPE), None)
        declared = _reads(source, pins, version)
        reads = _reads(source.with_variables(variables or {}), pins, version)
        note = _why_not_looked_up(source, reads, declared)
        if not (note or pins):
            note = self._unreachable.get(source.provider)
        if note:
            return Lookup(exists=None, note=note)
        service, look = _LOOKS[source.provider]
        try:
            return look(self._client(service, brief=not pins), reads, version)
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
        except BotoCoreError:
            if pins:
                raise
            note = self._unreachable[source.provider] = f"{source.provider} could not be reached"
            return Lookup(exists=None, note=note)

    def _client(self, service: str, *, brief: bool) -> Any:
        make = self._make_brief_client if brief else self._make_client
        # Threads may share a boto3 client, but not the session that creates it.
        with self._making:
            if (service, brief) not in self._clients:
                self._clients[service, brief] = make(service)
            return self._clients[service, brief]


def _in_s3(client: Any, reads: Mapping[str, str], version: str | None) -> Lookup:
    found = client.head_object(
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


def _in_codecommit(client: Any, reads: Mapping[str, str], commit_id: str | None) -> Lookup:
    repository = reads.get("RepositoryName", "")
    if commit_id is None:
        branch = reads.get("BranchName", "")
        head = client.get_branch(repositoryName=repository, branchName=branch)
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


def _in_ecr(client: Any, reads: Mapping[str, str], digest: str | None) -> Lookup:
    found = client.describe_images(
        repositoryName=reads.get("RepositoryName", ""),
        imageIds=[{"imageDigest": digest} if digest else {"imageTag": reads.get("ImageTag", "")}],
    )
    image: dict[str, Any] = next(iter(found["imageDetails"]), {})
    return Lookup(
        exists=True,
        revision=digest or image.get("imageDigest"),
        made_at=image.get("imagePushedAt"),
    )


# The service of each provider that tells its revisions, and how it is asked.
_LOOKS = {
    "S3": ("s3", _in_s3),
    "CodeCommit": ("codecommit", _in_codecommit),
    "ECR": ("ecr", _in_ecr),
}


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


def _reads(source: SourceAction, pins: Sequence[Pin], version: str | None) -> dict[str, str]:
    """The configuration that names what is looked up: a branch or tag unless a version is pinned.

    A pinned key replaces that of the configuration.
    """
    key = next((pin.revision for pin in pins if pin.type == KEY_TYPE), None)
    head = None if version else _HEADS.get(source.provider)
    name = source.configuration.get(head.name, head.default) if head else None
    return {
        **source.origin,
        **({OBJECT_KEY: key} if key else {}),
        **({head.name: name} if head and name else {}),
    }


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


def _why_not_looked_up(
    source: SourceAction, reads: Mapping[str, str], declared: Mapping[str, str]
) -> str | None:
    if source.foreign_role:
        # The caller may see another resource under the same name than this role does.
        return f"its source is read in another account, with {source.foreign_role}"
    for name, value in reads.items():
        if "#{" in value:  # it may have values of variables, which are not shown
            return f"the value of {declared[name]} is not known before the pipeline runs"
    return (
        None if source.provider in _LOOKS else f"revisions of {source.provider} cannot be looked up"
    )


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
