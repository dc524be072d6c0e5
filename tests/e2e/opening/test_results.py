"""Beside a dropped manifest lies what became of it, from its receipt to its outcome."""

import json
from datetime import timedelta

import pytest

from release_core.clock import now, to_iso
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest
from tests.e2e.releasing.results import Results

pytestmark = pytest.mark.platform


@pytest.mark.verify
def test_a_manifest_is_accepted_and_released(
    releases: Releases, ledger: Ledger, results: Results, pipelines: Pipelines
) -> None:
    """The result names the execution at once, and has the outcome; it starts nothing itself."""
    name, release_id = pipelines.make(approval=True), unique("accepted")
    key = releases.drop(json.dumps(manifest(release_id, name)))

    accepted = results.reach(key, "accepted", releaseId=release_id, attempt=1)
    arn = releases.execution_of(key)
    assert accepted["executionArn"] == arn
    assert accepted["manifest"]["key"] == key
    event = json.loads(releases.describe(arn)["input"])
    assert accepted["manifest"]["versionId"] == event["detail"]["object"]["version-id"]

    pipelines.approve(name, releases.started(release_id, name))
    assert releases.end(arn)["status"] == "SUCCEEDED"
    outcome, recorded = results.of(key), ledger.header(release_id)["why"]
    assert (outcome["state"], outcome["why"]) == ("succeeded", recorded)
    assert (outcome["executionArn"], outcome["startedAt"]) == (arn, accepted["startedAt"])
    assert releases.find(f"{key}.result") is None


def test_a_rejected_manifest_has_all_its_problems(
    releases: Releases, results: Results, refusals: Refusals
) -> None:
    """The cause of the execution has the first fifty only."""
    names = [unique("no-such") for _ in range(60)]
    key = releases.drop(json.dumps(manifest(unique("rejected"), *names)))
    arn = releases.execution_of(key)

    cause = refusals.cause(arn, "ManifestInvalid", "s3")

    found = results.of(key)
    assert (found["state"], found["error"], found["why"]) == ("rejected", "ManifestInvalid", cause)
    assert "and 10 more" in cause
    assert len(found["problems"]) == len(names)
    assert found["executionArn"] == arn


@pytest.mark.parametrize("content", ["{", " " * 300_000], ids=["not JSON", "too large"])
def test_a_bad_manifest_has_a_result(releases: Releases, results: Results, content: str) -> None:
    """Whatever the object contains."""
    key = releases.drop(content)
    found = results.reach(key, "rejected", error="ManifestUnreadable")
    assert found["problems"] == [found["why"]]
    assert releases.end(releases.execution_of(key))["cause"] == found["why"]


def test_a_dry_run_has_its_plan_beside_it(
    releases: Releases, results: Results, estate: Estate
) -> None:
    """It is the output of the execution, too."""
    document = manifest(unique("planned"), estate.catalog, dryRun=True)
    key = releases.drop(json.dumps(document))
    found = results.reach(key, "planned", releaseId=document["releaseId"])
    assert found["plan"] == json.loads(releases.end(releases.execution_of(key))["output"])


def test_a_failed_release_and_its_retry(
    releases: Releases, results: Results, pipelines: Pipelines, faults: Faults
) -> None:
    """The outcome of a retry, which has no object of its own, replaces that of the first."""
    name, release_id = pipelines.make(), unique("failed")
    broken = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}
    with faults.action("fail", pipeline=name, **broken):
        key = releases.drop(json.dumps(manifest(release_id, name)))
        arn = releases.execution_of(key)
        cause = releases.end(arn)["cause"]
    failed = results.of(key)
    assert (failed["state"], failed["attempt"], failed["why"]) == ("failed", 1, cause)
    assert "Broke" in cause

    again = releases.start({"retry": release_id})

    assert releases.end(again)["status"] == "SUCCEEDED"
    succeeded = results.of(key)
    assert (succeeded["state"], succeeded["attempt"]) == ("succeeded", 2)
    assert succeeded["executionArn"] == arn


def test_a_cancelled_release_says_why(
    releases: Releases, results: Results, pipelines: Pipelines
) -> None:
    """Also if it was stopped while it was held, before it was opened."""
    name, release_id = pipelines.make(approval=True), unique("cancelled")
    running = releases.drop(json.dumps(manifest(release_id, name, stopMode="abandon")))
    pipelines.wait_for_approval(name, releases.started(release_id, name))
    later = manifest(unique("held"), name, notBefore=to_iso(now() + timedelta(days=30)))
    held = releases.drop(json.dumps(later))
    assert results.reach(held, "waiting")["why"].startswith("held until ")

    for key in (running, held):
        releases.stop(releases.execution_of(key), "maria: wrong version")

    for key in (running, held):
        assert "maria: wrong version" in results.reach(key, "cancelled")["why"]


def test_two_versions_of_one_key(
    releases: Releases, results: Results, pipelines: Pipelines, estate: Estate
) -> None:
    """The result is that of the newer one, also when the older one ends later."""
    name, old, new = pipelines.make(approval=True), unique("old"), unique("new")
    key = releases.drop(json.dumps(manifest(old, name)))
    first = results.reach(key, "accepted", releaseId=old)["executionArn"]
    releases.adopt(first)
    execution_id = releases.started(old, name)

    releases.drop(json.dumps(manifest(new, estate.catalog)), key=key)
    found = results.reach(key, "succeeded", releaseId=new)
    releases.adopt(found["executionArn"])

    pipelines.approve(name, execution_id)
    assert releases.end(first)["status"] == "SUCCEEDED"
    assert results.of(key) == found


def test_a_release_that_another_execution_has_opened(
    releases: Releases, results: Results, estate: Estate
) -> None:
    """Another object names it; the same event again changes nothing."""
    release_id = unique("opened")
    text = json.dumps(manifest(release_id, estate.orders))
    key = releases.drop(text)
    arn = releases.execution_of(key)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    outcome = results.of(key)

    again = releases.drop(text)
    repeated = releases.start(releases.describe(arn)["input"])

    found = results.reach(again, "alreadyReleased", releaseId=release_id)
    assert found["releasedBy"] == arn
    assert releases.end(releases.execution_of(again))["status"] == "SUCCEEDED"
    assert releases.end(repeated)["status"] == "SUCCEEDED"
    assert results.of(key) == outcome
