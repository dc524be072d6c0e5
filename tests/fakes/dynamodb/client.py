"""An in-memory double of `boto3.client("dynamodb")` for the calls of the ledger.

It has DynamoDB's conditions, update expressions, transactions, errors and limits;
tests/contract/dynamodb_fake compares it with DynamoDB Local. An unsupported parameter raises
NotFaked and is never ignored.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.dynamodb.batches import batch_get, batch_write
from tests.fakes.dynamodb.expressions.values import Item, invalid
from tests.fakes.dynamodb.queries import query
from tests.fakes.dynamodb.requests import Placeholders
from tests.fakes.dynamodb.tables import KeySchema, Partitions, Table
from tests.fakes.dynamodb.transactions import transact
from tests.fakes.dynamodb.writes import Write, prepare_delete, prepare_put, prepare_update
from tests.fakes.service import NotFaked, Refused, answer, copied, service

_PLACEHOLDERS = {"ExpressionAttributeNames", "ExpressionAttributeValues"}
_WRITE = {
    "TableName",
    "ConditionExpression",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
} | _PLACEHOLDERS
_READ = {"ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"}
_KNOWN = {
    "PutItem": {"Item"} | _WRITE,
    "UpdateItem": {"Key", "UpdateExpression"} | _WRITE,
    "DeleteItem": {"Key"} | _WRITE,
    "GetItem": {"TableName", "Key"} | _READ,
    "Query": {
        "TableName",
        "IndexName",
        "KeyConditionExpression",
        "FilterExpression",
        "ScanIndexForward",
        "Limit",
        "ExclusiveStartKey",
        "Select",
        "ExpressionAttributeValues",
    }
    | _READ,
    "BatchGetItem": {"RequestItems"},
    "BatchWriteItem": {"RequestItems"},
    "TransactWriteItems": {"TransactItems", "ClientRequestToken"},
}
_ALLOWED_RETURNS = {
    "PutItem": {"NONE", "ALL_OLD"},
    "DeleteItem": {"NONE", "ALL_OLD"},
    "UpdateItem": {"NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"},
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of the whole store; taking and restoring a snapshot copies no item."""

    contents: Mapping[str, Partitions]
    held: Mapping[str, Partitions] | None
    requests: Mapping[str, str]


