"""The parameters that DynamoDB's calls share: placeholders, expressions, return values."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.dynamodb.expressions.condition_parser import parse_condition
from tests.fakes.dynamodb.expressions.conditions import Condition
from tests.fakes.dynamodb.expressions.documents import parse_projection, project
from tests.fakes.dynamodb.expressions.syntax import Needs, Values, value_at
from tests.fakes.dynamodb.expressions.updates import Update, parse_update
from tests.fakes.dynamodb.expressions.values import Item, invalid, stored
from tests.fakes.service import Refused

_EXPRESSIONS = (
    "UpdateExpression",
    "ConditionExpression",
    "KeyConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
)


class Placeholders:
    """The ExpressionAttributeNames and -Values of a request; each must be used."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._request = request
        names = request.get("ExpressionAttributeNames")
        given = request.get("ExpressionAttributeValues")
        if names is not None or given is not None:
            _check_placeholders(request, names, given)
        self._names = frozenset(names.items()) if names else frozenset()
        self.values: Values = (
            {name: _stored_value(name, value) for name, value in given.items()} if given else {}
        )
        self._needs: list[Needs] = []

    def condition(self, source: str = "ConditionExpression") -> Condition | None:
        """Return the request's condition of this kind, or None."""
        text = self._request.get(source)
        if text is None:
            return None
        condition, needs = parse_condition(text, self._names, source=source)
        self._note(needs, source)
        return condition

    def update(self) -> Update:
        """Return the request's update; it is empty without an UpdateExpression."""
        text = self._request.get("UpdateExpression")
        if text is None:
            return Update()
        update, needs = parse_update(text, self._names)
        self._note(needs, "UpdateExpression")
        return update

    def projected(self, items: list[Item]) -> list[Item]:
        """Return the items, reduced by the request's projection."""
        text = self._request.get("ProjectionExpression")
        if text is None:
            return items
        paths, _ = parse_projection(text, self._names)
        return [project(item, paths) for item in items]

    def check_projection(self) -> None:
        """Check the projection before anything is written."""
        text = self._request.get("ProjectionExpression")
        if text is not None:
            self._note(parse_projection(text, self._names)[1], "ProjectionExpression")

    def _note(self, needs: Needs, source: str) -> None:
        needs.check(self.values, source=source)
        self._needs.append(needs)

    def check_all_used(self) -> None:
        """Raise ValidationException for an unused placeholder."""
        names = {name for name, _ in self._names}.difference(*(n.names for n in self._needs))
        values = set(self.values).difference(*(n.values for n in self._needs))
        for unused, kind in ((names, "Names"), (values, "Values")):
            if unused:
                raise invalid(
                    f"Value provided in ExpressionAttribute{kind} unused in expressions: "
                    f"keys: {{{', '.join(sorted(unused))}}}"
                )


def _check_placeholders(
    request: Mapping[str, Any], names: Mapping[str, str] | None, values: Mapping[str, Any] | None
) -> None:
    for parameter, sign, given in (("Names", "#", names), ("Values", ":", values)):
        if given is None:
            continue
        what = f"ExpressionAttribute{parameter}"
        if not any(expression in request for expression in _EXPRESSIONS):
            raise invalid(f"{what} can only be specified when using expressions")
        if not given:
            raise invalid(f"{what} must not be empty")
        for placeholder, meaning in given.items():
            if not placeholder.startswith(sign):
                raise invalid(f'{what} contains invalid key: Syntax error; key: "{placeholder}"')
            if meaning == "":
                raise invalid(
                    f"{what} contains invalid value: Empty attribute name for key {placeholder}"
                )


def _stored_value(placeholder: str, value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return stored(value)
    except Refused as refusal:
        raise invalid(
            "ExpressionAttributeValues contains invalid value: "
            f"{refusal.message} for key {placeholder}"
        ) from None


def check_condition(
    condition: Condition | None, item: Item | None, *, values: Values, request: Mapping[str, Any]
) -> None:
    """Raise ConditionalCheckFailedException, with the item if the request asks for it."""
    if condition is None or condition.holds(item or {}, values):
        return
    wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    raise Refused(
        "ConditionalCheckFailedException",
        "The conditional request failed",
        members={"Item": item} if wanted and item is not None else None,
    )


def attributes_to_return(
    request: Mapping[str, Any], before: Item | None, after: Item | None, update: Update
) -> dict[str, Any]:
    """Return the member Attributes that ReturnValues asks for, if it is not empty."""
    wanted = request.get("ReturnValues", "NONE")
    source = after if wanted.endswith("NEW") else before
    if wanted == "NONE" or source is None:
        return {}
    if wanted.startswith("UPDATED"):
        # The earlier attribute is returned only if the path itself had a value.
        touched = {path[0] for path in update.paths() if source is after or value_at(source, path)}
        source = {name: value for name, value in source.items() if name in touched}
    return {"Attributes": source} if source else {}
