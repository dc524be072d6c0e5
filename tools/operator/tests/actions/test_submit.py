"""Submitting a manifest to the bucket, and finding the execution that this starts."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from release_machine.actions.submit import (
    DEADLINE,
    Drop,
    ExecutionFinder,
    drop_manifest,
)
from release_machine.errors import OperatorError, UsageError
from release_machine.validation.manifest_file import read_manifest

type Stubbed = Callable[[str], tuple[Any, Stubber]]
type At = Callable[[float], datetime]

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:release-machine"


def execution_arn(name: str) -> str:
    return f"arn:aws:states:us-east-1:000000000000:execution:release-machine:{name}"


def listed(name: str, started: datetime) -> dict[str, Any]:
    return {
        "executionArn": execution_arn(name),
        "stateMachineArn": MACHINE,
        "name": name,
        "status": "RUNNING",
        "startDate": started,
    }


def described(name: str, started: datetime, given: object) -> dict[str, Any]:
    text = given if isinstance(given, str) else json.dumps(given)
    return {**listed(name, started), "input": text}


def event(key: str, version: str | None = "v1", bucket: str = "manifests") -> dict[str, Any]:
    dropped = {"key": key} | ({"version-id": version} if version else {})
    return {"source": "aws.s3", "detail": {"bucket": {"name": bucket}, "object": dropped}}


@pytest.fixture
def drop(at: At) -> Drop:
    return Drop(bucket="manifests", key="mine.json", version_id="v1", at=at(0))


@pytest.fixture
def machine(stubbed: Stubbed) -> tuple[ExecutionFinder, Stubber]:
    client, stubber = stubbed("stepfunctions")
    return ExecutionFinder(sfn=client, state_machine_arn=MACHINE), stubber


def test_the_manifest_is_uploaded_unchanged(stubbed: Stubbed, tmp_path: Path) -> None:
    """The file is uploaded byte for byte, under a new key that ends in .json."""
    content = b'\xef\xbb\xbf{"releaseId": 5.10,\r\n "pipelines": ["a"]}'
    (tmp_path / "m").write_bytes(content)
    client, stubber = stubbed("s3")
    for version in ("v1", "v2"):
        stubber.add_response(
            "put_object",
            {"VersionId": version},
            {
                "Bucket": "manifests",
                "Key": ANY,
                "Body": content,
                "ContentType": "application/json",
                "Metadata": {"requested-by": "arn:alice"},
            },
        )
    drops = [
        drop_manifest(
            read_manifest(str(tmp_path / "m")),
            name="näh me.txt",
            bucket="manifests",
            caller="arn:alice",
            s3=client,
        )
        for _ in range(2)
    ]
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


def test_execution_is_found_by_its_input(
    machine: tuple[ExecutionFinder, Stubber], drop: Drop, at: At
) -> None:
    """Only the execution whose event names this version of this object is found."""
    finder, stubber = machine
    others: dict[str, object] = {
        "direct": {"releaseId": "5", "pipelines": ["a"]},
        "number": 5,
        "unreadable": "not json",
        "version": event("mine.json", "v0"),
        "bucket": event("mine.json", bucket="other"),
        "key": event("other.json"),
    }
    executions = {**others, "mine": event("mine.json")}
    stubber.add_response(
        "list_executions", {"executions": [listed(name, at(1)) for name in executions]}
    )
    for name, given in executions.items():
        stubber.add_response("describe_execution", described(name, at(1), given))
    assert finder.find(drop) == execution_arn("mine")


def test_first_of_two_executions_counts(
    machine: tuple[ExecutionFinder, Stubber], drop: Drop, at: At
) -> None:
    """An event that is delivered twice starts two executions; the first opened the release."""
    finder, stubber = machine
    both = [listed("second", at(3)), listed("first", at(1))]
    stubber.add_response("list_executions", {"executions": both})
    stubber.add_response("describe_execution", described("second", at(3), event("mine.json")))
    stubber.add_response("describe_execution", described("first", at(1), event("mine.json")))
    assert finder.find(drop) == execution_arn("first")


def test_old_executions_are_not_read(
    machine: tuple[ExecutionFinder, Stubber], drop: Drop, at: At
) -> None:
    """The search ends at executions that are older than the manifest."""
    finder, stubber = machine
    old = [listed(f"old{number}", at(-3600)) for number in range(3)]
    stubber.add_response("list_executions", {"executions": old, "nextToken": "more"})
    assert finder.find(drop) is None


def test_waiting_for_the_execution(
    machine: tuple[ExecutionFinder, Stubber], drop: Drop, at: At
) -> None:
    """Other executions are described only once, however long the search takes."""
    finder, stubber = machine
    other = listed("other", at(1))
    stubber.add_response("list_executions", {"executions": [other]})
    stubber.add_response("describe_execution", described("other", at(1), event("other.json")))
    stubber.add_response("list_executions", {"executions": [other]})
    stubber.add_response("list_executions", {"executions": [listed("mine", at(2)), other]})
    stubber.add_response("describe_execution", described("mine", at(2), event("mine.json")))
    pauses: list[float] = []
    found = finder.await_execution(drop, wait=pauses.append, clock=lambda: at(1))
    assert found == execution_arn("mine")
    assert len(pauses) == 2


def test_no_execution_is_started(
    machine: tuple[ExecutionFinder, Stubber], drop: Drop, at: At
) -> None:
    """After the deadline the error names the object and what to check."""
    finder, stubber = machine
    stubber.add_response("list_executions", {"executions": []})
    stubber.add_response("list_executions", {"executions": []})
    times: Iterator[datetime] = iter([at(1), at(1) + DEADLINE + timedelta(seconds=1)])
    with pytest.raises(OperatorError, match=r"s3://manifests/mine\.json") as raised:
        finder.await_execution(drop, wait=lambda _: None, clock=lambda: next(times))
    assert "manifest-dropped" in raised.value.next_step
    assert "dead-letter queue" in raised.value.next_step
