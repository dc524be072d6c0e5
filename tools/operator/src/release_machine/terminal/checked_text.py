"""Checks texts that are sent to AWS, by the name of the option or argument that the user typed."""

import click

from release_machine.actions.words import checked_scope, checked_words
from release_machine.errors import UsageError


def read_words(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """A reason or a comment, without white space around it; None for an optional one that is blank.

    Raises UsageError for one that is needed and blank, that is too long, or has hidden characters.
    """
    name = parameter.opts[0]
    example = f'{name} "incident 4711"'
    return checked_words(name, value or "", needed=parameter.required, example=example)


def read_any(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """An optional text of any length; raises UsageError for bytes that are no text."""
    if value and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise UsageError(f"{parameter.opts[0]} is not valid UTF-8.", "Write it in UTF-8.")
    return value


def read_scopes(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Names or patterns of pipelines; raises UsageError for what can match none."""
    for value in values:
        read_scope(context, parameter, value)
    return values


def read_scope(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """What a freeze or a view covers, if it is given; raises UsageError for what can match none."""
    if value is None:
        return None
    name = parameter.opts[0] if parameter.param_type_name == "option" else "PATTERN"
    return checked_scope(name, value)
