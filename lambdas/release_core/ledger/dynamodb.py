"""The few calls to DynamoDB that the ledger is made of, with items as plain values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from release_core.errors import LedgerBusy

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Item = dict[str, Any]

BATCH_GET_LIMIT = 100
# Items: DynamoDB takes 100 in one transaction, but no more than 4 MB; each has 400 KB at most.
TRANSACTION_LIMIT = 10

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_NAME = re.compile(r"#(\w+)")


def to_attributes(item: Mapping[str, Any]) -> dict[str, "AttributeValueTypeDef"]:
    """The item as DynamoDB's client takes it, without the attributes that are None."""
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def from_attributes(attributes: Mapping[str, Any]) -> Item:
    """The item that DynamoDB's client answered."""
    return {name: _deserialize(value) for name, value in attributes.items()}


@dataclass(frozen=True, kw_only=True)
class Update:
    """What to change in one item, and the condition under which.

    ``put`` sets attributes, ``default`` those that are missing, ``append`` adds one entry to a
    list, ``add`` adds a member to a string set or a number to a number, ``subtract``
    takes a member out of a string set, ``remove`` removes.
    The condition writes attributes as ``#name`` and its own ``values`` as ``:name``.
    """

    put: Mapping[str, Any] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    append: Mapping[str, Item] = field(default_factory=dict)
    add: Mapping[str, str | int] = field(default_factory=dict)
    subtract: Mapping[str, str] = field(default_factory=dict)
    remove: Sequence[str] = ()
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The update as parameters of UpdateItem, or of an Update in a transaction."""
        put = {name: value for name, value in self.put.items() if value is not None}
        sets = [f"#{name} = :{name}" for name in put]
        sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in self.default]
        sets += [
            f"#{name} = list_append(if_not_exists(#{name}, :empty_list), :{name})"
            for name in self.append
        ]
        clauses = [
            ("SET", sets),
            ("ADD", [f"#{name} :{name}" for name in self.add]),
            ("DELETE", [f"#{name} :{name}" for name in self.subtract]),
            ("REMOVE", [f"#{name}" for name in self.remove]),
        ]
        expression = " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts)
        values = {f":{name}": value for name, value in (put | dict(self.default)).items()}
        values |= {f":{name}": [entry] for name, entry in self.append.items()}
        values |= {
            f":{name}": more if isinstance(more, int) else {more} for name, more in self.add.items()
        }
        values |= {f":{name}": {member} for name, member in self.subtract.items()}
        values |= {f":{name}": value for name, value in self.values.items()}
        if self.append:
            values[":empty_list"] = []
        names = _NAME.findall(f"{expression} {self.condition}")
        request = {
            "UpdateExpression": expression,
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
            "ConditionExpression": self.condition,
            "ExpressionAttributeValues": to_attributes(values),
        }
        return {name: value for name, value in request.items() if value}


@dataclass(frozen=True)
class Written:
    """The item after the write, or, when its condition did not hold, as it was found."""

    item: Item
    held: bool


class Table:
    """One table, by its items' keys; all reads are consistent.

    Reads ask for all ``attributes`` unless some are given; ``a.b`` is attribute b of the map a.
    """

    def __init__(
        self, client: "DynamoDBClient", name: str, *, attributes: Sequence[str] = ()
    ) -> None:
        self._client = client
        self.name = name
        self._projection = ", ".join(f"#{each.replace('.', '.#')}" for each in attributes)

    def get_all(self, keys: Sequence[Item]) -> Iterator[Item]:
        """The items with these keys that exist, in no order."""
        for start in range(0, len(keys), BATCH_GET_LIMIT):
            wanted: Any = {
                self.name: {
                    "Keys": [to_attributes(key) for key in keys[start : start + BATCH_GET_LIMIT]],
                    "ConsistentRead": True,
                    **self._projected(),
                }
            }
            while wanted:
                answer = self._client.batch_get_item(RequestItems=wanted)
                yield from map(from_attributes, answer["Responses"].get(self.name, []))
                wanted = answer.get("UnprocessedKeys")

    def query(
        self,
        condition: str,
        values: Item,
        *,
        index: str | None = None,
        only: str = "",
        backwards: bool = False,
        page: int | None = None,
    ) -> Iterator[Item]:
        """The items of one partition whose key meets the condition, in the order of their keys.

        ``only`` is what they have to meet besides. An ``index`` may lag behind. ``page`` is the
        number of items that one call reads.
        """
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": to_attributes(
                {f":{name}": value for name, value in values.items()}
            ),
            **self._projected(condition, only),
            **({"FilterExpression": only} if only else {}),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"ScanIndexForward": False} if backwards else {}),
            **({"Limit": page} if page else {}),
        }
        while True:
            answer = self._client.query(**request)
            yield from map(from_attributes, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def put(self, item: Item) -> None:
        """Put the item, whatever was there."""
        self._client.put_item(TableName=self.name, Item=to_attributes(item))

    def update(self, key: Item, update: Update) -> Written:
        """Update the item if the condition holds; either way tell what is there, atomically."""
        try:
            answer = self._client.update_item(
                TableName=self.name,
                Key=to_attributes(key),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **update.request(),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            response: Any = error.response
            # Absent when the condition failed because there is no item at all.
            return Written(from_attributes(response.get("Item", {})), held=False)
        return Written(from_attributes(answer["Attributes"]), held=True)

    def putting(self, item: Item, *, condition: str) -> dict[str, Any]:
        """The put of an item as an action of a transaction."""
        return {
            "Put": self._action(Item=to_attributes(item), ConditionExpression=condition),
        }

    def updating(self, key: Item, update: Update) -> dict[str, Any]:
        """The update of an item as an action of a transaction."""
        return {"Update": self._action(Key=to_attributes(key), **update.request())}

    def checking(self, key: Item, update: Update) -> dict[str, Any]:
        """The condition of an update alone as an action of a transaction."""
        return {"ConditionCheck": self._action(Key=to_attributes(key), **update.request())}

    def _projected(self, *expressions: str) -> dict[str, Any]:
        """The attributes to read, and the names of these and of other expressions of a read."""
        names = _NAME.findall(" ".join((*expressions, self._projection)))
        request = {
            "ProjectionExpression": self._projection,
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
        }
        return {name: value for name, value in request.items() if value}

    def _action(self, **parts: Any) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **parts,
        }


def write_together(client: "DynamoDBClient", actions: Sequence[Any]) -> list[Item | None] | None:
    """Write all the actions or none: None when written, else what stood in the way of each.

    The list has one place for each action: None where its condition held, otherwise the item as
    found. Raises LedgerBusy when another transaction was in one of the items at the same instant.
    """
    try:
        client.transact_write_items(TransactItems=actions)
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        response: Any = error.response
        reasons = response.get("CancellationReasons", [])
        if not any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
            raise LedgerBusy(error.response["Error"].get("Message", "")) from error
        return [
            from_attributes(reason.get("Item", {}))
            if reason.get("Code") == "ConditionalCheckFailed"
            else None
            for reason in reasons
        ]
    return None
