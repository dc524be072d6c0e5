"""JSON, read strictly: repeated keys and NaN are refused, and numbers keep their spelling."""

import json
import sys
from collections import Counter
from collections.abc import Sequence

from release_core.errors import ManifestUnreadable
from release_core.problems import one_line

# The limit of Step Functions for an input, and so of every manifest.
MAX_BYTES = 256 * 1024

# What json's own messages say, in words for users.
_SYNTAX = {
    "Expecting value": "expected a value: an object, list, string, number, true, false or null",
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Expecting ':' delimiter": "expected `:` after the key",
    "Expecting ',' delimiter": "expected `,` or the end of the object or list",
    "Illegal trailing comma before end of object": "remove the `,` before the `}`",
    "Illegal trailing comma before end of array": "remove the `,` before the `]`",
    "Extra data": "there is more text after the end of the document",
    "Unterminated string starting at": "this string has no closing quote",
    "Invalid control character at": "a string cannot contain a line break, a tab or another "
    "control character; write it as an escape, such as \\n",
    "Invalid \\escape": "unknown escape in a string; write a backslash as \\\\",
    "Invalid \\uXXXX escape": "\\u needs four hexadecimal digits",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "remove the byte order mark at the start",
}


class ExactNumber(float):
    """A JSON number with a fraction or exponent, and the spelling of the number."""

    spelling: str

    def __new__(cls, spelling: str) -> "ExactNumber":
        """The number with this spelling."""
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


def read_json(content: bytes | str, *, place: str) -> object:
    """The value of a JSON document; ``place`` names the document in errors.

    Raises ManifestUnreadable when the content has more than MAX_BYTES, is not UTF-8, is not JSON,
    is nested too deeply, or repeats a key.
    """
    text = _decode(content, place=place)
    try:
        return json.loads(
            text,
            parse_float=ExactNumber,
            parse_int=_whole_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_keys,
        )
    except json.JSONDecodeError as error:
        raise ManifestUnreadable(
            f"{place} is not JSON at line {error.lineno}, column {error.colno}: "
            f"{syntax_problem(error)}"
        ) from error
    except RecursionError as error:
        raise ManifestUnreadable(f"{place} is nested too deeply") from error
    except ValueError as error:
        # The texts of the three functions below.
        raise ManifestUnreadable(f"{place} cannot be used: {one_line(str(error))}") from error


def syntax_problem(error: json.JSONDecodeError) -> str:
    """What is wrong with a text that is not JSON, in words for users."""
    message = next((each for each in _SYNTAX if error.msg.startswith(each)), None)
    return _SYNTAX[message] if message else "the text is not JSON from here on"


def too_many_digits(literal: str) -> str | None:
    """The problem of a whole number that Python does not read, if it is one."""
    most = sys.get_int_max_str_digits()
    is_too_long = len(literal.removeprefix("-")) > most > 0
    return f"a whole number has at most {most:,} digits" if is_too_long else None


def write_json(value: object) -> str:
    """The canonical text of a value: sorted keys, no spaces; equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _decode(content: bytes | str, *, place: str) -> str:
    size = len(content) if isinstance(content, bytes) else len(content.encode(errors="replace"))
    if size > MAX_BYTES:
        raise ManifestUnreadable(
            f"{place} has {size:,} bytes; a manifest has at most {MAX_BYTES:,}"
        )
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestUnreadable(
            f"{place} is not UTF-8 text at byte {error.start + 1}; save it as UTF-8"
        ) from error


def _whole_number(literal: str) -> int:
    if problem := too_many_digits(literal):
        raise ValueError(problem)
    return int(literal)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _unique_keys(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = sorted(key for key, count in counts.items() if count > 1)
        raise ValueError("repeated keys: " + ", ".join(map(repr, repeated)))
    return result
