"""A release runs once, however often and from wherever its manifest comes."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

AT_ONCE = 8


def test_the_same_manifest_again_is_already_released(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """The second execution succeeds as AlreadyReleased, names the first and starts nothing."""
    document = manifest(unique("again"), estate.catalog)
    first = releases.start(document)
    releases.end(first)
    started = len(pipelines.executions(estate.catalog))
    header = ledger.header(document["releaseId"])

    second = releases.start(document)

    ended = releases.end(second)
    assert ended["status"] == "SUCCEEDED"
    assert releases.visited(second) == ["OpenRelease", "IsReleaseNew", "AlreadyReleased"]
    assert json.loads(ended["output"])["released_by"] == first
    assert len(pipelines.executions(estate.catalog)) == started
    assert ledger.header(document["releaseId"]) == header


def test_the_same_manifest_written_otherwise_is_already_released(
    releases: Releases, estate: Estate
) -> None:
    """Order of keys, blanks, the door and who asks do not make another manifest."""
    release_id = unique("otherwise")
    first = releases.start(manifest(release_id, estate.catalog, estate.orders))
    releases.end(first)
    pipelines = [{"name": estate.catalog}, estate.orders]

    posted = releases.post(json.dumps({"pipelines": pipelines, "releaseId": release_id}, indent=4))

    arn = posted.body["executionArn"]
    assert json.loads(releases.end(arn)["output"])["released_by"] == first


def test_the_same_manifest_while_it_runs_is_already_released(
    releases: Releases, pipelines: Pipelines, estate: Estate
) -> None:
    """The second execution does not wait for the first, and does not disturb it."""
    document = manifest(unique("while"), estate.payments)
    first = releases.start(document)
    execution_id = releases.started(document["releaseId"], estate.payments)
    pipelines.wait_for_approval(estate.payments, execution_id)

    second = releases.end(releases.start(document))

    assert json.loads(second["output"])["released_by"] == first
    assert releases.describe(first)["status"] == "RUNNING"
    pipelines.approve(estate.payments, execution_id)
    assert releases.end(first)["status"] == "SUCCEEDED"


def test_a_failed_release_is_not_run_again(releases: Releases, pipelines: Pipelines) -> None:
    """An id is claimed for good: the same manifest names the release that failed."""
    name = pipelines.make(approval=True)
    document = manifest(unique("failed"), name)
    first = releases.start(document)
    pipelines.approve(name, releases.started(document["releaseId"], name), approve=False)
    assert releases.end(first)["status"] == "FAILED"

    second = releases.end(releases.start(document))

    assert json.loads(second["output"])["released_by"] == first
    assert len(pipelines.executions(name)) == 1


def test_another_manifest_with_a_taken_id_is_refused(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """The id belongs to the first manifest; the second is refused, and the first stays as it is."""
    release_id = unique("taken")
    first = releases.start(manifest(release_id, estate.catalog))
    releases.end(first)
    items = ledger.items(release_id)
    started = len(pipelines.executions(estate.orders))

    second = releases.start(manifest(release_id, estate.orders))

    ended = releases.end(second)
    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseIdTaken")
    assert first in ended["cause"]
    assert ledger.header(second)["status"] == "REJECTED"
    assert ledger.items(release_id) == items
    assert len(pipelines.executions(estate.orders)) == started


def test_triggers_at_the_same_instant_start_each_pipeline_once(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Of eight equal starts by all doors one releases; the others name it, and all succeed."""
    names = [pipelines.make(), pipelines.make()]
    release_id = unique("instant")
    text = json.dumps(manifest(release_id, *names))

    def bring(number: int) -> str:
        match number % 3:
            case 0:
                return releases.start(text)
            case 1:
                return str(releases.post(text).body["executionArn"])
            case _:
                return releases.execution_of(releases.drop(text))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        arns = list(threads.map(bring, range(AT_ONCE)))

    assert len(set(arns)) == AT_ONCE
    ended = {arn: releases.end(arn) for arn in arns}
    assert {each["status"] for each in ended.values()} == {"SUCCEEDED"}
    winner = ledger.header(release_id)["execution_arn"]
    for arn in arns:
        last = "ReleaseSucceeded" if arn == winner else "AlreadyReleased"
        assert releases.visited(arn)[-1] == last
    others = [json.loads(each["output"]) for arn, each in ended.items() if arn != winner]
    assert [each["released_by"] for each in others] == [winner] * (AT_ONCE - 1)
    assert [len(pipelines.executions(name)) for name in names] == [1, 1]


def test_different_manifests_at_the_same_instant_let_one_through(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Of two manifests that meet under one id one is released, the other is refused."""
    names = [pipelines.make(), pipelines.make()]
    release_id = unique("clash")

    with ThreadPoolExecutor(2) as threads:
        arns = list(threads.map(lambda name: releases.start(manifest(release_id, name)), names))

    ended = [releases.end(arn) for arn in arns]
    assert sorted(each["status"] for each in ended) == ["FAILED", "SUCCEEDED"]
    assert [each["error"] for each in ended if each["status"] == "FAILED"] == ["ReleaseIdTaken"]
    winner = arns.index(ledger.header(release_id)["execution_arn"])
    assert [len(pipelines.executions(name)) for name in names] == [1 - winner, winner]
