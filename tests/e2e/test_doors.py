"""Three doors lead to one machine."""

import pytest

from tests.e2e.ledger import Ledger
from tests.e2e.pipelines import PAGE, Estate, Pipelines, unique
from tests.e2e.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_a_direct_start_releases_every_pipeline(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """A manifest given to StartExecution is released to its end."""
    release_id = unique("direct")

    arn = releases.start(manifest(release_id, estate.catalog, estate.orders))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ledger.header(release_id)["status"] == "SUCCEEDED"
    assert pipelines.page(estate.catalog) == pipelines.page(estate.orders) == PAGE
