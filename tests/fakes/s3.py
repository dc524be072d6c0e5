"""An in-memory double of `boto3.client("s3")` for reading and putting objects with versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from io import BytesIO
from typing import Any

from botocore.response import StreamingBody

from tests.fakes.service import Refused, service

_WRITTEN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class FakeS3:
    """S3 in memory; an object in `denied`, by (bucket, key), can be neither read nor put.

    A bucket exists as soon as it has an object, and keeps all versions.
    """

    denied: set[tuple[str, str]] = field(default_factory=set)
    _versions: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    _metadata: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)

    def put_object(self, **request: Any) -> dict[str, Any]:
        """PutObject; the body is bytes."""
        return service("s3").call("PutObject", self._put, request)

    def _put(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if (request["Bucket"], request["Key"]) in self.denied:
            raise Refused("AccessDenied", "Access Denied", status=403)
        self._check_condition(request)
        versions = self._versions.setdefault((request["Bucket"], request["Key"]), [])
        versions.append(bytes(request["Body"]))
        version = _version(len(versions))
        written = (request["Bucket"], request["Key"], version)
        self._metadata[written] = dict(request.get("Metadata", {}))
        return {"ETag": _etag(versions[-1]), "VersionId": version}

    def _check_condition(self, request: Mapping[str, Any]) -> None:
        versions = self._versions.get((request["Bucket"], request["Key"]), [])
        if "IfMatch" in request and not versions:
            raise Refused("NoSuchKey", "The specified key does not exist.", status=404)
        if ("IfMatch" in request and request["IfMatch"] != _etag(versions[-1])) or (
            "IfNoneMatch" in request and versions
        ):
            raise Refused(
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
                status=412,
            )

    def keys(self) -> list[str]:
        """The keys of all objects."""
        return [key for (_, key), versions in self._versions.items() if versions]

    def forget_everything(self) -> None:
        """Delete all objects of all buckets."""
        for versions in self._versions.values():
            versions.clear()

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject; the body is a stream that can be read once."""
        return service("s3").call("GetObject", self._get, request)

    def head_object(self, **request: Any) -> dict[str, Any]:
        """HeadObject; it has no body, so its errors have a status but no name."""
        return service("s3").call("HeadObject", self._head, request)

    def _get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        version, body = self._read(request["Bucket"], request["Key"], request.get("VersionId"))
        return {
            "Body": StreamingBody(BytesIO(body), len(body)),
            "ContentLength": len(body),
            "ContentType": "binary/octet-stream",
            "ETag": _etag(body),
            "LastModified": _WRITTEN,
            "Metadata": self._metadata[request["Bucket"], request["Key"], version],
            "VersionId": version,
        }

    def _head(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            version, body = self._read(request["Bucket"], request["Key"], request.get("VersionId"))
        except Refused as refusal:
            raise Refused(str(refusal.status), "", status=refusal.status) from None
        return {
            "ContentLength": len(body),
            "ETag": _etag(body),
            "LastModified": _WRITTEN,
            "Metadata": self._metadata[request["Bucket"], request["Key"], version],
            "VersionId": version,
        }

    def _read(self, bucket: str, key: str, wanted: str | None) -> tuple[str, bytes]:
        if (bucket, key) in self.denied:
            raise Refused("AccessDenied", "Access Denied", status=403)
        if not any(known == bucket for known, _ in self._versions):
            raise Refused("NoSuchBucket", "The specified bucket does not exist", status=404)
        versions = self._versions.get((bucket, key), [])
        if not versions:
            raise Refused("NoSuchKey", "The specified key does not exist.", status=404)
        named = {_version(number): body for number, body in enumerate(versions, start=1)}
        version = wanted or _version(len(versions))
        if version not in named:
            raise Refused("NoSuchVersion", "The specified version does not exist.", status=404)
        return version, named[version]


def _version(number: int) -> str:
    return f"v{number:031d}"


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'
