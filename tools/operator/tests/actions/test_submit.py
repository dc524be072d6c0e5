"""Submitting a manifest to the bucket, and reading which execution this starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from release_core.aws.result_text import result_text
from release_core.domain.dropped import ManifestObject
from release_core.domain.results import Result, ResultState
from release_machine.actions.submit import DEADLINE, Drop, ResultReader, drop_manifest
from release_machine.errors import OperatorError, UsageError
from release_machine.validation.manifest_file import read_manifest
from tools.operator.tests.conftest import EXECUTION, Stubbed, at

DROP = Drop(bucket="manifests", key="mine.json", version_id="v1", at=at(0))


@dataclass
class Bucket:
    """The bucket, with queued answers about the result of the manifest."""

    reader: ResultReader
    stubber: Stubber

    def has(self, text: str) -> None:
        """Queue an answer with this file."""
        body = StreamingBody(BytesIO(text.encode()), len(text.encode()))
        wanted = {"Bucket": "manifests", "Key": "mine.json.result"}
        self.stubber.add_response("get_object", {"Body": body}, wanted)

    def refuses(self, code: str) -> None:
        """Queue an error of S3."""
        self.stubber.add_client_error("get_object", code)


@pytest.fixture
def bucket(stubbed: Stubbed) -> Bucket:
    client, stubber = stubbed("s3")
    return Bucket(ResultReader(client), stubber)


def result(key: str = "mine.json", version: str = "v1") -> str:
    """The file beside a manifest, when its execution has just begun."""
    return result_text(
        Result(
            manifest=ManifestObject(bucket="manifests", key=key, version_id=version),
            execution_arn=EXECUTION,
            state=ResultState.RECEIVED,
            at=at(1),
        )
    )


def test_the_manifest_is_uploaded_unchanged(stubbed: Stubbed, tmp_path: Path) -> None:
    """The file is uploaded byte for byte, under a new key that ends in .json."""
    content = b'\xef\xbb\xbf{"releaseId": 5.10,\r\n "pipelines": ["a"]}'
    (tmp_path / "m").write_bytes(content)
    client, stubber = stubbed("s3")
    wanted = {
        "Bucket": "manifests",
        "Key": ANY,
        "Body": content,
        "ContentType": "application/json",
        "Metadata": {"requested-by": "arn:alice"},
    }
    drops = []
    for version in ("v1", "v2"):
        stubber.add_response("put_object", {"VersionId": version}, wanted)
        read = read_manifest(str(tmp_path / "m"))
        how = {"name": "näh me.txt", "bucket": "manifests", "caller": "arn:alice"}
        drops.append(drop_manifest(read, s3=client, **how))
    assert [drop.version_id for drop in drops] == ["v1", "v2"]
    assert drops[0].key != drops[1].key
    for dropped in drops:
        assert dropped.key.startswith("n-h-me-")
        assert dropped.key.endswith(".json")


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_unreadable_manifest(tmp_path: Path, name: str) -> None:
    """A missing file or a folder is wrong usage, and the error names it."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(str(tmp_path / name))


def test_the_result_names_the_execution(bucket: Bucket) -> None:
    """The file beside the manifest has the ARN, as soon as the machine has received it."""
    bucket.has(result())
    assert bucket.reader.execution_of(DROP) == EXECUTION


@pytest.mark.parametrize("text", ["", "{}", "not JSON", result(version="v0"), result("other.json")])
def test_another_file_is_not_the_result(bucket: Bucket, text: str) -> None:
    """Only the result of this version of this object counts; anybody may write beside it."""
    bucket.has(text)
    assert bucket.reader.execution_of(DROP) is None


def test_waiting_for_the_result(bucket: Bucket) -> None:
    """It is looked for until it is there; without s3:ListBucket, S3 says AccessDenied meanwhile."""
    bucket.refuses("NoSuchKey")
    bucket.refuses("AccessDenied")
    bucket.has(result())
    pauses: list[float] = []
    found = bucket.reader.await_execution(DROP, wait=pauses.append, clock=lambda: at(1))
    assert found == EXECUTION
    assert len(pauses) == 2


def test_another_error_of_the_bucket_is_raised(bucket: Bucket) -> None:
    """It says what is wrong at once."""
    bucket.refuses("NoSuchBucket")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        bucket.reader.execution_of(DROP)


def test_no_result_appears(bucket: Bucket) -> None:
    """After the deadline the error names the object and what to check."""
    bucket.refuses("NoSuchKey")
    bucket.refuses("NoSuchKey")
    times: Iterator[datetime] = iter([at(1), at(1) + DEADLINE + timedelta(seconds=1)])
    with pytest.raises(OperatorError, match=r"s3://manifests/mine\.json") as raised:
        bucket.reader.await_execution(DROP, wait=lambda _: None, clock=lambda: next(times))
    for cause in ("s3:GetObject", "manifest-dropped", "dead-letter queue", "release-machine list"):
        assert cause in raised.value.next_step
