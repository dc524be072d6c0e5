"""The fakes of S3 and EventBridge answer in the shapes of AWS, and the clock is controlled."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.fakes.clock import FakeClock
from tests.fakes.event_schemas import InvalidEventError
from tests.fakes.events import FakeEvents
from tests.fakes.s3 import FakeS3

ENTRY = {"Source": "somebody", "DetailType": "Something", "Detail": "{}"}
OURS = {
    "Source": "release-machine",
    "DetailType": "Release Orphaned",
    "Detail": '{"releaseId":"r"}',
}


def code_and_status(client: FakeS3, **request: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        client.get_object(**request)
    response: Any = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_reads_an_object_as_a_stream() -> None:
    """GetObject returns a stream that can be read once, its length, and its version."""
    client = FakeS3()
    first = client.put_object(Bucket="manifests", Key="a.json", Body=b"one")["VersionId"]
    client.put_object(Bucket="manifests", Key="a.json", Body=b"longer")
    newest = client.get_object(Bucket="manifests", Key="a.json")
    with newest["Body"] as body:
        assert (newest["ContentLength"], body.read()) == (6, b"longer")
    older = client.get_object(Bucket="manifests", Key="a.json", VersionId=first)
    assert older["Body"].read() == b"one"


def test_missing_and_denied_objects_raise_the_errors_of_s3() -> None:
    """A missing or denied object raises S3's error code and status."""
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
    """Accepted entries are recorded in order; failed ones are reported and not recorded."""
    client = FakeEvents(failing=1)
    reply = client.put_events(Entries=[ENTRY, {**ENTRY, "Detail": '{"n":2}'}])
    assert reply["FailedEntryCount"] == 1
    assert "ErrorCode" in reply["Entries"][0]
    assert [entry["Detail"] for entry in client.entries] == ['{"n":2}']
    with pytest.raises(ClientError, match="less than or equal to 10"):
        client.put_events(Entries=[ENTRY] * 11)
    with pytest.raises(ParamValidationError):
        client.put_events(Entries=[])


def test_an_event_of_ours_must_be_as_its_schema_says() -> None:
    """A test that puts an event without its fields, or of an unknown type, fails."""
    with pytest.raises(InvalidEventError, match="executionArn"):
        FakeEvents().put_events(Entries=[OURS])
    with pytest.raises(InvalidEventError, match="Release Forgotten has no schema"):
        FakeEvents().put_events(Entries=[{**OURS, "DetailType": "Release Forgotten"}])


def test_the_clock_moves_only_when_told_to() -> None:
    """The clock returns aware UTC times and rejects steps back and times without a zone."""
    clock = FakeClock()
    start = clock()
    assert clock() == start
    assert start.utcoffset() is not None
    with pytest.raises(ValueError, match="does not run backwards"):
        clock.advance(start - start.max.replace(tzinfo=start.tzinfo))
    with pytest.raises(ValueError, match="without a zone"):
        clock.set(start.replace(tzinfo=None))
