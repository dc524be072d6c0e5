"""What the simulation's tests share."""

from collections.abc import Iterator

import pytest

from tests.simulation.schedules.runs import quietly


@pytest.fixture
def stage() -> Iterator[None]:
    """The real handlers, with the scheduler's clients, clock and function name, without logs."""
    with quietly():
        yield
