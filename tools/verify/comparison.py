"""Compares what the emulator and AWS answered to the same tests, by shape and not by value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# One answer or event: its "name" (an operation or a detail type), its "error" code or its "answer".
type Seen = Mapping[str, Any]

# Members whose values belong to the shape: both sides must spell them alike.
TELLING = frozenset(
    {
        "category",
        "code",
        "detail-type",
        "enabled",
        "error-code",
        "executionMode",
        "executionType",
        "latestRetryTrigger",
        "owner",
        "pipelineType",
        "provider",
        "revisionType",
        "source",
        "state",
        "status",
        "trigger-type",
        "triggerType",
        "type",
        "version",
    }
)
# Members whose own members are names that a pipeline's author chose.
_FREE = frozenset({"configuration", "outputVariables", "resolvedConfiguration"})


def differences(emulator: Iterable[Seen], aws: Iterable[Seen]) -> list[str]:
    """Return a line for each fact that only one side showed, by operation or kind of event."""
    ours, theirs = _facts(emulator), _facts(aws)
    lines: list[str] = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs or name not in ours:
            lines.append(f"{name}: seen only {_where(ours=name in ours)}")
            continue
        for fact in sorted(ours[name] ^ theirs[name]):
            lines.append(f"{name}: {fact}: only {_where(ours=fact in ours[name])}")
    return lines


def _where(*, ours: bool) -> str:
    return "in the emulator" if ours else "on AWS"


def _facts(seen: Iterable[Seen]) -> dict[str, set[str]]:
    """What was seen of each operation and each kind of event, in all tests together.

    Tests wait by asking again and again. How often they ask differs from run to run, and so do the
    states that they meet on the way in one test. All tests together meet nearly all of them.
    """
    found: dict[str, set[str]] = {}
    for each in seen:
        facts = found.setdefault(str(each["name"]), set())
        if "error" in each:
            facts.add(f"error {each['error']}")
        else:
            facts.update(shape(each["answer"]))
    return found


def shape(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of a JSON value with their kinds, and the values that belong to the shape."""
    match value:
        case Mapping():
            for name, each in value.items():
                below = f"{path}.{name}" if path else str(name)
                if name in _FREE:
                    yield f"{below} is a map"
                elif name in TELLING and isinstance(each, str | bool):
                    yield f"{below} = {each}"
                else:
                    yield from shape(each, below)
        case Sequence() if not isinstance(value, str):
            for each in value:
                yield from shape(each, f"{path}[]")
        case _:
            yield f"{path} is a {_kind(value)}"


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
    return "text"
