"""A newer build is deployed over a deployment whose releases run, wait and ask people."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.people import People
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest
from tests.e2e.upgrading.builds import MARK, OLDER, Deployments, write_newer_build

# It deploys another build, which all releases would use.
pytestmark = [pytest.mark.platform, pytest.mark.alone]


@pytest.fixture
def deployments(account: Account) -> Iterator[Deployments]:
    """Deploy other builds; at the end the build of the sources is deployed again."""
    deployments = Deployments(account)
    yield deployments
    deployments.deploy()


def authors(ledger: Ledger, release_id: str, pipeline: str) -> list[str]:
    """Return who wrote each entry in the audit of a pipeline."""
    return [str(each["who"]) for each in ledger.pipeline(release_id, pipeline)["audit"]]


def test_a_newer_build_loses_no_release(
    deployments: Deployments,
    releases: Releases,
    ledger: Ledger,
    people: People,
    pipelines: Pipelines,
    tmp_path: Path,
) -> None:
    """All end well and nothing starts twice. Executions keep their build; all else is newer."""
    gated, plain, asking = pipelines.make(approval=True), pipelines.make(), pipelines.make()
    runs, waits, asks = (unique(f"{OLDER}{name}") for name in ("runs", "waits", "asks"))
    # One runs, one waits for its pipelines, and one asks people.
    running = releases.start(manifest(runs, gated, {"name": plain, "dependsOn": [gated]}))
    execution_id = releases.started(runs, gated)
    pipelines.wait_for_approval(gated, execution_id)
    waiting = releases.start(manifest(waits, plain, onBusy="wait"))
    wait_until("a release waits", lambda: "WaitForPipelines" in releases.visited(waiting))
    go = {"name": "go-live", "fourEyes": False}
    answered = manifest(asks, {"name": asking, "dependsOn": ["go-live"]}, approvals=[go])
    asked = releases.start(answered)
    wait_until(
        "people are asked", lambda: ledger.pipeline(asks, "go-live").get("status") == "RUNNING"
    )

    write_newer_build(tmp_path)
    deployments.deploy(tmp_path)

    assert [releases.describe(arn)["status"] for arn in (running, waiting, asked)] == [
        "RUNNING"
    ] * 3
    pipelines.approve(gated, execution_id)
    assert people.user("grace").approve(asks, "go-live").status == 200
    newer = unique("newer")
    other = pipelines.make()
    begun = releases.execution_of(releases.drop(json.dumps(manifest(newer, other))))
    for arn in (running, waiting, asked, begun):
        assert releases.end(arn)["status"] == "SUCCEEDED"

    ran = {name: len(pipelines.executions(name)) for name in (gated, plain, asking, other)}
    assert ran == {gated: 1, plain: 2, asking: 1, other: 1}
    # What waited was opened, run and closed after the deployment, by the build it began with.
    assert authors(ledger, waits, plain)[:2] == [
        "release-machine-open-release",
        "release-machine-run-pipeline",
    ]
    # Events and people reach the newer build, also for older releases.
    assert authors(ledger, runs, gated)[-1] == f"release-machine-record-state-change{MARK}"
    assert f"release-machine-answer-approval{MARK}" in authors(ledger, asks, asking)
    # What begins now begins with the newer build.
    assert authors(ledger, newer, other)[0] == f"release-machine-open-release{MARK}"
