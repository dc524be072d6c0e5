"""Equal frames are one state: what that rests on."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.frames import describe_value

CORE = sorted((Path(__file__).parents[2] / "lambdas" / "release_core").glob("*.py"))


def assignments_to_self(tree: ast.Module) -> Iterator[str]:
    """The functions, __init__ and __new__ apart, that change an object they belong to."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name not in {"__init__", "__new__"}:
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.ctx, ast.Store | ast.Del)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "self"
                ):
                    yield function.name


@pytest.mark.parametrize("module", CORE, ids=lambda path: path.stem)
def test_no_object_of_the_functions_changes(module: Path) -> None:
    """An object is what it was made as, so a frame's `self` need not be looked into."""
    assert list(assignments_to_self(ast.parse(module.read_text()))) == []


def test_equal_contents_are_equal() -> None:
    """Lists, sets and mappings are compared by what they hold."""
    assert describe_value([1, {"a": {2, 3}}], {}) == describe_value([1, {"a": {3, 2}}], {})
    assert describe_value([1, 2], {}) != describe_value([2, 1], {})


def test_what_is_not_known_equals_nothing() -> None:
    """An object of an unknown kind makes a state of its own, rather than hide one."""
    unknown = object()
    assert describe_value(unknown, {}) != describe_value(unknown, {})


def test_a_generator_is_where_it_stands() -> None:
    """A generator that was advanced differs from one that was not."""

    def numbers() -> Iterator[int]:
        yield 1
        yield 2

    one, other = numbers(), numbers()
    assert describe_value(one, {}) == describe_value(other, {})
    next(one)
    assert describe_value(one, {}) != describe_value(other, {})
