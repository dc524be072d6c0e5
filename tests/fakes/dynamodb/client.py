"""An in-memory double of `boto3.client("dynamodb")` for the calls of the ledger."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.fakes.dynamodb.reads import batch_get, query, scan
from tests.fakes.dynamodb.tables import Keys, Partitions, Table
from tests.fakes.dynamodb.values import Item
from tests.fakes.dynamodb.writes import prepare_put, prepare_update, transact
from tests.fakes.service import NotFaked, Refused, answer, copied, service

_PLACEHOLDERS = {"ExpressionAttributeNames", "ExpressionAttributeValues"}
_READ = {"ConsistentRead", "ProjectionExpression"} | _PLACEHOLDERS
_KNOWN = {
    "PutItem": {"TableName", "Item"},
    "UpdateItem": {
        "TableName",
        "Key",
        "UpdateExpression",
        "ConditionExpression",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
    }
    | _PLACEHOLDERS,
    "Query": {
        "TableName",
        "IndexName",
        "KeyConditionExpression",
        "FilterExpression",
        "ScanIndexForward",
        "Limit",
        "ExclusiveStartKey",
    }
    | _READ,
    "Scan": {"TableName"} | _READ,
    "BatchGetItem": {"RequestItems"},
    "TransactWriteItems": {"TransactItems"},
}


# The items of all tables. Taking and restoring a snapshot copies no item.
type Snapshot = Mapping[str, Partitions]


class FakeDynamoDB:
    """DynamoDB in memory, with the methods of the low-level boto3 client.

    With check_parameters (the default), botocore checks the parameters of each call first, as for a
    real client. A simulation can turn this off for speed; then sizes are not checked either, and
    answers share the stored items, which must not be changed. batch_limit is the number of keys
    after which a batch read returns the others as unprocessed.
    """

    def __init__(self, *, check_parameters: bool = True) -> None:
        self._service = service("dynamodb")
        self._checks_parameters = check_parameters
        self.batch_limit: int | None = None
        self._tables: dict[str, Table] = {}

    def create_table(self, **request: Any) -> dict[str, Any]:
        """Create a table from CreateTable's parameters; every index projects all attributes."""
        self._service.check_parameters("CreateTable", request)
        indexes = {
            index["IndexName"]: _keys(index["KeySchema"])
            for index in request.get("GlobalSecondaryIndexes", [])
        }
        self._tables[request["TableName"]] = Table(
            _keys(request["KeySchema"]), indexes, checks_size=self._checks_parameters
        )
        return answer({"TableDescription": {"TableName": request["TableName"]}})

    def snapshot(self) -> Snapshot:
        """Return the state of the store, for restore()."""
        return {name: table.share() for name, table in self._tables.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Restore a state, any number of times."""
        for name, contents in snapshot.items():
            self._tables[name].reset(contents)

    def items(self, table: str) -> list[Item]:
        """Return all items of a table."""
        return [copied(item) for item in self._tables[table].items()]

    def stored_item(self, table: str, key: Item) -> Item | None:
        """Return a stored item for a simulation to read; it must not be changed."""
        return self._tables[table].find(key)

    def put_item(self, **request: Any) -> dict[str, Any]:
        """PutItem."""
        return self._call("PutItem", self._put, request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """UpdateItem, which returns ALL_NEW."""
        return self._call("UpdateItem", self._update, request)

    def query(self, **request: Any) -> dict[str, Any]:
        """Query."""
        return self._call("Query", self._query, request)

    def scan(self, **request: Any) -> dict[str, Any]:
        """Scan, which returns all items of a table in one page."""
        return self._call("Scan", self._scan, request)

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """BatchGetItem, of one table."""
        return self._call("BatchGetItem", self._batch_get, request)

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """TransactWriteItems."""
        return self._call("TransactWriteItems", self._transact, request)

    def _call(
        self,
        operation: str,
        act: Callable[[Mapping[str, Any]], dict[str, Any]],
        request: Mapping[str, Any],
    ) -> dict[str, Any]:
        def perform(request: Mapping[str, Any]) -> dict[str, Any]:
            unknown = request.keys() - _KNOWN[operation]
            if unknown:
                raise NotFaked(f"the fake's {operation} does not support {sorted(unknown)}")
            try:
                return self._given(act(request))
            except Refused as refusal:
                refusal.members = self._given(refusal.members)
                raise

        return self._service.call(
            operation, perform, request, checks_parameters=self._checks_parameters
        )

    def _given[Response](self, response: Response) -> Response:
        """Return a response as the caller gets it: a copy, if parameters are checked."""
        return copied(response) if self._checks_parameters else response

    def _put(self, request: Mapping[str, Any]) -> dict[str, Any]:
        write = prepare_put(self._tables[request["TableName"]], request)
        write.commit(write.attempt())
        return {}

    def _update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request.get("ReturnValues") != "ALL_NEW":
            raise NotFaked("the fake's UpdateItem returns ALL_NEW")
        write = prepare_update(self._tables[request["TableName"]], request)
        after = write.attempt()
        write.commit(after)
        return {"Attributes": after}

    def _query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return query(self._tables[request["TableName"]], request)

    def _scan(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return scan(self._tables[request["TableName"]], request)

    def _batch_get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ((name, part),) = request["RequestItems"].items()
        found, left = batch_get(self._tables[name], part, self.batch_limit)
        return {
            "Responses": {name: found},
            "UnprocessedKeys": {name: {**part, "Keys": left}} if left else {},
        }

    def _transact(self, request: Mapping[str, Any]) -> dict[str, Any]:
        transact(request["TransactItems"], self._tables)
        return {}


def _keys(elements: Iterable[Mapping[str, str]]) -> Keys:
    """Return the keys of a KeySchema, which names the hash key first."""
    return Keys(tuple(element["AttributeName"] for element in elements))
