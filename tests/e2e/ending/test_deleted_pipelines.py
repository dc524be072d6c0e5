"""A pipeline that is deleted or replaced right after its start does not keep its release open."""

import pytest

from tests.e2e.account.announcements import Announcements
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_cancelled_release_ends_although_its_pipeline_is_gone(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    announcements: Announcements,
    *,
    replaced: bool,
) -> None:
    """The first try of the close records the end of the pipeline, frees it and announces."""
    name, release_id = pipelines.make(approval=True), unique("gone")
    arn = releases.start(manifest(release_id, name))
    pipelines.wait_for_approval(name, releases.started(release_id, name))
    pipelines.delete(name, replace=replaced)

    releases.stop(arn, "wrong build")

    (announced,) = wait_until(
        "the cancel is announced", lambda: announcements.ends(release_id), seconds=30
    )
    assert announced["detail-type"] == "Release Cancelled"
    node = ledger.pipeline(release_id, name)
    assert node["status"] == "FAILED"
    how = "deleted and created again" if replaced else "deleted"
    assert f"pipeline {name} was {how} while it ran" in node["failure"]["message"]
    assert ledger.holder(name) == ""
