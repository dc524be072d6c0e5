"""Random requests of every form that the ledger sends, to the items of one partition."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.contract.dynamodb_fake.dynamodb import TABLE

type Draw = Callable[[st.SearchStrategy[Any]], Any]
type Step = tuple[str, dict[str, Any]]

# Stands for the partition in a request.
PARTITION = "the partition"

_ITEMS = ["a", "ab", "b"]
_TEXTS = ["", "a", "ab", "abc", "é"]
_NAMES = ["n", "s", "l", "m", "ss", "zz"]

numbers = st.sampled_from(["0", "1", "2", "-3", "120"]).map(lambda number: {"N": number})
texts = st.sampled_from(_TEXTS).map(lambda text: {"S": text})
sets = st.sets(st.sampled_from(_TEXTS), min_size=1, max_size=3).map(
    lambda members: {"SS": sorted(members)}
)
scalars: st.SearchStrategy[dict[str, Any]] = st.one_of(
    numbers, texts, st.just({"BOOL": True}), st.just({"NULL": True})
)
lists = st.lists(scalars, max_size=2).map(lambda elements: {"L": elements})
any_value: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.one_of(scalars, sets),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda elements: {"L": elements}),
        st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2).map(
            lambda members: {"M": members}
        ),
    ),
    max_leaves=4,
)
maps = st.fixed_dictionaries({"x": any_value}, optional={"y": any_value})
attributes = st.fixed_dictionaries(
    {},
    optional={
        "n": numbers,
        "s": texts,
        "l": lists,
        "m": maps.map(lambda members: {"M": members}),
        "ss": sets,
        "zz": any_value,
        "listing": st.just({"S": PARTITION}),
        "opened_at": st.sampled_from(["t1", "t2"]).map(lambda time: {"S": time}),
    },
)
keys = st.sampled_from(_ITEMS).map(
    lambda item: {"release_id": {"S": PARTITION}, "item": {"S": item}}
)


@dataclass
class Writer:
    """Writes the expressions of one request and collects their placeholders."""

    draw: Draw
    values: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def placeholders(self) -> dict[str, Any]:
        """Return the request's ExpressionAttributeNames and -Values; rarely with a fault."""
        fault = self.pick([*["none"] * 30, "unused value", "unused name", "undefined", "empty"])
        if fault == "unused value":
            self.literal()
        elif fault == "unused name":
            self.name("unused")
        elif fault == "undefined" and self.values:
            self.values.popitem()
        found = {
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.values,
        }
        return {name: used for name, used in found.items() if used or fault == "empty"}

    def pick(self, options: list[Any]) -> Any:
        """Choose one of the options."""
        return self.draw(st.sampled_from(options))

    def literal(self, of: st.SearchStrategy[Any] = any_value) -> str:
        """Write a new :value."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = self.draw(of)
        return placeholder

    def name(self, name: str = "") -> str:
        """Write a #name, by default one of any attribute."""
        name = name or self.pick(_NAMES * 4 + ["item", "opened_at"])
        self.names[f"#{name}"] = name
        return f"#{name}"

    def path(self) -> str:
        """Write a document path."""
        kind = self.pick(["name", "name", "inside", "inside", "bare"])
        if kind == "inside":
            return f"{self.name('m')}.{self.name(self.pick(['x', 'y']))}"
        return self.name() if kind == "name" else "release_id"

    def condition(self, depth: int = 2) -> str:
        """Write a condition."""
        kind = self.pick(["test", "test", "and", "or", "not", "()"] if depth else ["test"])
        if kind in {"and", "or"}:
            both = f" {kind.upper()} ".join(self.condition(depth - 1) for _ in range(2))
            return f"({both})" if self.pick([True, False]) else both
        if kind == "test":
            return self._test()
        inner = self.condition(depth - 1)
        return f"NOT {inner}" if kind == "not" else f"({inner})"

    def _test(self) -> str:
        kind = self.pick(["exists", "not_exists", "contains", "size", "equal", "ordered"])
        if kind.endswith("exists"):
            return f"attribute_{kind}({self.path()})"
        if kind == "contains":
            path = self.name(self.pick(["l", "s", "ss", "zz"]))
            return f"contains({path}, {self.literal(scalars)})"
        if kind == "size":
            path = self.name(self.pick(["l", "s", "ss", "zz"]))
            return f"size({path}) {self.pick(['=', '<', '>='])} {self.literal(scalars)}"
        if kind == "equal":
            return f"{self.path()} {self.pick(['=', '<>'])} {self.literal()}"
        bound = self.literal(scalars if self.pick([True, True, False]) else any_value)
        return f"{self.path()} {self.pick(['<', '<=', '>', '>='])} {bound}"

    def update(self) -> str:
        """Write an update expression with up to three changes, rarely two of one attribute."""
        sections: dict[str, list[str]] = {"SET": [], "ADD": [], "DELETE": [], "REMOVE": []}
        some = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True)
        more = self.pick([*[[]] * 20, ["item"], ["ss"]])
        for name in [*self.draw(some), *more]:
            section = self.pick(["SET", "SET", *sections, *self._fitting(name)])
            sections[section].append(self._change(section, self.name(name)))
        return " ".join(
            f"{section} {', '.join(changes)}" for section, changes in sections.items() if changes
        )

    def _fitting(self, name: str) -> list[str]:
        return {"n": ["ADD"] * 4, "ss": ["ADD", "DELETE"] * 4}.get(name, ["SET"] * 12)

    def _change(self, section: str, name: str) -> str:
        if section == "REMOVE":
            return name
        if section == "DELETE":
            return f"{name} {self.literal(sets)}"
        if section == "ADD":
            fitting = {"#n": numbers, "#ss": sets}.get(name, any_value)
            return f"{name} {self.literal(self.pick([fitting, fitting, fitting, any_value]))}"
        kind = self.pick(["literal", "default", "append"])
        if kind == "append" or name == "#l":
            default = f"if_not_exists({name}, {self.literal(lists)})"
            return f"{name} = list_append({default}, {self.literal(lists)})"
        value = self.literal()
        return f"{name} = {value if kind == 'literal' else f'if_not_exists({name}, {value})'}"

    def projection(self, always: tuple[str, ...] = ()) -> dict[str, str]:
        """Write a projection, or none."""
        if self.pick([True, False]):
            return {}
        paths = dict.fromkeys((*map(self.name, always), self.path(), self.path()))
        return {"ProjectionExpression": ", ".join(paths)}

    def write(self, kind: str, key: dict[str, Any]) -> dict[str, Any]:
        """Write the parameters of a write that may be an action of a transaction."""
        request: dict[str, Any] = {"TableName": TABLE}
        if kind == "Put":
            request["Item"] = {**self.draw(attributes), **key}
        else:
            request["Key"] = key
        if kind == "Update":
            request["UpdateExpression"] = self.update()
        if kind == "ConditionCheck" or self.pick([True, False]):
            request["ConditionExpression"] = self.condition()
        shown = self.pick(["NONE", "ALL_OLD"])
        return request | {"ReturnValuesOnConditionCheckFailure": shown} | self.placeholders()

    def query(self) -> dict[str, Any]:
        """Write the parameters of a query."""
        index = self.pick([True, False])
        hash_key, range_key = ("listing", "opened_at") if index else ("release_id", "item")
        self.values[":id"] = {"S": PARTITION}
        condition = f"{self.name(hash_key)} = :id"
        bounds = st.sampled_from([*_ITEMS, "t1", "t2", ""]).map(lambda text: {"S": text})
        kind = self.pick(["all", "one bound", "two bounds"])
        if kind == "one bound":
            comparator = self.pick(["=", "<", "<=", ">", ">="])
            condition += f" AND {self.name(range_key)} {comparator} {self.literal(bounds)}"
        elif kind == "two bounds":
            lower, upper = sorted(self.draw(st.tuples(bounds, bounds)), key=lambda text: text["S"])
            bounded = f"{self.literal(st.just(lower))} AND {self.literal(st.just(upper))}"
            condition += f" AND {self.name(range_key)} BETWEEN {bounded}"
        return {
            "TableName": TABLE,
            "KeyConditionExpression": condition,
            "ScanIndexForward": self.pick([True, False]),
            "Limit": self.pick([1, 2, 5]),
            **({"IndexName": "by_time"} if index else {"ConsistentRead": True}),
            **({"FilterExpression": self.condition(1)} if self.pick([True, False]) else {}),
            **self.projection(("item", "opened_at") if index else ()),
            **self.placeholders(),
        }


