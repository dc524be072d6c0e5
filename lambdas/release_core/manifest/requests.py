"""The doors: what an execution's input says about where its manifest is and who sent it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeGuard

from release_core.errors import ManifestInvalid, ManifestUnreadable
from release_core.problems import is_storable, report
from release_core.strict_json import read_json

type Channel = Literal["s3", "api", "direct", "rollback"]

_WRAPPER = frozenset({"manifest", "requestedBy", "apiRequestId"})
# Step Functions' console links the two executions by the last one.
ROLLBACK_KEYS = frozenset(
    {"rollBack", "releaseId", "requestedBy", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"}
)
# What may differ from the attempt before.
RETRY_CHANGES = frozenset({"deadline", "onBusy"})
_RETRY_KEYS = RETRY_CHANGES | {"retry", "requestedBy"}
_RELEASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
# The metadata of an object in S3, without its prefix x-amz-meta-.
REQUESTED_BY = "requested-by"
MAX_NAME = 1000  # bytes that name a person, a request or a version; AWS's own names are shorter
MAX_KEY = 1024  # bytes of an object's key, as in S3


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A manifest that lies in the input itself; ``source`` is the API's request id, if any."""

    channel: Channel
    document: object
    requester: str | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class DroppedObject:
    """A manifest that lies in S3."""

    bucket: str
    key: str
    version_id: str | None
    requester: str | None
    channel: Channel = "s3"

    @property
    def source(self) -> str:
        """Where the object is, with its version, as people write it."""
        version = f"?versionId={self.version_id}" if self.version_id else ""
        return f"s3://{self.bucket}/{self.key}{version}"


@dataclass(frozen=True, kw_only=True)
class RollbackRequest:
    """No manifest, but the release to roll back and the id of the release that does it."""

    of: str
    release_id: str
    requester: str | None
    source: str | None
    channel: Channel = "rollback"


@dataclass(frozen=True, kw_only=True)
class RetryRequest:
    """No manifest, but the release whose manifest is given again, with what differs this time."""

    of: str
    changes: Mapping[str, object]
    requester: str | None
    source: str | None = None
    channel: Channel = "direct"


type Request = Submission | DroppedObject | RollbackRequest | RetryRequest


def read_request(input_text: str) -> Request:
    """What the input of an execution holds.

    Raises ManifestUnreadable when it is not JSON or an S3 event without an object, and
    ManifestInvalid when it has a manifest, a rollback or a retry with keys that mean nothing.
    """
    document = read_json(input_text, place="the input")
    if not isinstance(document, dict):
        return Submission(channel="direct", document=document)
    if document.get("source") == "aws.s3" and "detail" in document:
        return _dropped_object(document["detail"])
    if "manifest" in document:
        return _wrapped(document)
    if "rollBack" in document:
        return _rollback(document)
    if "retry" in document:
        return _retry(document)
    return Submission(channel="direct", document=document)


def requester_in(metadata: Mapping[str, str]) -> str | None:
    """The person that the metadata of an object names, as ``release-machine submit`` does.

    S3's event tells the account alone.
    """
    person = metadata.get(REQUESTED_BY)
    return person if _is_name(person) else None


def _dropped_object(detail: object) -> DroppedObject:
    match detail:
        case {"bucket": {"name": str(bucket)}, "object": {"key": str(key)} as dropped, **more} if (
            _BUCKET.fullmatch(bucket) and is_storable(key, MAX_KEY)
        ):
            version, requester = dropped.get("version-id"), more.get("requester")
            return DroppedObject(
                bucket=bucket,
                key=key,
                version_id=version if _is_name(version) else None,
                requester=requester if _is_name(requester) else None,
            )
        case _:
            raise ManifestUnreadable("the S3 event names no bucket and key")


def _wrapped(document: dict[str, object]) -> Submission:
    problems = [
        *_unknown_keys(document, _WRAPPER),
        *_bad_names(document, "requestedBy", "apiRequestId"),
    ]
    if problems:
        raise ManifestInvalid(report("The input beside its manifest", problems))
    request_id = document.get("apiRequestId")
    return Submission(
        channel="api" if request_id else "direct",
        document=document["manifest"],
        requester=str(document["requestedBy"]) if document.get("requestedBy") else None,
        source=str(request_id) if request_id else None,
    )


def _rollback(document: dict[str, object]) -> RollbackRequest:
    started_by = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
    problems = [
        *_unknown_keys(document, ROLLBACK_KEYS),
        *_bad_names(document, "requestedBy", started_by),
    ]
    problems += _bad_ids(document, "rollBack", "releaseId")
    if problems:
        raise ManifestInvalid(report("The request for a rollback", problems))
    return RollbackRequest(
        of=str(document["rollBack"]),
        release_id=str(document["releaseId"]),
        requester=str(document["requestedBy"]) if document.get("requestedBy") else None,
        source=str(document[started_by]) if document.get(started_by) else None,
    )


def _retry(document: dict[str, object]) -> RetryRequest:
    problems = [
        *_unknown_keys(document, _RETRY_KEYS),
        *_bad_names(document, "requestedBy"),
        *_bad_ids(document, "retry"),
    ]
    if problems:
        raise ManifestInvalid(report("The request for a retry", problems))
    return RetryRequest(
        of=str(document["retry"]),
        changes={key: value for key, value in document.items() if key in RETRY_CHANGES},
        requester=str(document["requestedBy"]) if document.get("requestedBy") else None,
    )


def _unknown_keys(document: dict[str, object], known: frozenset[str]) -> Iterator[str]:
    for key in sorted(document.keys() - known):
        yield f"{key}: unknown key"


def _bad_names(document: dict[str, object], *keys: str) -> Iterator[str]:
    for key in keys:
        if document.get(key, "") != "" and not _is_name(document[key]):
            yield f"{key}: must be a string of at most {MAX_NAME:,} bytes"


def _bad_ids(document: dict[str, object], *keys: str) -> Iterator[str]:
    for key in keys:
        value = document.get(key)
        if not (isinstance(value, str) and _RELEASE_ID.fullmatch(value)):
            yield f"{key}: must be the id of a release"


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_storable(value, MAX_NAME)
