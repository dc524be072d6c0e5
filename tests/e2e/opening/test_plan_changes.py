"""A plan is a diff: what is live in each pipeline, and what would ship."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import unique
from tests.e2e.releasing.releases import Releases, manifest
from tests.e2e.releasing.shop import Shop

pytestmark = pytest.mark.platform


def test_a_plan_compares_what_is_live_with_what_would_ship(
    shop: Shop, account: Account, ledger: Ledger, releases: Releases, tmp_path: Path
) -> None:
    """Shipped by a release, then a newer version, by hand, and a build that was rolled back."""
    name = shop.make()
    one, two = shop.first, shop.second
    file = tmp_path / "manifest.json"
    document = manifest(unique("plan"), name)
    file.write_text(json.dumps(document))

    def planned() -> dict[str, Any]:
        shown = run_command("plan", str(file), "--json")
        assert shown.returncode == 0, shown.stdout + shown.stderr
        pipeline: dict[str, Any]
        (pipeline,) = json.loads(shown.stdout)["pipelines"]
        return pipeline

    def newest() -> str:
        return account.s3.head_object(Bucket=shop.pipelines.bucket, Key=shop.key)["VersionId"]

    shop.ship(one, name)
    first = newest()
    same = planned()
    assert (same["live"]["releaseId"], same["changes"]) == (one, False)
    assert "no change" in run_command("plan", str(file)).stdout

    shop.ship(two, name)
    second = newest()
    rolled_back = run_command("rollback", two)
    assert rolled_back.returncode == 0, rolled_back.stdout + rolled_back.stderr
    again = planned()
    (source,) = again["sources"]
    assert again["live"]["releaseId"] == f"{two}-rollback"
    assert again["live"]["by"] == ledger.header(f"{two}-rollback")["requester"]
    assert (source["current"], source["ships"], again["changes"]) == (first, second, True)
    assert (source["rolledBack"]["shippedBy"], source["rolledBack"]["by"]) == (
        two,
        f"{two}-rollback",
    )
    assert again["dangers"][0].startswith("would ship AGAIN what was rolled back: ")
    warned = run_command("plan", str(file))
    assert warned.returncode == 0
    assert "ROLLED BACK BEFORE" in warned.stdout
    dry = json.loads(releases.end(releases.start(document | {"dryRun": True}))["output"])
    assert dry["pipelines"] == [again]

    by_hand = shop.ship_by_hand(name, "by hand")
    live = planned()["live"]
    assert (live["releaseId"], live["executionId"]) == (None, by_hand)
    assert live["trigger"] == "StartPipelineExecution"
    shop.pipelines.put_source(shop.key, b"newer")
    assert (planned()["changes"], planned()["dangers"]) == (True, [])