@st.composite
def puts(draw: Draw) -> Step:
    """Draw a PutItem."""
    return "put_item", {"TableName": TABLE, "Item": {**draw(attributes), **draw(keys)}}


@st.composite
def steps(draw: Draw) -> Step:
    """Draw a method of the client and its parameters."""
    writer = Writer(draw)
    kind = writer.pick(["put", "update", "update", "transaction", "query", "batch"])
    if kind == "put":
        return "put_item", draw(puts())[1]
    if kind == "update":
        return "update_item", {**writer.write("Update", draw(keys)), "ReturnValues": "ALL_NEW"}
    if kind == "query":
        return "query", writer.query()
    if kind == "batch":
        wanted = {
            "Keys": draw(st.lists(keys, min_size=1, max_size=3, unique_by=str)),
            **writer.projection(),
        }
        names = {"ExpressionAttributeNames": writer.names} if writer.names else {}
        return "batch_get_item", {"RequestItems": {TABLE: wanted | names}}
    kinds = st.sampled_from(["Put", "Update", "Delete", "ConditionCheck"])
    items = draw(st.lists(keys, min_size=1, max_size=3, unique_by=str))
    actions = [{(each := draw(kinds)): Writer(draw).write(each, key)} for key in items]
    return "transact_write_items", {"TransactItems": actions}
