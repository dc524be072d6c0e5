"""The DynamoDB calls that the ledger uses, with items as plain Python values."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import field
from itertools import chain
from random import uniform
from time import sleep
from typing import TYPE_CHECKING, Any, TypeAlias

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from release_core.batches import batches
from release_core.errors import LedgerBusy
from release_core.immutable import Immutable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item: TypeAlias = dict[str, Any]

BATCH_GET_LIMIT = 100
# Items. DynamoDB allows 100 in a transaction, but no more than 4 MB, and an item has up to 400 KB.
TRANSACTION_LIMIT = 10
# Calls in a row that read no key of a batch: the waits between them add up to 6.3 s at most.
STALLED_READS_LIMIT = 7

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_NAME = re.compile(r"#(\w+)")


def to_attributes(item: Mapping[str, Any]) -> dict[str, "AttributeValueTypeDef"]:
    """The item in DynamoDB's attribute format, without attributes that are None."""
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def from_attributes(attributes: Mapping[str, Any]) -> Item:
    """The item from DynamoDB's attribute format."""
    return {name: _deserialize(value) for name, value in attributes.items()}


class Update(Immutable):
    """The changes to one item, and their condition.

    ``put`` sets attributes. ``default`` sets attributes that are missing. ``append`` adds one entry
    to a list. ``add`` adds members to a string set, or a number to a number. ``subtract`` removes a
    member from a string set. ``remove`` removes attributes. In the condition ``#name`` is an
    attribute and ``:name`` is one of its ``values``.
    """

    put: Mapping[str, Any] = field(default_factory=dict)
    default: Mapping[str, Any] = field(default_factory=dict)
    append: Mapping[str, Item | str] = field(default_factory=dict)
    add: Mapping[str, str | int | Set[str]] = field(default_factory=dict)
    subtract: Mapping[str, str] = field(default_factory=dict)
    remove: Sequence[str] = ()
    condition: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The parameters for UpdateItem, or for an Update in a transaction."""
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
            f":{name}": {more} if isinstance(more, str) else more for name, more in self.add.items()
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


class Written(Immutable, kw_only=False):
    """The result of a conditional write: the item after it, or as it was if not ``applied``."""

    item: Item
    applied: bool


def back_off(stalled: int) -> None:
    """Wait before the next call, with jitter; longer after each call that read nothing."""
    sleep(uniform(0, 0.05 * 2**stalled))  # noqa: S311  # jitter, not a secret


class Table:
    """One table; all reads are consistent, except those of an index.

    Reads ask for all ``attributes`` unless some are given; ``a.b`` is attribute b of the map a.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        name: str,
        *,
        attributes: Sequence[str] = (),
        wait: Callable[[int], None] = back_off,
    ) -> None:
        self._client = client
        self._wait = wait
        self.name = name
        self._projection = ", ".join(f"#{each.replace('.', '.#')}" for each in attributes)

    def get_all(self, keys: Sequence[Item]) -> Iterator[Item]:
        """The items with these keys, in any order, each once; a key without an item is left out.

        Raises LedgerBusy when DynamoDB repeatedly leaves all keys unprocessed.
        """
        # DynamoDB refuses a request that has a key twice.
        distinct = {frozenset(key.items()): key for key in keys}
        for batch in batches(distinct.values(), BATCH_GET_LIMIT):
            yield from self._get_batch(batch)

    def _get_batch(self, keys: Sequence[Item]) -> Iterator[Item]:
        wanted: Any = {
            self.name: {
                "Keys": [to_attributes(key) for key in keys],
                "ConsistentRead": True,
                **self._projected(),
            }
        }
        stalled = 0
        while True:
            answer = self._client.batch_get_item(RequestItems=wanted)
            yield from map(from_attributes, answer["Responses"].get(self.name, []))
            asked, wanted = wanted, answer.get("UnprocessedKeys")
            if not wanted:
                return
            # DynamoDB leaves keys when it throttles, but also when a response is full: only calls
            # that read nothing count as stalled.
            left = len(wanted[self.name]["Keys"])
            stalled = stalled + 1 if left == len(asked[self.name]["Keys"]) else 0
            if stalled == STALLED_READS_LIMIT:
                raise LedgerBusy(f"DynamoDB left {left} keys of {self.name} unprocessed")
            self._wait(stalled)

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
        """The items of one partition whose keys meet the condition, in the order of their keys.

        ``only`` filters them further. Reads of an ``index`` are eventually consistent. ``page`` is
        the number of items that one call reads.
        """
        request = self._query(condition, values, index=index, only=only)
        request |= {"ScanIndexForward": False} if backwards else {}
        request |= {"Limit": page} if page else {}
        return chain.from_iterable(self._pages(self._client.query, request))

    def query_pages(
        self, condition: str, values: Item, *, index: str, only: str
    ) -> Iterator[list[Item]]:
        """The items that ``query`` finds in an index, those of one call after the other.

        A call reads items of 1 MB at most, before it filters them: it may find none.
        """
        request = self._query(condition, values, index=index, only=only)
        return self._pages(self._client.query, request)

    def _query(
        self, condition: str, values: Item, *, index: str | None, only: str
    ) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": to_attributes(
                {f":{name}": value for name, value in values.items()}
            ),
            **self._projected(condition, only),
            **({"FilterExpression": only} if only else {}),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
        }

    def scan(self) -> Iterator[Item]:
        """All items, in any order; those that were written before the scan are among them."""
        request = {"TableName": self.name, "ConsistentRead": True, **self._projected()}
        return chain.from_iterable(self._pages(self._client.scan, request))

    def _pages(self, read: Callable[..., Any], request: dict[str, Any]) -> Iterator[list[Item]]:
        while True:
            answer = read(**request)
            yield [from_attributes(each) for each in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def update(self, key: Item, update: Update) -> Written:
        """Update the item if the condition holds; the same call returns the item in both cases."""
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
            return Written(from_attributes(response.get("Item", {})), applied=False)
        return Written(from_attributes(answer["Attributes"]), applied=True)

    def put_action(self, item: Item, *, condition: str) -> dict[str, Any]:
        """A conditional put, as an action of a transaction."""
        return {
            "Put": self._action(Item=to_attributes(item), ConditionExpression=condition),
        }

    def update_action(self, key: Item, update: Update) -> dict[str, Any]:
        """An update, as an action of a transaction."""
        return {"Update": self._action(Key=to_attributes(key), **update.request())}

    def check_action(self, key: Item, update: Update) -> dict[str, Any]:
        """Only the condition of an update, as an action of a transaction."""
        return {"ConditionCheck": self._action(Key=to_attributes(key), **update.request())}

    def delete_action(self, key: Item, update: Update | None = None) -> dict[str, Any]:
        """A delete, as an action of a transaction; with the condition of an update, if any."""
        return {"Delete": self._action(Key=to_attributes(key), **(update or Update()).request())}

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
    """Write all actions or none: None on success, otherwise the conflicting items.

    The list has one entry for each action: None if its condition held, otherwise the item as it
    was found. Raises LedgerBusy when another transaction uses one of the items.
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
