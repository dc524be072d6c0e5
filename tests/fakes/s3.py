"""An in-memory double of `boto3.client("s3")` for reading and putting objects with versions."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from io import BytesIO
from typing import Any

from botocore.response import StreamingBody

from tests.fakes.service import Refused, answer, service

_WRITTEN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@dataclass
class FakeS3:
    """S3 in memory; reading an object in `denied`, by (bucket, key), raises AccessDenied.

    Every bucket exists once something was put into it, and keeps all versions.
    """

    denied: set[tuple[str, str]] = field(default_factory=set)
    _versions: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    _metadata: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)

    def put_object(self, **request: Any) -> dict[str, Any]:
        """PutObject; the body is bytes."""
        service("s3").check_parameters("PutObject", request)
        versions = self._versions.setdefault((request["Bucket"], request["Key"]), [])
        versions.append(bytes(request["Body"]))
        version = _version(len(versions))
        written = (request["Bucket"], request["Key"], version)
        self._metadata[written] = dict(request.get("Metadata", {}))
        return answer({"ETag": _etag(versions[-1]), "VersionId": version})

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject; the body is a stream that can be read once."""
        service("s3").check_parameters("GetObject", request)
        try:
            version, body = self._read(request["Bucket"], request["Key"], request.get("VersionId"))
        except Refused as refusal:
            raise service("s3").error(refusal, "GetObject") from None
        return answer(
            {
                "Body": StreamingBody(BytesIO(body), len(body)),
                "ContentLength": len(body),
                "ContentType": "binary/octet-stream",
                "ETag": _etag(body),
                "LastModified": _WRITTEN,
                "Metadata": self._metadata[request["Bucket"], request["Key"], version],
                "VersionId": version,
            }
        )

    def head_object(self, **request: Any) -> dict[str, Any]:
        """HeadObject; it has no body, so its errors have no name but their status."""
        service("s3").check_parameters("HeadObject", request)
        try:
            version, body = self._read(request["Bucket"], request["Key"], request.get("VersionId"))
        except Refused as refusal:
            unnamed = Refused(str(refusal.status), "", status=refusal.status)
            raise service("s3").error(unnamed, "HeadObject") from None
        return answer({"ContentLength": len(body), "ETag": _etag(body), "VersionId": version})

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
