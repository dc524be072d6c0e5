"""A pipeline fails without any fault of the emulator: its source is no site."""

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, PAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.verify


def test_a_broken_site_fails_its_release_until_it_is_repaired(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, account: Account
) -> None:
    """The stage is retried once and fails again; with a good source the next attempt succeeds."""
    key = f"{unique('site')}.zip"
    pipelines.put_source(key, PAGE)
    name = pipelines.make(source={"S3ObjectKey": key})
    account.s3.put_object(Bucket=pipelines.bucket, Key=key, Body=b"not a zip")
    document = manifest(unique("broken"), {"name": name, "retries": 1})
    release_id = document["releaseId"]

    assert releases.end(releases.start(document))["error"] == "ReleaseFailed"

    node = ledger.pipeline(release_id, name)
    assert (node["status"], node["retried"]) == ("FAILED", 1)
    assert node["failure"]["stage"] == DEPLOY_STAGE
    assert pipelines.runs(name, node["execution_id"], DEPLOY_STAGE) == ["Failed", "Failed"]
    pipelines.put_source(key, PAGE)
    arn = releases.start(document | {"resume": True})
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ledger.header(release_id)["attempt"] == 2
    assert pipelines.page(name) == PAGE