class FakeDynamoDB:
    """DynamoDB in memory, with the methods of the low-level boto3 client.

    With check_parameters (the default), botocore checks the parameters of each call first, as for a
    real client. A simulation can turn this off for speed; then sizes are not checked either, and
    answers share the stored items, which must not be changed. batch_limit is the number of entries
    after which a batch call returns the others as unprocessed.
    """

    def __init__(self, *, check_parameters: bool = True, batch_limit: int | None = None) -> None:
        self._service = service("dynamodb")
        self._checks_parameters = check_parameters
        self.batch_limit = batch_limit
        self.exceptions = self._service.exceptions
        self._tables: dict[str, Table] = {}
        self._held: Mapping[str, Partitions] | None = None
        self._requests: dict[str, str] = {}

    def create_table(self, **request: Any) -> dict[str, Any]:
        """Create a table from CreateTable's parameters; every index projects all attributes."""
        self._service.check_parameters("CreateTable", request)
        types = {a["AttributeName"]: a["AttributeType"] for a in request["AttributeDefinitions"]}
        indexes = {
            index["IndexName"]: _key_schema(index["KeySchema"], types, index["IndexName"])
            for index in request.get("GlobalSecondaryIndexes", [])
        }
        keys = _key_schema(request["KeySchema"], types, None)
        self._tables[request["TableName"]] = Table(
            keys, indexes, checks_size=self._checks_parameters
        )
        return answer({"TableDescription": {"TableName": request["TableName"]}})

    def snapshot(self) -> Snapshot:
        """Return the state of the store, for restore()."""
        contents = {name: table.share() for name, table in self._tables.items()}
        return Snapshot(contents, self._held, dict(self._requests))

    def restore(self, snapshot: Snapshot) -> None:
        """Restore a state, any number of times."""
        for name, contents in snapshot.contents.items():
            self._tables[name].reset(contents)
        self._held = snapshot.held
        self._requests = dict(snapshot.requests)

    def hold_back(self) -> None:
        """Let eventually consistent reads (and all index reads) see the state of now."""
        self._held = {name: table.share() for name, table in self._tables.items()}

    def catch_up(self) -> None:
        """Let eventually consistent reads see everything again."""
        self._held = None

    def items(self, table: str) -> list[Item]:
        """Return all items of a table."""
        return [copied(item) for item in self._table(table).items()]

    def stored_item(self, table: str, key: Item) -> Item | None:
        """Return a stored item for a simulation to read; it must not be changed."""
        return self._table(table).find(key)

    def put_item(self, **request: Any) -> dict[str, Any]:
        """PutItem."""
        return self._call("PutItem", self._write("PutItem", prepare_put), request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        """UpdateItem."""
        return self._call("UpdateItem", self._write("UpdateItem", prepare_update), request)

    def delete_item(self, **request: Any) -> dict[str, Any]:
        """DeleteItem."""
        return self._call("DeleteItem", self._write("DeleteItem", prepare_delete), request)

    def get_item(self, **request: Any) -> dict[str, Any]:
        """GetItem."""
        return self._call("GetItem", self._get, request)

    def query(self, **request: Any) -> dict[str, Any]:
        """Query."""
        return self._call("Query", self._query, request)

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """BatchGetItem."""
        return self._call("BatchGetItem", self._batch_get, request)

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        """BatchWriteItem."""
        return self._call("BatchWriteItem", self._batch_write, request)

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

    def _table(self, name: str) -> Table:
        table = self._tables.get(name)
        if table is None:
            raise Refused("ResourceNotFoundException", "Requested resource not found")
        return table

    def _view(self, name: str, consistent: bool) -> Partitions | None:
        """Return the held-back contents that a read sees, or None for the current ones."""
        if consistent or self._held is None:
            return None
        return self._held.get(name, {})

    def _get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        table = self._table(request["TableName"])
        placeholders = Placeholders(request)
        placeholders.check_projection()
        placeholders.check_all_used()
        view = self._view(request["TableName"], request.get("ConsistentRead", False))
        item = table.find(table.key_of(request["Key"]), view)
        return {} if item is None else {"Item": placeholders.projected([item])[0]}

    def _query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        view = self._view(request["TableName"], request.get("ConsistentRead", False))
        return query(self._table(request["TableName"]), request, view)

    def _write(
        self, operation: str, prepare: Callable[[Table, Mapping[str, Any]], Write]
    ) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        def write(request: Mapping[str, Any]) -> dict[str, Any]:
            if request.get("ReturnValues", "NONE") not in _ALLOWED_RETURNS[operation]:
                raise invalid("Return values set to invalid value")
            return prepare(self._table(request["TableName"]), request).attempt()()

        return write

    def _batch_get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return batch_get(request["RequestItems"], self._table, self._view, self.batch_limit)

    def _batch_write(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return batch_write(request["RequestItems"], self._table, self.batch_limit)

    def _transact(self, request: Mapping[str, Any]) -> dict[str, Any]:
        entries = request["TransactItems"]
        token = request.get("ClientRequestToken")
        if token is None:
            transact(entries, self._table)
            return {}
        sent = repr(entries)
        if self._requests.get(token, sent) != sent:
            raise Refused("IdempotentParameterMismatchException", "", members={"Message": ""})
        if token not in self._requests:
            transact(entries, self._table)
            self._requests[token] = sent
        return {}


def _key_schema(
    elements: Iterable[Mapping[str, str]], types: Mapping[str, str], index: str | None
) -> KeySchema:
    names = {element["KeyType"]: element["AttributeName"] for element in elements}
    return KeySchema(names["HASH"], names.get("RANGE"), types, index)
