"""Submitting a manifest to the bucket, and finding the execution that this starts."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY

from release_machine.actions.submit import DEADLINE, Drop, ExecutionFinder, drop_manifest
from release_machine.errors import OperatorError, UsageError
from release_machine.validation.manifest_file import read_manifest
from tools.operator.tests.conftest import MACHINE, Stubbed, at, described

DROP = Drop(bucket="manifests", key="mine.json", version_id="v1", at=at(0))


def execution_arn(name: str) -> str:
    return f"arn:aws:states:us-east-1:000000000000:execution:release-machine:{name}"


def event(key: str, version: str | None = "v1", bucket: str = "manifests") -> dict[str, Any]:
    dropped = {"key": key} | ({"version-id": version} if version else {})
    return {"source": "aws.s3", "detail": {"bucket": {"name": bucket}, "object": dropped}}


class Machine:
    """A state machine, with queued answers about its executions."""

    def __init__(self, stubbed: Stubbed) -> None:
        client, self._stubber = stubbed("stepfunctions")
        self.finder = ExecutionFinder(sfn=client, state_machine_arn=MACHINE)

    def lists(self, started: Mapping[str, float], *, more: bool = False) -> None:
        """Queue a list of executions, by name and when they were started."""
        executions = [
            described(arn=execution_arn(name), name=name, startDate=at(seconds))
            for name, seconds in started.items()
        ]
        token = {"nextToken": "more"} if more else {}
        self._stubber.add_response("list_executions", {"executions": executions, **token})

    def describes(self, **inputs: object) -> None:
        """Queue the inputs of executions."""
        for name, given in inputs.items():
            text = given if isinstance(given, str) else json.dumps(given)
            answer = described(arn=execution_arn(name), input=text)
            self._stubber.add_response("describe_execution", answer)


@pytest.fixture
def machine(stubbed: Stubbed) -> Machine:
    return Machine(stubbed)


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


def test_execution_is_found_by_its_input(machine: Machine) -> None:
    """Only the execution whose event names this version of this object is found."""
    executions: dict[str, object] = {
        "direct": {"releaseId": "5", "pipelines": ["a"]},
        "number": 5,
        "unreadable": "not json",
        "version": event("mine.json", "v0"),
        "bucket": event("mine.json", bucket="other"),
        "key": event("other.json"),
        "mine": event("mine.json"),
    }
    machine.lists(dict.fromkeys(executions, 1))
    machine.describes(**executions)
    assert machine.finder.find(DROP) == execution_arn("mine")


def test_first_of_two_executions_counts(machine: Machine) -> None:
    """An event that is delivered twice starts two executions; the first opened the release."""
    machine.lists({"second": 3, "first": 1})
    machine.describes(second=event("mine.json"), first=event("mine.json"))
    assert machine.finder.find(DROP) == execution_arn("first")


def test_old_executions_are_not_read(machine: Machine) -> None:
    """The search ends at executions that are older than the manifest."""
    machine.lists({"old": -3600, "older": -3601}, more=True)
    assert machine.finder.find(DROP) is None


def test_waiting_for_the_execution(machine: Machine) -> None:
    """Other executions are described only once, however long the search takes."""
    machine.lists({"other": 1})
    machine.describes(other=event("other.json"))
    machine.lists({"other": 1})
    machine.lists({"mine": 2, "other": 1})
    machine.describes(mine=event("mine.json"))
    pauses: list[float] = []
    found = machine.finder.await_execution(DROP, wait=pauses.append, clock=lambda: at(1))
    assert found == execution_arn("mine")
    assert len(pauses) == 2


def test_no_execution_is_started(machine: Machine) -> None:
    """After the deadline the error names the object and what to check."""
    machine.lists({})
    machine.lists({})
    times: Iterator[datetime] = iter([at(1), at(1) + DEADLINE + timedelta(seconds=1)])
    with pytest.raises(OperatorError, match=r"s3://manifests/mine\.json") as raised:
        machine.finder.await_execution(DROP, wait=lambda _: None, clock=lambda: next(times))
    assert "manifest-dropped" in raised.value.next_step
    assert "dead-letter queue" in raised.value.next_step
