"""The state of a stopped function as a value: where each of its frames stands, and its variables.

Two histories that lead to equal frames have the same future, so they are one. Left out are a loop
variable named `_`, which only counts (the rounds of an advance, which are bounded), and objects
that hold clients and never change (test_frames.py holds the functions to that). A value of a kind
that is not known here equals nothing else: that costs states, and hides none.
"""

import enum
import types
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from pydantic import BaseModel

from tests.fakes.codepipeline import FakePaginator

# What was found of dataclasses, by identity; it holds them, so that their ids stay theirs.
type Known = dict[int, tuple[object, object]]

_unique = count()
_UNCHANGING = ("release_core.", "tests.simulation.calls")
_LEFT_OUT = {"_", "self", "parent"}
_PLAIN = {str, int, Decimal, float, bytes, bool, type(None), datetime, timedelta}
_FIXED = (type, types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType)


def describe(frame: types.FrameType | None, known: Known) -> object:
    """Return what tells this stack of frames from others, as a value that can be hashed.

    `known` keeps what was found of values that never change, for the same stack's next stop.
    """
    return tuple(_frame(each, known) for each in _stack(frame))


def _stack(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _frame(frame: types.FrameType, known: Known) -> object:
    values = tuple(
        [
            (name, describe_value(value, known))
            for name, value in frame.f_locals.items()
            if name not in _LEFT_OUT
        ]
    )
    return (id(frame.f_code), frame.f_lasti, values)


def describe_value(value: Any, known: Known) -> object:
    """Return a hashable value that is equal for equal contents."""
    if type(value) in _PLAIN:
        return value
    found: object
    match value:
        case enum.Enum():
            found = value
        case list() | tuple():
            found = tuple([describe_value(each, known) for each in value])
        case set() | frozenset():
            found = frozenset([describe_value(each, known) for each in value])
        case Mapping():
            found = tuple([(key, describe_value(each, known)) for key, each in value.items()])
        case types.GeneratorType():
            found = _frame(value.gi_frame, known) if value.gi_frame else "ended"
        case _ if isinstance(value, _FIXED):
            found = getattr(value, "__qualname__", str(value))
        case _:
            found = _describe_object(value, known)
    return found


def _describe_object(value: Any, known: Known) -> object:
    kind = type(value)
    names = getattr(kind, "__dataclass_fields__", None)
    found: object
    match value:
        case BaseException():
            found = (str(value), str(getattr(value, "response", "")))
        case BaseModel():
            found = value.model_dump_json()
        case FakePaginator():
            found = value.operation
        case _ if names is not None:
            kept = known.get(id(value))
            if kept is None or kept[0] is not value:
                fields = tuple([describe_value(getattr(value, name), known) for name in names])
                kept = known[id(value)] = (value, fields)
            found = kept[1]
        case _ if kind.__module__.startswith(_UNCHANGING):
            found = None
        case _:
            found = next(_unique)
    return (kind.__qualname__, found)
