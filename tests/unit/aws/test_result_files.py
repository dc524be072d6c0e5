"""A result is written beside its manifest, on a condition, and its errors stop nothing."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from release_core.aws.result_files import ResultFiles
from release_core.aws.result_text import MAX_LISTED, read_result, result_text
from release_core.domain.dropped import ManifestObject
from release_core.domain.results import Result, ResultState
from tests.fakes.s3 import FakeS3
from tests.fakes.service import Refused
from tests.worlds.faults import meanwhile, refuse

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECEIVED = Result(
    manifest=ManifestObject(bucket="manifests", key="a.json", version_id="v1"),
    execution_arn="first",
    started_at=NOON,
    state=ResultState.RECEIVED,
    at=NOON,
)
ACCEPTED = replace(RECEIVED, state=ResultState.ACCEPTED, attempt=1, release_id="r")
CLOSED = replace(ACCEPTED, state=ResultState.SUCCEEDED, started_at=None, why="all 2 succeeded")


@pytest.fixture
def s3() -> FakeS3:
    """A bucket without a result."""
    return FakeS3()


@pytest.fixture
def files(s3: FakeS3) -> ResultFiles:
    """The results in the bucket."""
    client: Any = s3
    return ResultFiles(lambda: client)


def content(s3: FakeS3) -> dict[str, Any]:
    """The file beside the manifest."""
    body = s3.get_object(Bucket="manifests", Key="a.json.result")["Body"].read()
    document: dict[str, Any] = json.loads(body)
    return document


def test_a_result_is_written_beside_its_manifest(s3: FakeS3, files: ResultFiles) -> None:
    """With the version of the manifest, and without keys for what is absent."""
    files.write(RECEIVED)
    assert content(s3) == {
        "schemaVersion": "1",
        "manifest": {"bucket": "manifests", "key": "a.json", "versionId": "v1"},
        "state": "received",
        "at": "2026-11-22T12:00:00.000Z",
        "executionArn": "first",
        "startedAt": "2026-11-22T12:00:00.000Z",
    }


def test_a_later_result_replaces_the_file(s3: FakeS3, files: ResultFiles) -> None:
    """And an earlier one does not."""
    for result in (RECEIVED, ACCEPTED, RECEIVED, CLOSED, ACCEPTED):
        files.write(result)
    written = content(s3)
    assert (written["state"], written["why"]) == ("succeeded", "all 2 succeeded")
    assert (written["executionArn"], written["startedAt"]) == ("first", "2026-11-22T12:00:00.000Z")


@pytest.mark.parametrize("text", ["", "not JSON", "[]", '{"state": "accepted"}', "[" * 100_000])
def test_a_file_without_a_result_is_replaced(s3: FakeS3, files: ResultFiles, text: str) -> None:
    """Anybody who may write to the bucket may have written it."""
    s3.put_object(Bucket="manifests", Key="a.json.result", Body=text.encode())
    files.write(ACCEPTED)
    assert content(s3)["state"] == "accepted"


def test_two_functions_write_at_once(s3: FakeS3, files: ResultFiles) -> None:
    """The one that comes second reads what the first has written."""
    files.write(RECEIVED)
    with meanwhile(s3, "get_object", after=lambda: files.write(CLOSED)):
        files.write(ACCEPTED)
    assert content(s3)["state"] == "succeeded"


def test_a_file_that_is_deleted_meanwhile_is_written_again(s3: FakeS3, files: ResultFiles) -> None:
    """S3 answers NoSuchKey to a read, or to a write that names the file."""
    files.write(RECEIVED)
    with meanwhile(s3, "get_object", before=s3.forget_everything):
        files.write(ACCEPTED)
    assert content(s3)["state"] == "accepted"
    with meanwhile(s3, "get_object", after=s3.forget_everything):
        files.write(CLOSED)
    assert content(s3)["state"] == "succeeded"


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDenied", 403), ("SlowDown", 503), ("InternalError", 500)]
)
def test_a_result_that_cannot_be_written_is_logged(
    s3: FakeS3,
    files: ResultFiles,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    code: str,
    status: int,
) -> None:
    """And nothing is raised: no release fails because of its file."""
    refuse(monkeypatch, s3, "put_object", Refused(code, "no", status=status))
    files.write(ACCEPTED)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "s3://manifests/a.json.result was not written" in record.message
    assert code in record.message


def test_a_result_is_given_up_when_s3_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    """As when S3 refuses it."""

    def broken() -> Any:
        raise EndpointConnectionError(endpoint_url="https://s3")

    ResultFiles(broken).write(ACCEPTED)
    assert "was not written" in caplog.text


def test_a_file_that_keeps_changing_is_given_up(
    s3: FakeS3,
    files: ResultFiles,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a few tries, which is logged."""
    files.write(RECEIVED)
    refuse(monkeypatch, s3, "put_object", Refused("ConditionalRequestConflict", "busy", status=409))
    files.write(ACCEPTED)
    assert "it keeps changing" in caplog.text


@pytest.mark.parametrize("result", [RECEIVED, ACCEPTED, replace(CLOSED, why=None)])
def test_what_is_written_is_read(result: Result) -> None:
    """All but the reasons, on which nothing depends."""
    assert read_result(result_text(result)) == result


def test_all_problems_are_listed(s3: FakeS3, files: ResultFiles) -> None:
    """Up to a number that no reader reads."""
    problems = tuple(f"pipelines[{number}]: no" for number in range(MAX_LISTED + 2))
    files.write(replace(RECEIVED, state=ResultState.REJECTED, problems=problems))
    listed = content(s3)["problems"]
    assert (len(listed), listed[-1]) == (MAX_LISTED + 1, "and 2 more")


def test_half_a_character_is_written_as_another(s3: FakeS3, files: ResultFiles) -> None:
    """JSON can spell half a character, and UTF-8 cannot."""
    files.write(replace(RECEIVED, why="half \ud800"))
    assert content(s3)["why"] == "half ?"
