"""A scan reads all pages of a table, consistently, and only what is asked for."""

from typing import Any

from release_core.domain.holds import is_covered
from release_core.ledger.dynamodb import Table
from tests.worlds.ledger_world import LedgerWorld, an_opening


class Pages:
    """A client whose scan has two pages."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def scan(self, **request: Any) -> dict[str, Any]:
        """Return the page after the start key."""
        self.requests.append(request)
        if "ExclusiveStartKey" in request:
            return {"Items": [{"id": {"S": "b"}}]}
        return {"Items": [{"id": {"S": "a"}}], "LastEvaluatedKey": {"id": {"S": "a"}}}


def test_all_pages_are_read() -> None:
    """The second page begins after the first one."""
    client = Pages()
    table = Table(client, "things", attributes=("id",))  # type: ignore[arg-type]  # a fake client
    assert list(table.scan()) == [{"id": "a"}, {"id": "b"}]
    first, second = client.requests
    assert first == {
        "TableName": "things",
        "ConsistentRead": True,
        "ProjectionExpression": "#id",
        "ExpressionAttributeNames": {"#id": "id"},
    }
    assert second == {**first, "ExclusiveStartKey": {"id": {"S": "a"}}}


def test_the_pipelines_of_releases_are_found_by_their_locks() -> None:
    """Of the release that holds a pipeline, and of the latest one that ran it."""
    world = LedgerWorld()
    for release_id in ("r", "s"):
        arn = world.open(release_id, "orders", "catalog").execution_arn
        for lock in world.ledger.get_locks(["orders", "catalog"]).values():
            opening = an_opening(release_id, "orders", execution_arn=arn)
            assert world.opener_ledger.locks.take(lock, opening.place) is None
        world.ledger.locks.free("orders", arn, ran_in=release_id)
        if release_id == "r":
            world.ledger.locks.free("catalog", arn)
    everything = world.ledger.nodes_in_releases(lambda _: True)
    assert sorted((each, node.name) for each, node in everything) == [
        ("s", "catalog"),
        ("s", "orders"),
    ]
    assert set(world.ledger.runs()) == {"orders", "catalog"}
    covered = world.ledger.nodes_in_releases(lambda name: is_covered(name, "ord*"))
    assert [(each, node.name) for each, node in covered] == [("s", "orders")]
    assert world.ledger.nodes_in_releases(lambda _: True, release_id="r") == []
