"""An approval that people do not answer in time expires, and its release fails."""

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.account.people import People
from tests.e2e.releasing.pipelines import Estate, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = [pytest.mark.platform, pytest.mark.minute]


def test_an_approval_expires_after_its_minutes(
    releases: Releases, ledger: Ledger, people: People, estate: Estate
) -> None:
    """A minute after the question no answer counts, and what waits behind it is skipped."""
    ada, grace, release_id = people.user("ada"), people.user("grace"), unique("expires")
    document = manifest(
        release_id,
        {"name": estate.orders, "dependsOn": ["go-live"]},
        approvals=[{"name": "go-live", "expiresAfterMinutes": 1}],
    )
    arn = releases.adopt(ada.release(document).body["executionArn"])

    assert releases.end(arn)["status"] == "FAILED"
    node = ledger.pipeline(release_id, "go-live")
    assert node["status"] == "TIMED_OUT"
    assert "0 of 1 approvals came within 1 minutes" in str(node)
    assert ledger.pipeline(release_id, estate.orders)["status"] == "SKIPPED"
    late = grace.approve(release_id, "go-live")
    assert late.status == 409
    assert f"release-machine show {release_id} says how to go on" in late.body["message"]
