"""The conditions of IAM statements, as IAM compares them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network

type Test = Callable[[str, str], bool]  # of the value in the request and the one in the policy

_ARN_PARTS = 6


@lru_cache
def _expression(pattern: str, *, ignores_case: bool) -> re.Pattern[str]:
    parts = ({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignores_case else 0))


def like(value: str, pattern: str, *, ignores_case: bool = False) -> bool:
    """Whether a text matches a pattern: * is any characters, ? is one."""
    return _expression(pattern, ignores_case=ignores_case).fullmatch(value) is not None


def _arn_like(value: str, pattern: str) -> bool:
    """Each of the six parts of an ARN is compared alone."""
    found, wanted = (text.split(":", _ARN_PARTS - 1) for text in (value, pattern))
    return len(found) == len(wanted) == _ARN_PARTS and all(map(like, found, wanted))


def _same_bool(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _numeric(compare: Callable[[float, float], bool]) -> Test:
    return lambda value, wanted: compare(float(value), float(wanted))


def _date(compare: Callable[[datetime, datetime], bool]) -> Test:
    return lambda value, wanted: compare(*map(datetime.fromisoformat, (value, wanted)))


def _negated(test: Test) -> Test:
    return lambda value, wanted: not test(value, wanted)


_POSITIVE: dict[str, Test] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": like,
    "ArnEquals": _arn_like,  # IAM treats both ARN operators alike
    "ArnLike": _arn_like,
    "Bool": _same_bool,
    "NumericEquals": _numeric(lambda value, wanted: value == wanted),
    "NumericLessThan": _numeric(lambda value, wanted: value < wanted),
    "NumericLessThanEquals": _numeric(lambda value, wanted: value <= wanted),
    "NumericGreaterThan": _numeric(lambda value, wanted: value > wanted),
    "NumericGreaterThanEquals": _numeric(lambda value, wanted: value >= wanted),
    "DateEquals": _date(lambda value, wanted: value == wanted),
    "DateLessThan": _date(lambda value, wanted: value < wanted),
    "DateLessThanEquals": _date(lambda value, wanted: value <= wanted),
    "DateGreaterThan": _date(lambda value, wanted: value > wanted),
    "DateGreaterThanEquals": _date(lambda value, wanted: value >= wanted),
    "IpAddress": lambda value, wanted: ip_address(value) in ip_network(wanted),
}
_NEGATIVE: dict[str, Test] = {
    "StringNotEquals": _negated(_POSITIVE["StringEquals"]),
    "StringNotEqualsIgnoreCase": _negated(_POSITIVE["StringEqualsIgnoreCase"]),
    "StringNotLike": _negated(like),
    "ArnNotEquals": _negated(_arn_like),
    "ArnNotLike": _negated(_arn_like),
    "NumericNotEquals": _negated(_POSITIVE["NumericEquals"]),
    "DateNotEquals": _negated(_POSITIVE["DateEquals"]),
    "NotIpAddress": _negated(_POSITIVE["IpAddress"]),
}
_EACH, _SOME, _IF_EXISTS = "ForAllValues:", "ForAnyValue:", "IfExists"


def holds(operator: str, found: Sequence[str] | None, wanted: Iterable[str]) -> bool:
    """Whether one key of a condition holds; ``found`` are its values in the request, if any.

    Raises ValueError for an operator that this module does not know, and for a key with several
    values in the request under an operator for one value.
    """
    policy = list(wanted)
    if operator == "Null":
        (expected,) = policy
        return (found is None) == (expected.lower() == "true")
    name = operator.removeprefix(_EACH).removeprefix(_SOME)
    is_optional, name = name.endswith(_IF_EXISTS), name.removesuffix(_IF_EXISTS)
    test, negative = _POSITIVE.get(name), _NEGATIVE.get(name)
    if test is None and negative is None:
        raise ValueError(f"the condition operator {operator} is not known here")

    def met(value: str) -> bool:
        if negative:  # a negated operator holds if it does for each value of the policy
            return all(negative(value, each) for each in policy)
        assert test
        return any(test(value, each) for each in policy)

    if operator.startswith(_EACH):
        return all(map(met, found or ()))
    if operator.startswith(_SOME):
        return any(map(met, found or ()))
    if found is None:
        return is_optional or negative is not None
    if len(found) > 1:
        raise ValueError(f"{operator} compares one value, and the request has {len(found)}")
    return met(found[0])


def normalized(context: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    """The keys of a request in lower case, because IAM ignores their case; each has a list."""
    return {
        key.lower(): [value] if isinstance(value, str) else list(value)
        for key, value in context.items()
    }
