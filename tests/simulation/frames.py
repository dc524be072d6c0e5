"""The state of a stopped function as a value: where each of its frames stands, and its variables.

Two histories that lead to equal frames have the same future, so they are one. A loop variable named
`_` only counts (the rounds of an advance, which are bounded): it is left out, or each round would
be a state of its own. So are `self`, objects that hold clients and never change; a test holds the functions
to that. A value of a kind that is not known here equals nothing else: that costs
states, and hides none.
"""

import dataclasses
import enum
import types
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel

from tests.fakes.codepipeline import FakePaginator

_unique = count()
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


def describe_value(value: Any) -> object:  # one line for each kind of value
    """Return a hashable value that is equal for equal contents."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple):
        return tuple(describe_value(each) for each in value)
    if isinstance(value, set | frozenset):
        return frozenset(describe_value(each) for each in value)
    if isinstance(value, Mapping):
        return tuple((key, describe_value(each)) for key, each in value.items())
    if isinstance(value, types.GeneratorType):
        return _frame(value.gi_frame) if value.gi_frame else "ended"
    if isinstance(value, _FIXED):
        return getattr(value, "__qualname__", str(value))
    return _describe_object(value)


def _describe_object(value: Any) -> object:
    name = type(value).__qualname__
    if isinstance(value, ClientError):
        return (name, str(value), str(value.response))
    if isinstance(value, BaseException):
        return (name, str(value))
    if isinstance(value, BaseModel):
        return (name, value.model_dump_json())
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return (name, tuple(describe_value(getattr(value, each.name)) for each in fields))
    if isinstance(value, FakePaginator):
        return (name, value.operation)
    if type(value).__module__.startswith(("release_core.", "tests.simulation.calls")):
        return name
    return (name, next(_unique))
