"""The base of all values and parts that do not change."""

from dataclasses import dataclass, field, fields
from threading import RLock
from typing import Any, ClassVar, dataclass_transform


class _FieldsAtFirstUse:
    """Completes a class when ``dataclasses`` asks for its fields."""

    def __get__(self, _: object, kind: type["Immutable"]) -> dict[str, Any]:
        if kind is Immutable:
            raise AttributeError("Immutable itself has no fields")
        _complete(kind)
        return kind.__dataclass_fields__


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Immutable:
    """A frozen dataclass, completed when it is first used.

    Python compiles the methods of a dataclass, in 0.4 ms for each. A cold start imports a hundred
    of them and uses some. The methods here complete the class, and call what it has then, so no
    method of a subclass calls these. A class of a completed class would inherit its methods, so it
    is completed at once.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]] = _FieldsAtFirstUse()  # type: ignore[assignment]
    _keywords_only: ClassVar[bool]

    def __init_subclass__(cls, *, kw_only: bool = True) -> None:
        """Take the fields as keywords, unless ``kw_only`` is false."""
        super().__init_subclass__()
        cls._keywords_only = kw_only
        if "__hash__" not in vars(cls):
            # ``dataclass`` keeps this one. In place of none, it would first put None there.
            cls.__hash__ = Immutable.__hash__  # type: ignore[method-assign]
        if cls.__base__ is not Immutable:
            _complete(cls)

    def __init__(self, *values: Any, **named: Any) -> None:
        _complete(type(self))
        type(self).__init__(self, *values, **named)

    def __eq__(self, other: object) -> bool:
        _complete(type(self))
        return self == other

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, each.name) for each in fields(self) if each.compare))

    def __repr__(self) -> str:
        _complete(type(self))
        return repr(self)


# Threads may use a class first at one moment: a method that is not there yet waits for it.
_completing = RLock()


def _complete(kind: type[Immutable]) -> None:
    with _completing:
        if "__dataclass_fields__" not in vars(kind):
            dataclass(frozen=True, kw_only=kind._keywords_only)(kind)
