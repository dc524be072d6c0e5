"""Fixtures of the contract tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.dynamodb_fake.dynamodb import TABLE_DEFINITION, Place, running_dynamodb_local
from tests.fakes.dynamodb import FakeDynamoDB


@pytest.fixture(scope="session")
def fake() -> FakeDynamoDB:
    """The fake, with the table."""
    client = FakeDynamoDB()
    client.create_table(**TABLE_DEFINITION)
    return client


@pytest.fixture(scope="session")
def local(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of DynamoDB Local, with the table, for the whole session."""
    log: Path = tmp_path_factory.mktemp("dynamodb-local") / "log"
    with running_dynamodb_local(pytestconfig.rootpath, log) as client:
        client.create_table(**TABLE_DEFINITION)
        yield client


@pytest.fixture(params=["fake", pytest.param("local", marks=pytest.mark.dynamodb_local)])
def place(request: pytest.FixtureRequest) -> Place:
    """An empty place in its own partition: first in the fake, then in DynamoDB Local."""
    return Place(request.getfixturevalue(request.param), f"r-{uuid4()}")
