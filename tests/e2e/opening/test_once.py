"""A release runs once, however often its manifest is handed in and through whichever channel."""

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

AT_ONCE = 8


def test_the_same_manifest_again_is_already_released(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """The second execution ends in AlreadyReleased, names the first one and starts nothing."""
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


def test_a_failed_release_is_not_run_again(releases: Releases, pipelines: Pipelines) -> None:
    """A release id is used once: the same manifest names the release that failed."""
    name = pipelines.make(approval=True)
    document = manifest(unique("failed"), name)
    first = releases.start(document)
    pipelines.approve(name, releases.started(document["releaseId"], name), approve=False)
    assert releases.end(first)["status"] == "FAILED"

    second = releases.end(releases.start(document))

    assert json.loads(second["output"])["released_by"] == first
    assert len(pipelines.executions(name)) == 1


def test_an_execution_of_another_deployment_is_not_taken(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, account: Account
) -> None:
    """Another deployment has run the pipeline under the same release id: ours starts its own."""
    name, release_id = pipelines.make(), unique("twin")
    # A token that names nothing of the deployment; a start had such a token once.
    token = sha256(f"{release_id}\n{name}\n1\n0".encode()).hexdigest()
    other = account.codepipeline.start_pipeline_execution(name=name, clientRequestToken=token)
    foreign = other["pipelineExecutionId"]
    wait_until(f"{name} succeeds", lambda: pipelines.status(name, foreign) == "Succeeded")

    assert releases.end(releases.start(manifest(release_id, name)))["status"] == "SUCCEEDED"

    (ours,) = pipelines.executions(name)  # without those that others started
    assert ours["pipelineExecutionId"] != foreign
    assert ledger.pipeline(release_id, name)["execution_id"] == ours["pipelineExecutionId"]


def test_triggers_at_the_same_instant_start_each_pipeline_once(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Of eight equal manifests through all channels one is released; the others name it."""
    names = [pipelines.make(), pipelines.make()]
    release_id = unique("instant")
    text = json.dumps(manifest(release_id, *names))

    def hand_in(number: int) -> str:
        match number % 3:
            case 0:
                return releases.start(text)
            case 1:
                return str(releases.post(text).body["executionArn"])
            case _:
                return releases.execution_of(releases.drop(text))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        arns = list(threads.map(hand_in, range(AT_ONCE)))

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


def test_of_two_manifests_with_one_id_one_is_released(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Two different manifests at the same instant: the second one is rejected with its reason."""
    names = [pipelines.make(), pipelines.make()]
    release_id = unique("clash")

    with ThreadPoolExecutor(2) as threads:
        arns = list(threads.map(lambda name: releases.start(manifest(release_id, name)), names))

    ended = [releases.end(arn) for arn in arns]
    assert sorted(each["status"] for each in ended) == ["FAILED", "SUCCEEDED"]
    assert [each["error"] for each in ended if each["status"] == "FAILED"] == ["ReleaseIdTaken"]
    winner = arns.index(ledger.header(release_id)["execution_arn"])
    assert [len(pipelines.executions(name)) for name in names] == [1 - winner, winner]
