"""The faults of change calendars."""

from typing import Any

import pytest

from localstack_change_calendar.faults import EFFECTS, Faults, InvalidFaultError


def test_a_fault_fires_for_its_calendar_so_many_times() -> None:
    """One without a calendar fires for all."""
    faults = Faults()
    faults.add({"effect": "throttle", "calendar": "a", "times": 2})
    assert faults.take(["b"], "throttle") is None
    assert faults.take(["b", "a"], "fail") is None
    assert [bool(faults.take(["a"], "throttle")) for _ in range(3)] == [True, True, False]
    faults.add({"effect": "lose event"})
    assert faults.take(["b"], "lose event")
    assert [fault["fired"] for fault in faults.shown()] == [2, 1]
    faults.clear()
    assert faults.shown() == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "effect must be one of"),
        ({"effect": "burn"}, ", ".join(EFFECTS)),
        ({"effect": "fail"}, "code: missing"),
        ({"effect": "delay", "seconds": "3"}, "seconds: must be a number"),
        ({"effect": "throttle", "times": 0, "code": "x"}, "code: unknown; times: must be"),
    ],
)
def test_a_fault_that_is_not_valid_is_refused(given: Any, says: str) -> None:
    """The error names every mistake."""
    with pytest.raises(InvalidFaultError, match=says):
        Faults().add(given)
