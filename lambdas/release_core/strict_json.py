"""JSON read strictly: to the letter, or not at all."""

import json
from collections import Counter
from collections.abc import Sequence

from release_core.errors import ManifestUnreadable
from release_core.problems import one_line

# Step Functions takes no larger input, so no door takes a larger manifest.
MAX_BYTES = 256 * 1024


class ExactNumber(float):
    """A JSON number with a fraction or exponent that remembers its own spelling."""

    spelling: str

    def __new__(cls, spelling: str) -> "ExactNumber":
        """The number that ``spelling`` denotes."""
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


def read_json(content: bytes | str, *, place: str) -> object:
    """The value of a JSON document; ``place`` names it in errors.

    Raises ManifestUnreadable when the content is over MAX_BYTES, not UTF-8, not JSON, nested too
    deeply, or repeats a key.
    """
    text = _decode(content, place=place)
    try:
        return json.loads(
            text,
            parse_float=ExactNumber,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_keys,
        )
    except json.JSONDecodeError as error:
        raise ManifestUnreadable(
            f"{place} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise ManifestUnreadable(f"{place} is nested too deeply to be a manifest") from error
    except ValueError as error:
        raise ManifestUnreadable(
            f"{place} is not a usable JSON document: {one_line(str(error))}"
        ) from error


def write_json(value: object) -> str:
    """The canonical text of a value: sorted keys, no spaces; equal values give equal texts."""
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
            f"{place} is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8"
        ) from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _unique_keys(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = sorted(key for key, count in counts.items() if count > 1)
        raise ValueError("repeated keys: " + ", ".join(map(repr, repeated)))
    return result
