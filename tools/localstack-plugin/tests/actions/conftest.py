"""Services that hold nothing."""

import pytest

from memory_services import Services


@pytest.fixture
def services() -> Services:
    """Services that hold nothing."""
    return Services()
