"""The calls that pass LocalStack are noted with the role that signed them."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localstack_call_record.gateway import Gateway
from localstack_call_record.record import CallRecord

ROLE = "arn:aws:iam::000000000000:role/starter"


class Passing:
    """A gateway that records, and the calls that pass it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._gateway = Gateway(CallRecord(path), lambda headers: headers.get("key"))

    def call(
        self,
        key: str,
        service: str,
        operation: str,
        request: Mapping[str, Any] | None,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        """One call of the holder of an access key."""
        context = SimpleNamespace(
            request=SimpleNamespace(headers={"key": key}),
            service=SimpleNamespace(service_name=service),
            operation=SimpleNamespace(name=operation),
            service_request=request,
            service_response=answer,
            partition="aws",
            region="us-east-1",
            account_id="000000000000",
        )
        self._gateway(None, context, SimpleNamespace(status_code=200))

    def assume(self, key: str, role: str = ROLE) -> None:
        """STS gives an access key to LocalStack, which acts for a service."""
        answer = {"Credentials": {"AccessKeyId": key}}
        self.call("internal", "sts", "AssumeRole", {"RoleArn": role}, answer)

    @property
    def noted(self) -> list[dict[str, Any]]:
        """The lines of the record."""
        return [json.loads(line) for line in self._path.read_text().splitlines()]


@pytest.fixture
def passing(tmp_path: Path) -> Passing:
    """A gateway with an empty record."""
    return Passing(tmp_path / "calls.jsonl")


def test_a_call_is_noted_for_the_role_behind_its_key(passing: Passing) -> None:
    """Once, without its parameters."""
    passing.assume("KEY")
    for _ in range(2):
        request = {"taskToken": "secret", "output": "{}"}
        passing.call("KEY", "stepfunctions", "SendTaskSuccess", request)
    assert passing.noted == [
        {"role": ROLE, "action": "states:SendTaskSuccess", "resource": "*", "context": {}}
    ]


def test_calls_of_others_are_not_noted(passing: Passing, tmp_path: Path) -> None:
    """Neither those of users and of LocalStack, nor requests that are no calls of the API."""
    passing.assume("KEY")
    passing.call("USER", "stepfunctions", "SendTaskSuccess", {"taskToken": "t"})
    passing.call("KEY", "stepfunctions", "SendTaskSuccess", None)
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_refused_assumption_gives_no_key(passing: Passing, tmp_path: Path) -> None:
    """Its answer is an error."""
    passing.call("internal", "sts", "AssumeRole", {"RoleArn": ROLE}, None)
    passing.call("KEY", "stepfunctions", "SendTaskSuccess", {"taskToken": "t"})
    assert not (tmp_path / "calls.jsonl").exists()


def test_two_roles_that_call_alike_are_noted_both(passing: Passing) -> None:
    """Least privilege is judged for each role."""
    for number, key in enumerate(("ONE", "TWO")):
        passing.assume(key, f"{ROLE}-{number}")
        passing.call(key, "stepfunctions", "SendTaskSuccess", {"taskToken": "t"})
    assert [line["role"] for line in passing.noted] == [f"{ROLE}-0", f"{ROLE}-1"]
