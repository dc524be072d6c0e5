"""The fast conversion of attribute values agrees with boto3's."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.world.spelling import deserialize, serialize

SCALARS = (
    st.text()
    | st.booleans()
    | st.none()
    | st.integers(-(10**30), 10**30)
    | st.decimals(-(10**9), 10**9, places=3)
    | st.sets(st.text(min_size=1), min_size=1)
    | st.binary()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


read_by_boto3: Callable[[Any], Any] = TypeDeserializer().deserialize


@given(VALUES)
def test_values_are_converted_as_boto3_does(value: Any) -> None:
    """Every value is written and read as boto3's own classes do it."""
    spelled = serialize(value)
    assert _sorted(spelled) == _sorted(TypeSerializer().serialize(value))
    read, expected = deserialize(spelled), read_by_boto3(spelled)
    assert read == expected
    assert type(read) is type(expected)


def test_a_number_is_a_decimal() -> None:
    """A number is read as a Decimal that keeps its spelling, as in boto3."""
    assert repr(deserialize({"N": "1.50"})) == repr(Decimal("1.50"))


def _sorted(spelled: Any) -> Any:
    """Sort sets, which have no order."""
    match spelled:
        case {"SS": members}:
            return {"SS": sorted(members)}
        case dict():
            return {name: _sorted(member) for name, member in spelled.items()}
        case list():
            return [_sorted(element) for element in spelled]
    return spelled
