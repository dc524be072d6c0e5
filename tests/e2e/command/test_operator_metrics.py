"""The command shows what a release is about, and how well changes are delivered."""

import json
from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.releases import Releases
from tests.e2e.releasing.shop import BROKEN, Shop

pytestmark = pytest.mark.platform


def metrics(pipeline: str) -> dict[str, Any]:
    """The metrics of one pipeline in the last hour."""
    printed = run_command("metrics", "--pipeline", pipeline, "--since", "1h", "--json")
    assert printed.returncode == 0, printed.stderr
    (found,) = json.loads(printed.stdout)["pipelines"]
    assert found["name"] == pipeline
    assert isinstance(found, dict)
    return found


def test_metrics(shop: Shop, releases: Releases, faults: Faults) -> None:
    """A release, one that fails in its deployment and is rolled back, and a hotfix."""
    name = shop.make()
    shop.ship(shop.first, name, title="Prices with tax", notes="At 18:00.\nAsk Maria.")
    with faults.action("fail", pipeline=name, **BROKEN):
        arn = shop.begin(shop.second, name, title="Vouchers", onFailure="rollback")
        assert releases.end(arn)["status"] == "FAILED"
    rollback = shop.rolled_back(shop.second)
    assert rollback["status"] == "SUCCEEDED"
    shop.ship(shop.third, name, kind="hotfix")

    shown = run_command("show", shop.first).stdout
    assert "Prices with tax" in shown
    assert "Ask Maria." in shown
    back = json.loads(run_command("show", rollback["release_id"], "--json").stdout)
    assert (back["title"], back["kind"]) == (f"Roll back {shop.second}: Vouchers", "standard")

    found = metrics(name)
    assert (found["live"], found["deployments"], found["rollbacks"]) == (2, 3, 1)
    assert found["changeFailRate"]["causes"] == {"not-succeeded": 1}
    assert (found["recoveryTime"]["count"], found["recoveryTime"]["open"]) == (1, 0)
    assert found["recoveryTime"]["median"] < 300
    assert found["reworkRate"]["count"] == 1
    # The sources are objects in S3, which tells when they were stored.
    lead_time = found["leadTime"]
    assert (lead_time["known"], lead_time["of"]) == (2, 2)
    assert lead_time["bySource"] == {"s3-last-modified": 2}
    assert lead_time["median"] < 300

    drawn = run_command("metrics", "--pipeline", name, "--since", "1h").stdout
    assert "1 of 3 deployments: 1 did not succeed" in drawn
    assert "Not counted: executions that were started outside of a release" in drawn
