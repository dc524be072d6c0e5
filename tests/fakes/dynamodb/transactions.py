"""TransactWriteItems: all of its actions or none.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.fakes.dynamodb.expressions.values import invalid, size_of_item
from tests.fakes.dynamodb.tables import Table
from tests.fakes.dynamodb.writes import (
    Commit,
    Write,
    prepare_check,
    prepare_delete,
    prepare_put,
    prepare_update,
)
from tests.fakes.service import Refused

MAX_ACTIONS = 100
MAX_BYTES = 4 * 1024 * 1024

_PREPARE = {
    "Put": prepare_put,
    "Update": prepare_update,
    "Delete": prepare_delete,
    "ConditionCheck": prepare_check,
}


def transact(entries: Sequence[Mapping[str, Any]], table_of: Callable[[str], Table]) -> None:
    """Do all actions, or raise TransactionCanceledException with a reason for each.

    A request that is invalid for any items raises ValidationException.
    """
    if len(entries) > MAX_ACTIONS:
        raise invalid("Member must have length less than or equal to 100")
    writes = [_prepared(entry, table_of) for entry in entries]
    places = {(id(write.table), write.table.identity(write.key)) for write in writes}
    if len(places) < len(writes):
        raise invalid("Transaction request cannot include multiple operations on one item")
    size = sum(size_of_item(write.sent) for write in writes)
    if size > MAX_BYTES:
        raise invalid(f"Transaction payload size cannot exceed 4MB. Payload Size: {size}")
    commits: list[Commit] = []
    reasons = [_attempt(write, commits) for write in writes]
    if len(commits) < len(writes):
        raise _canceled(reasons)
    for commit in commits:
        commit()


def _prepared(entry: Mapping[str, Any], table_of: Callable[[str], Table]) -> Write:
    if len(entry) != 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    ((kind, request),) = entry.items()
    return _PREPARE[kind](table_of(request["TableName"]), request)


def _attempt(write: Write, commits: list[Commit]) -> dict[str, Any]:
    """Attempt a write and keep its commit; return the reason, which is None on success."""
    try:
        commits.append(write.attempt())
    except Refused as refusal:
        conditional = refusal.code == "ConditionalCheckFailedException"
        code = "ConditionalCheckFailed" if conditional else "ValidationError"
        return {"Code": code, "Message": refusal.message, **refusal.members}
    return {"Code": "None"}


def _canceled(reasons: list[dict[str, Any]]) -> Refused:
    message = (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        f"[{', '.join(reason['Code'] for reason in reasons)}]"
    )
    members = {"Message": message, "CancellationReasons": reasons}
    return Refused("TransactionCanceledException", message, members=members)
