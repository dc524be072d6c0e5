"""The fakes of S3 and EventBridge answer in the shapes of AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.fakes.clock import FakeClock
from tests.fakes.events import FakeEvents
from tests.fakes.s3 import FakeS3

ENTRY = {"Source": "release-machine", "DetailType": "Release Succeeded", "Detail": "{}"}


def code_and_status(client: FakeS3, **request: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        client.get_object(**request)
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_reads_an_object_as_a_stream_of_known_length() -> None:
    """GetObject answers a body to read once, its length, and its version."""
    client = FakeS3()
    first = client.put_object(Bucket="manifests", Key="a.json", Body=b"one")["VersionId"]
    client.put_object(Bucket="manifests", Key="a.json", Body=b"longer")
    newest = client.get_object(Bucket="manifests", Key="a.json")
    with newest["Body"] as body:
        assert (newest["ContentLength"], body.read()) == (6, b"longer")
    older = client.get_object(Bucket="manifests", Key="a.json", VersionId=first)
    assert older["Body"].read() == b"one"


def test_refuses_what_cannot_be_read() -> None:
    """What is missing or denied raises S3's own codes with S3's own status."""
    client = FakeS3(denied={("manifests", "secret.json")})
    assert code_and_status(client, Bucket="manifests", Key="a") == ("NoSuchBucket", 404)
    client.put_object(Bucket="manifests", Key="a", Body=b"")
    assert code_and_status(client, Bucket="manifests", Key="b") == ("NoSuchKey", 404)
    gone = {"Bucket": "manifests", "Key": "a", "VersionId": "gone"}
    assert code_and_status(client, **gone) == ("NoSuchVersion", 404)
    assert code_and_status(client, Bucket="manifests", Key="secret.json") == ("AccessDenied", 403)
    with pytest.raises(ParamValidationError):
        client.get_object(Bucket="manifests")


def test_records_what_is_put_on_the_bus() -> None:
    """Accepted entries are kept in order; those that fail are told of and not kept."""
    client = FakeEvents(failing=1)
    reply = client.put_events(Entries=[ENTRY, {**ENTRY, "Detail": '{"n":2}'}])
    assert reply["FailedEntryCount"] == 1
    assert "ErrorCode" in reply["Entries"][0]
    assert [entry["Detail"] for entry in client.entries] == ['{"n":2}']
    with pytest.raises(ClientError, match="less than or equal to 10"):
        client.put_events(Entries=[ENTRY] * 11)
    with pytest.raises(ParamValidationError):
        client.put_events(Entries=[])


def test_stands_still_until_it_is_moved() -> None:
    """The clock gives aware UTC times, forwards only unless it is set."""
    clock = FakeClock()
    start = clock()
    assert clock() == start
    assert start.utcoffset() is not None
    with pytest.raises(ValueError, match="does not run backwards"):
        clock.advance(start - start.max.replace(tzinfo=start.tzinfo))
    with pytest.raises(ValueError, match="without a zone"):
        clock.set(start.replace(tzinfo=None))
