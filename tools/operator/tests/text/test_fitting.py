"""Names shortened to the available room."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rich.cells import cell_len

from release_machine.text.fitting import fitted


@pytest.mark.parametrize(
    ("name", "room", "shown"),
    [
        ("orders", 6, "orders"),
        ("orders", 5, "or…rs"),
        ("shop-web-eu-central-1", 12, "shop-…tral-1"),
        ("日本語パイプライン", 8, "日…イン"),
    ],
)
def test_both_ends_stay(name: str, room: int, shown: str) -> None:
    """A name that is too long keeps its beginning and its end."""
    assert fitted(name, room) == shown


@given(some.text(some.characters(codec="utf-8", categories=["L", "N", "P"])), some.integers(3, 40))
def test_every_name_fits(name: str, room: int) -> None:
    """A name in any script takes no more cells than there are."""
    assert cell_len(fitted(name, room)) <= room
