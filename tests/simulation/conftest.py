"""What the tests of the simulation share: the functions on stage, quietly."""

from collections.abc import Iterator

import pytest

from tests.simulation.schedules.runs import quietly


@pytest.fixture
def stage() -> Iterator[None]:
    """The real handlers, with the scheduler's clients, clock and name."""
    with quietly():
        yield
