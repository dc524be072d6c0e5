"""One browser and one server of sample pages for all browser tests of the dashboard."""

from collections.abc import Iterator

import pytest

from tools.operator.tests.samples import dashboard_pages
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.page_server import PageServer


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for a module."""
    with Chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def served() -> Iterator[PageServer]:
    """Every page of the samples, without events."""
    with PageServer(dashboard_pages.documents()) as server:
        yield server
