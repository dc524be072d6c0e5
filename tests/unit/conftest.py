"""The world in which most unit tests run."""

import pytest

from tests.worlds.release_world import ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with four pipelines and no release."""
    return ReleaseWorld()
