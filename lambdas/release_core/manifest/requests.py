"""Reads the request in a workflow execution's input: where the manifest is, and who sent it."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias, TypeGuard

from release_core.domain.dropped import ManifestObject
from release_core.errors import ManifestInvalid, ManifestUnreadable
from release_core.immutable import Immutable
from release_core.manifest.limits import ID_IN_WORDS, ID_PATTERN, MAX_ID
from release_core.manifest.nearest import NearestName
from release_core.problems import Problem, is_in_line, is_storable, lines_of, report
from release_core.strict_json import read_json

Channel: TypeAlias = Literal["s3", "api", "direct", "rollback"]

# The alias of the state machine that only the API may start. So it proves that an execution came
# through the API; the input does not, because a direct start may have the same input.
API_ALIAS = "api"
API_CHANNEL: Channel = "api"
# Each marks an input that is not the manifest itself.
REQUEST_KEYS = ("manifest", "rollBack", "retry")
_WRAPPER_KEYS = frozenset({"manifest", "requestedBy", "apiRequestId"})
# Step Functions' console links the two executions by the last key.
ROLLBACK_KEYS = frozenset(
    {"rollBack", "releaseId", "over", "requestedBy", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"}
)
# A retry may change these keys of the manifest on record.
RETRY_CHANGES = frozenset({"notBefore", "holdLocks", "deadline", "onBusy"})
_RETRY_KEYS = RETRY_CHANGES | {"retry", "requestedBy"}
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
# The key of an S3 object's metadata, without the prefix x-amz-meta-.
REQUESTED_BY = "requested-by"
MAX_NAME = 1000  # bytes of the name of a person, a request or a version; AWS's names are shorter
MAX_KEY = 1024  # bytes of an object's key, as in S3


class Submission(Immutable):
    """A manifest in the input itself; ``source`` is the API's request id, or None."""

    channel: Channel
    document: object
    requester: str | None = None
    source: str | None = None


class DroppedObject(Immutable):
    """A manifest in an S3 object."""

    bucket: str
    key: str
    version_id: str | None
    requester: str | None
    channel: Channel = "s3"

    @property
    def manifest(self) -> ManifestObject:
        """The object without its requester."""
        return ManifestObject(bucket=self.bucket, key=self.key, version_id=self.version_id)

    @property
    def source(self) -> str:
        """The S3 URI of the object, with the version id."""
        version = f"?versionId={self.version_id}" if self.version_id else ""
        return f"s3://{self.bucket}/{self.key}{version}"


class RollbackRequest(Immutable):
    """The release to roll back, and the id of the release that rolls it back.

    ``over`` are executions that no release started, and that it may roll back, too. ``cause`` is
    the workflow execution whose failure started this rollback; None when a person asked for it.
    """

    of: str
    release_id: str
    requester: str | None
    source: str | None
    over: tuple[str, ...] = ()
    cause: str | None = None
    channel: Channel = "rollback"


class RetryRequest(Immutable):
    """The release whose manifest on record is submitted again, and the changes to that manifest."""

    of: str
    changes: Mapping[str, object]
    requester: str | None
    source: str | None = None
    channel: Channel = "direct"


Request: TypeAlias = Submission | DroppedObject | RollbackRequest | RetryRequest


def read_request(input_text: str, *, alias: str | None = None) -> Request:
    """The request in the input of a workflow execution, which this ``alias`` started.

    Raises ManifestUnreadable when the input is not JSON or is an S3 event without an object, and
    ManifestInvalid when a key or a value around the manifest, of a rollback or of a retry is wrong.
    """
    document = read_json(input_text, place="the input")
    if not isinstance(document, dict):
        return Submission(channel="direct", document=document)
    if document.get("source") == "aws.s3" and "detail" in document:
        return _dropped_object(document["detail"])
    if "manifest" in document:
        return _wrapped(document, channel=API_CHANNEL if alias == API_ALIAS else "direct")
    if "rollBack" in document:
        return _rollback(document)
    if "retry" in document:
        return _retry(document)
    return Submission(channel="direct", document=document)


def requester_in(metadata: Mapping[str, str]) -> str | None:
    """The person in the metadata of an object, as ``release-machine submit`` writes it, or None.

    S3's event has only the account.
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
            raise ManifestUnreadable("the S3 event has no valid bucket name and object key")


def _wrapped(document: dict[str, object], *, channel: Channel) -> Submission:
    problems = [
        *_unknown_keys(document, _WRAPPER_KEYS),
        *_bad_names(document, "requestedBy", "apiRequestId"),
    ]
    if problems:
        raise ManifestInvalid(report("The input around the manifest", problems), lines_of(problems))
    request_id = document.get("apiRequestId")
    return Submission(
        channel=channel,
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
    over = document.get("over", [])
    if not isinstance(over, list) or not all(map(_is_name, over)):
        problems.append(Problem(("over",), "must be a list of ids of pipeline executions"))
    if problems:
        raise ManifestInvalid(report("The request for a rollback", problems), lines_of(problems))
    return RollbackRequest(
        of=str(document["rollBack"]),
        release_id=str(document["releaseId"]),
        requester=str(document["requestedBy"]) if document.get("requestedBy") else None,
        source=str(document[started_by]) if document.get(started_by) else None,
        over=tuple(map(str, over)) if isinstance(over, list) else (),
    )


def _retry(document: dict[str, object]) -> RetryRequest:
    problems = [
        *_unknown_keys(document, _RETRY_KEYS),
        *_bad_names(document, "requestedBy"),
        *_bad_ids(document, "retry"),
    ]
    if problems:
        raise ManifestInvalid(report("The request for a retry", problems), lines_of(problems))
    return RetryRequest(
        of=str(document["retry"]),
        changes={key: value for key, value in document.items() if key in RETRY_CHANGES},
        requester=str(document["requestedBy"]) if document.get("requestedBy") else None,
    )


def _unknown_keys(document: dict[str, object], known: frozenset[str]) -> Iterator[Problem]:
    nearest = NearestName(known)
    for key in sorted(document.keys() - known):
        suggestion = nearest.suggest(key) or f"; the keys here are {', '.join(sorted(known))}"
        yield Problem((key,), f"unknown key{suggestion}")


def _bad_names(document: dict[str, object], *keys: str) -> Iterator[Problem]:
    for key in keys:
        value = document.get(key, "")
        if value == "" or _is_name(value):
            continue
        if isinstance(value, str) and not all(map(is_in_line, value)):
            says = "must not contain control characters, line breaks or changes of text direction"
        else:
            says = f"must be a string of at most {MAX_NAME:,} bytes in UTF-8"
        yield Problem((key,), says)


def _bad_ids(document: dict[str, object], *keys: str) -> Iterator[Problem]:
    for key in keys:
        value = document.get(key)
        is_id = isinstance(value, str) and len(value) <= MAX_ID and re.fullmatch(ID_PATTERN, value)
        if not is_id:
            yield Problem((key,), f"must be the id of a release: a string of {ID_IN_WORDS}")


def _is_name(value: object) -> TypeGuard[str]:
    # A name stands in lines that people read, so it must not hide or reorder a part of them.
    return isinstance(value, str) and is_storable(value, MAX_NAME) and all(map(is_in_line, value))
