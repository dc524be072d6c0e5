"""The state of a stopped function as a value: where each of its frames stands, and its variables.

Two histories that lead to equal frames have the same future, so they are one. Left out are a loop
variable named `_`, which only counts (the rounds of an advance, which are bounded), and objects
that hold clients and never change (test_frames.py holds the functions to that). A value of a kind
that is not known here equals nothing else: that costs states, and hides none.
"""

import dataclasses
import enum
import types
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from pydantic import BaseModel

from tests.fakes.codepipeline import FakePaginator

_unique = count()
_UNCHANGING = ("release_core.", "tests.simulation.calls")
_LEFT_OUT = {"_", "self", "parent"}
_PLAIN = (str, int, Decimal, float, bytes, bool, type(None), datetime, timedelta, enum.Enum)
_FIXED = (type, types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.ModuleType)


def describe(frame: types.FrameType | None) -> object:
    """Return what tells this stack of frames from others, as a value that can be hashed."""
    return tuple(_frame(each) for each in _stack(frame))


def _stack(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _frame(frame: types.FrameType) -> object:
    values = tuple(
        (name, describe_value(value))
        for name, value in frame.f_locals.items()
        if name not in _LEFT_OUT
    )
    return (id(frame.f_code), frame.f_lasti, values)


def describe_value(value: Any) -> object:
    """Return a hashable value that is equal for equal contents."""
    found: object
    match value:
        case _ if isinstance(value, _PLAIN):
            found = value
        case list() | tuple():
            found = tuple(describe_value(each) for each in value)
        case set() | frozenset():
            found = frozenset(describe_value(each) for each in value)
        case Mapping():
            found = tuple((key, describe_value(each)) for key, each in value.items())
        case types.GeneratorType():
            found = _frame(value.gi_frame) if value.gi_frame else "ended"
        case _ if isinstance(value, _FIXED):
            found = getattr(value, "__qualname__", str(value))
        case _:
            found = (type(value).__qualname__, _describe_object(value))
    return found


def _describe_object(value: Any) -> object:
    found: object
    match value:
        case BaseException():
            found = (str(value), str(getattr(value, "response", "")))
        case BaseModel():
            found = value.model_dump_json()
        case FakePaginator():
            found = value.operation
        case _ if dataclasses.is_dataclass(value):
            fields = dataclasses.fields(value)
            found = tuple(describe_value(getattr(value, each.name)) for each in fields)
        case _ if type(value).__module__.startswith(_UNCHANGING):
            found = None
        case _:
            found = next(_unique)
    return found
