"""Log lines that say which release, pipeline and execution they are about."""

import logging
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, str] = MappingProxyType({})
_SUBJECT: ContextVar[Mapping[str, str]] = ContextVar("subject", default=_NOTHING)


class Log(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines carry the subject in force."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the subject to the fields of a line."""
        return msg, {**kwargs, "extra": {**subject(), **(kwargs.get("extra") or {})}}


def log_of(module: str) -> Log:
    """The log of a module, by its ``__name__``."""
    return Log(logging.getLogger(module))


@contextmanager
def invocation(*outcomes: type[Exception], **known: str | None) -> Iterator[None]:
    """As ``about``, for all that an invocation does; logs the error that ends it, if one does.

    Lambda logs that error, too, and does not know what it is about. Errors that are ``outcomes``
    are not logged here.
    """
    with about(**known):
        try:
            yield
        except outcomes:
            raise
        except Exception as error:
            _log.error("failed: %s: %s", type(error).__name__, error)
            raise


@contextmanager
def about(**known: str | None) -> Iterator[None]:
    """Name what the lines and metrics in this block are about.

    The keys are ``release_id``, ``execution_arn`` of the workflow execution, ``pipeline`` and its
    ``execution_id``. None means that it is not known here, also if it was named around this block.
    """
    around = _SUBJECT.set(subject())
    try:
        also_about(**known)
        yield
    finally:
        _SUBJECT.reset(around)


def also_about(**known: str | None) -> None:
    """Name more, from here to the end of the block of ``about``; the keys are the same."""
    named = {**subject(), **known}
    _SUBJECT.set({key: value for key, value in named.items() if value is not None})


def subject() -> Mapping[str, str]:
    """What the lines are about at this point."""
    return _SUBJECT.get()


_log = log_of(__name__)
