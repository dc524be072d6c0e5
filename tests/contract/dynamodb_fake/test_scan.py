"""The fake scans a table as DynamoDB Local does."""

from tests.contract.dynamodb_fake.dynamodb import TABLE, Place


def test_a_scan_returns_every_item_as_it_is_now(place: Place) -> None:
    """Each item has only the attributes that are asked for."""
    for name in ("one", "two"):
        place.beside(name).put({"x": {"S": name}, "y": {"S": "not asked for"}})
    found = place.client.scan(
        TableName=TABLE,
        ConsistentRead=True,
        ProjectionExpression="#release_id, #x",
        ExpressionAttributeNames={"#release_id": "release_id", "#x": "x"},
    )
    ours = [item for item in found["Items"] if item["release_id"] == {"S": place.release_id}]
    assert sorted(item["x"]["S"] for item in ours) == ["one", "two"]
    assert all(item.keys() == {"release_id", "x"} for item in ours)
