"""The fake scans a table as DynamoDB Local does."""

from typing import Any

from tests.contract.dynamodb_fake.dynamodb import TABLE, Place


def test_a_scan_returns_every_item_as_it_is_now(place: Place) -> None:
    """Each item has only the attributes that are asked for."""
    for name in ("one", "two"):
        place.beside(name).put({"x": {"S": name}, "y": {"S": "not asked for"}})
    request: dict[str, Any] = {
        "TableName": TABLE,
        "ConsistentRead": True,
        "ProjectionExpression": "#release_id, #x",
        "ExpressionAttributeNames": {"#release_id": "release_id", "#x": "x"},
    }
    found = place.client.scan(**request)
    items = found["Items"]
    while "LastEvaluatedKey" in found:  # the table has the items of other tests, too
        found = place.client.scan(**request, ExclusiveStartKey=found["LastEvaluatedKey"])
        items += found["Items"]
    ours = [item for item in items if item["release_id"] == {"S": place.release_id}]
    assert sorted(item["x"]["S"] for item in ours) == ["one", "two"]
    assert all(item.keys() == {"release_id", "x"} for item in ours)
