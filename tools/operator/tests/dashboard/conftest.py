"""What the tests of the dashboard share: a deployment, dashboards over it, a browser, pages."""

from collections.abc import Iterator

import pytest

from tools.operator.tests.samples import dashboard_pages
from tools.operator.tests.samples.chromium import Chromium
from tools.operator.tests.samples.fake_dashboard import FakeDora, FakeEstate
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.page_server import PageServer


@pytest.fixture(name="aws")
def _with_all_readers(aws: FakeAws) -> FakeAws:
    """A deployment that also has readers of the estate and of the metrics."""
    aws.estate, aws.dora = FakeEstate(), FakeDora()
    return aws


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
