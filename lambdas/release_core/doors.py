"""The three doors: what an execution's input says about where its manifest is and who sent it."""

import re
from dataclasses import dataclass
from typing import Literal, TypeGuard

from release_core.document import read_json
from release_core.errors import ManifestInvalid, ManifestUnreadable
from release_core.problems import is_storable, report

type Channel = Literal["s3", "api", "direct"]

_WRAPPER = frozenset({"manifest", "requestedBy", "apiRequestId"})
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
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


def recognise(input_text: str) -> Submission | DroppedObject:
    """What the input of an execution holds.

    Raises ManifestUnreadable when it is not JSON or an S3 event without an object, and
    ManifestInvalid when it wraps a manifest together with keys that mean nothing.
    """
    document = read_json(input_text, place="the input")
    if not isinstance(document, dict):
        return Submission(channel="direct", document=document)
    if document.get("source") == "aws.s3" and "detail" in document:
        return _dropped_object(document["detail"])
    if "manifest" in document:
        return _wrapped(document)
    return Submission(channel="direct", document=document)


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
    problems = [f"{key}: unknown key" for key in sorted(document.keys() - _WRAPPER)]
    for key in ("requestedBy", "apiRequestId"):
        if document.get(key, "") != "" and not _is_name(document[key]):
            problems.append(f"{key}: must be a string of at most {MAX_NAME:,} bytes")
    if problems:
        raise ManifestInvalid(report("The input beside its manifest", problems))
    request_id = document.get("apiRequestId")
    return Submission(
        channel="api" if request_id else "direct",
        document=document["manifest"],
        requester=str(document["requestedBy"]) if document.get("requestedBy") else None,
        source=str(request_id) if request_id else None,
    )


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_storable(value, MAX_NAME)
