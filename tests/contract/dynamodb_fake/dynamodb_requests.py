"""Random requests to a small partition, with every kind of condition and update."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.contract.dynamodb_fake.dynamodb import TABLE

type Draw = Callable[[st.SearchStrategy[Any]], Any]

_NUMBERS = ["0", "1", "2.50", "-3", "1E+2", "99999999999999999999999999999999999999"]
_TEXTS = ["", "a", "ab", "abc", "é"]
_PATHS = ["n", "s", "l", "m", "ss", "zz", "m.x", "m.y", "m.x.y", "l[0]", "l[1]", "l[5]", "m.#at[0]"]
_NAMES = ["n", "s", "l", "m", "ss", "zz"]
_COMPARATORS = ["=", "<>", "<", "<=", ">", ">="]
_TYPES = ["S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL"]

ITEMS = ["a", "ab", "b"]

numbers = st.sampled_from(_NUMBERS).map(lambda number: {"N": number})
texts = st.sampled_from(_TEXTS).map(lambda text: {"S": text})
text_sets = st.sets(st.sampled_from(_TEXTS), min_size=1, max_size=3).map(
    lambda members: {"SS": sorted(members)}
)
number_sets = st.sets(st.sampled_from(_NUMBERS), min_size=1, max_size=3).map(
    lambda members: {"NS": sorted(members)}
)
scalars: st.SearchStrategy[dict[str, Any]] = st.one_of(
    numbers, texts, st.just({"BOOL": True}), st.just({"NULL": True}), st.just({"B": b"a"})
)
any_value: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.one_of(scalars, text_sets, number_sets),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(st.sampled_from(["x", "y", "at"]), inner, max_size=2).map(
            lambda members: {"M": members}
        ),
    ),
    max_leaves=4,
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "n": numbers,
        "s": texts,
        "l": st.lists(any_value, max_size=3).map(lambda elements: {"L": elements}),
        "m": st.dictionaries(st.sampled_from(["x", "y", "at"]), any_value, max_size=2).map(
            lambda members: {"M": members}
        ),
        "ss": text_sets,
        "zz": any_value,
    },
)


@dataclass
class Writer:
    """Writes the expressions of one request and collects their placeholders."""

    draw: Draw
    values: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def placeholders(self) -> dict[str, Any]:
        """Return the request's ExpressionAttributeNames and -Values, if any."""
        found = {
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.values,
        }
        return {name: used for name, used in found.items() if used}

    def pick(self, options: list[Any]) -> Any:
        """Choose one of the options."""
        return self.draw(st.sampled_from(options))

    def literal(self, of: st.SearchStrategy[Any] = any_value) -> str:
        """Write a new :value."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = self.draw(of)
        return placeholder

    def path(self) -> str:
        """Write a document path."""
        path: str = self.pick(self.pick([_NAMES, _NAMES, _PATHS]))
        if "#at" in path:
            self.names["#at"] = "at"
        return path

    def operand(self) -> str:
        """Write an operand."""
        kind = self.pick(["path", "path", "scalar", "scalar", "literal", "size"])
        if kind == "path":
            return self.path()
        if kind == "size":
            return f"size({self.path()})"
        return self.literal(scalars if kind == "scalar" else any_value)

    def condition(self, depth: int = 2) -> str:
        """Write a condition."""
        kind = self.pick(["test", "test", "function", "and", "or", "not"] if depth else ["test"])
        if kind in {"and", "or"}:
            left, right = self.condition(depth - 1), self.condition(depth - 1)
            return f"({left} {kind.upper()} {right})" if depth < 2 else f"{left} {kind} {right}"
        if kind == "not":
            return f"NOT {self.condition(depth - 1)}"
        return self._function() if kind == "function" else self._test()

    def _test(self) -> str:
        left = self.operand()
        kind = self.pick(["compare", "compare", "compare", "between", "in"])
        if kind == "between":
            return f"{left} BETWEEN {self.operand()} AND {self.operand()}"
        if kind == "in":
            return f"{left} IN ({self.operand()}, {self.operand()})"
        return f"{left} {self.pick(_COMPARATORS)} {self.operand()}"

    def _function(self) -> str:
        name = self.pick(["exists", "not_exists", "type", "begins_with", "contains", "contains"])
        if name.endswith("exists"):
            return f"attribute_{name}({self.path()})"
        if name == "type":
            types = st.sampled_from(_TYPES).map(lambda kind: {"S": kind})
            return f"attribute_type({self.path()}, {self.literal(types)})"
        second = self.literal(texts if name == "begins_with" else scalars)
        return f"{name}({self.path()}, {second})"

    def update(self) -> str:
        """Write an update expression with up to three actions."""
        sections: dict[str, list[str]] = {}
        for _ in range(self.pick([1, 1, 2, 3])):
            section, action = self._action()
            sections.setdefault(section, []).append(action)
        return " ".join(f"{name} {', '.join(actions)}" for name, actions in sections.items())

    def _action(self) -> tuple[str, str]:
        section = self.pick(["SET", "SET", "SET", "REMOVE", "ADD", "DELETE"])
        path = self.path()
        if section == "REMOVE":
            return section, path
        if section == "SET":
            return section, f"{path} = {self._value_to_set()}"
        if section == "DELETE":
            return section, f"{self.pick(['ss', 'ss', path])} {self.literal(text_sets)}"
        kind = self.pick(["number", "number", "set", "any"])
        if kind == "any":
            return section, f"{path} {self.literal(st.one_of(numbers, text_sets, number_sets))}"
        return (
            section,
            f"n {self.literal(numbers)}" if kind == "number" else f"ss {self.literal(text_sets)}",
        )

    def _value_to_set(self) -> str:
        kind = self.pick(["literal", "path", "sum", "append", "default"])
        if kind == "sum":
            sign = self.pick(["+", "-"])
            return f"if_not_exists(n, {self.literal(numbers)}) {sign} {self.literal(numbers)}"
        if kind == "append":
            lists = st.lists(scalars, max_size=2).map(lambda elements: {"L": elements})
            return f"list_append(if_not_exists(l, {self.literal(lists)}), {self.literal(lists)})"
        if kind == "default":
            return f"if_not_exists({self.path()}, {self.literal()})"
        return self.literal() if kind == "literal" else self.path()


@st.composite
def single_writes(draw: Draw, *, returns: bool = True) -> tuple[str, dict[str, Any]]:
    """Draw a put, update or delete: its operation and its parameters without the key."""
    writer = Writer(draw)
    operation = writer.pick(["put_item", "update_item", "update_item", "delete_item"])
    request: dict[str, Any] = {"TableName": TABLE}
    if operation == "put_item":
        request["Item"] = draw(attributes)
    if operation == "update_item":
        request["UpdateExpression"] = writer.update()
    if writer.pick([True, False]):
        request["ConditionExpression"] = writer.condition()
    request["ReturnValuesOnConditionCheckFailure"] = writer.pick(["NONE", "ALL_OLD"])
    if returns:
        allowed = ["NONE", "ALL_OLD"]
        more = ["ALL_NEW", "UPDATED_OLD"] if operation == "update_item" else []
        request["ReturnValues"] = writer.pick(allowed + more)
    return operation, request | writer.placeholders()


@st.composite
def steps(draw: Draw) -> tuple[str, list[tuple[str, dict[str, Any]]], list[str]]:
    """Draw a step: its kind, its writes, and their items."""
    kind = draw(st.sampled_from(["single", "single", "single", "transaction", "query"]))
    if kind == "single":
        return kind, [draw(single_writes())], [draw(st.sampled_from(ITEMS))]
    if kind == "transaction":
        items = draw(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True))
        return kind, [draw(single_writes(returns=False)) for _ in items], items
    writer = Writer(draw)
    on_key = writer.pick(
        [
            "",
            " AND begins_with(#item, :key)",
            *(f" AND #item {comparator} :key" for comparator in ("=", "<", "<=", ">", ">=")),
        ]
    )
    request: dict[str, Any] = {
        "TableName": TABLE,
        "ScanIndexForward": writer.pick([True, False]),
        "Limit": writer.pick([1, 2, 5]),
    }
    if writer.pick([True, False]):
        request["FilterExpression"] = writer.condition()
    request["KeyConditionExpression"] = f"release_id = :id{on_key}"
    if on_key:
        writer.names["#item"] = "item"
        writer.values[":key"] = {"S": writer.pick(ITEMS)}
    return kind, [("query", request | writer.placeholders())], []
