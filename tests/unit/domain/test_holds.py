"""Which pipelines the scopes of freezes cover."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.domain.holds import is_covered, overlap

SCOPES = st.text("ab*", min_size=1, max_size=4)
# A name that two such scopes cover needs no more characters than both have letters.
NAMES = ["".join(name) for length in range(9) for name in product("ab", repeat=length)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("*", "shop-orders", True),
        ("shop-*", "*-web", True),
        ("shop-*", "shop-orders", True),
        ("shop-*", "pay*", False),
        ("shop-*-web", "shop-*-api", False),
        ("shop-orders", "shop-order", False),
    ],
)
def test_scopes_overlap_if_a_name_has_both(one: str, other: str, *, expected: bool) -> None:
    """The pipeline need not exist yet."""
    assert overlap(one, other) is overlap(other, one) is expected


@given(SCOPES, SCOPES)
def test_scopes_overlap_exactly_if_some_name_is_covered_by_both(one: str, other: str) -> None:
    """All names are tried that could be the shortest one."""
    both = any(is_covered(name, one) and is_covered(name, other) for name in NAMES)
    assert overlap(one, other) is both
