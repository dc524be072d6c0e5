"""The filters of a list as a person typed them, for a list that is empty."""

import shlex
from collections.abc import Mapping, Sequence

from release_machine.text.printable import in_one_line


def as_typed(
    options: Mapping[str, Sequence[str] | str | None], *, arguments: Sequence[str] = ()
) -> str:
    """The arguments and options that were given, as in a command; empty if there are none."""
    words = [shlex.quote(each) for each in arguments]
    for name, given in options.items():
        values = [given] if isinstance(given, str) else given or ()
        words += [f"{name} {shlex.quote(each)}" for each in values]
    return in_one_line(" ".join(words))
