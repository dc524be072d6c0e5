"""Tables, goals and the page that they are written to."""

import pytest

from tests.bench.__main__ import NAMES
from tests.bench.page import PAGE, replaced
from tests.bench.tables import Goal, Table

TEXT = "before\n<!-- Measured: cost -->\nold\n<!-- End: cost -->\nafter\n"


def test_a_section_replaces_the_one_before() -> None:
    """What people wrote around the markers stays, also if the text has backslashes."""
    new = replaced(TEXT, "cost", r"new \1")
    assert new == "before\n<!-- Measured: cost -->\nnew \\1\n<!-- End: cost -->\nafter\n"


def test_a_page_without_the_markers_is_an_error() -> None:
    """A benchmark never drops its result in silence."""
    with pytest.raises(ValueError, match="Measured: scale"):
        replaced(TEXT, "scale", "new")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_a_section_for_each_benchmark(name: str) -> None:
    """A benchmark that takes an hour does not fail when it writes its tables."""
    assert "new" in replaced(PAGE.read_text("utf-8"), name, "new")


def test_a_goal_is_met_on_its_side_of_the_limit() -> None:
    """A limit is the last value that meets the goal."""
    assert [Goal("g", value, 2).met for value in (1.9, 2, 2.1)] == [True, True, False]
    assert [Goal("g", value, 2, at_most=False).met for value in (1.9, 2, 2.1)] == [
        False,
        True,
        True,
    ]
    assert str(Goal("Token", 2.5, 2)) == "Token: at most 2. Measured: 2.5, **missed**."


def test_a_table_is_markdown() -> None:
    """Numbers are aligned to the right; notes and goals follow."""
    table = Table("Caption:", ("What", "s"), [("ours", "1")], ["A note."], [Goal("Time", 1, 2)])
    assert table.markdown() == (
        "Caption:\n\n| What | s |\n| --- | ---: |\n| ours | 1 |\n\nA note.\n\n"
        "- Time: at most 2. Measured: 1, met."
    )
