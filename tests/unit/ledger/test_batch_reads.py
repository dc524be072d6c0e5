"""Keys that DynamoDB leaves unprocessed are read again, with waits in between."""

from collections.abc import Callable

import pytest

from release_core.errors import LedgerBusy
from release_core.ledger import dynamodb
from release_core.ledger.dynamodb import (
    STALLED_READS_LIMIT,
    Item,
    Table,
    back_off,
    to_attributes,
)
from tests.fakes.dynamodb.client import FakeDynamoDB

KEYS: list[Item] = [{"id": name} for name in ("a", "b", "c", "d")]


@pytest.fixture
def client() -> FakeDynamoDB:
    """DynamoDB with a table of four items."""
    client = FakeDynamoDB()
    client.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for key in KEYS:
        client.put_item(TableName="things", Item=to_attributes(key))
    return client


def read(client: FakeDynamoDB, wait: Callable[[int], None]) -> list[Item]:
    """Read all items with this wait between the calls."""
    table = Table(client, "things", wait=wait)  # type: ignore[arg-type]  # a fake client
    return list(table.get_all(KEYS))


def test_a_partial_answer_is_completed(client: FakeDynamoDB) -> None:
    """Each call that reads some keys is followed by the shortest wait."""
    waits: list[int] = []
    client.batch_limit = 1
    assert read(client, waits.append) == KEYS
    assert waits == [0, 0, 0]


def test_a_key_that_is_named_twice_is_read_once(client: FakeDynamoDB) -> None:
    """DynamoDB refuses a request that has a key twice, such as a pipeline that a person names."""
    table = Table(client, "things")  # type: ignore[arg-type]  # a fake client
    assert list(table.get_all([*KEYS, *KEYS])) == KEYS


def test_a_table_that_reads_nothing_is_busy(client: FakeDynamoDB) -> None:
    """The waits grow, and then the workflow's retry takes over."""
    waits: list[int] = []
    client.batch_limit = 0
    with pytest.raises(LedgerBusy, match="4 keys of things unprocessed"):
        read(client, waits.append)
    assert waits == list(range(1, STALLED_READS_LIMIT))


def test_only_calls_in_a_row_that_read_nothing_count(client: FakeDynamoDB) -> None:
    """When keys are read again, the next wait is the shortest."""
    waits: list[int] = []

    def wait(stalled: int) -> None:
        waits.append(stalled)
        client.batch_limit = 0 if len(waits) % 4 else 2

    client.batch_limit = 0
    assert read(client, wait) == KEYS
    assert waits == [1, 2, 3, 4, 0, 1, 2, 3]


def test_waits_are_random_and_double(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wait is between nothing and a maximum that doubles, 6.3 s in all."""
    longest: list[float] = []
    monkeypatch.setattr(dynamodb, "sleep", longest.append)
    monkeypatch.setattr(dynamodb, "uniform", lambda low, high: low + high)
    for stalled in range(1, STALLED_READS_LIMIT):
        back_off(stalled)
    assert longest == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
