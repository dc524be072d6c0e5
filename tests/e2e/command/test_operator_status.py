"""The command says what is live in pipelines, and finds releases and rejected manifests."""

import json
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def status(*options: str) -> dict[str, Any]:
    """What the command says about pipelines, by their names."""
    called = run_command("status", "--json", *options)
    assert called.returncode == 0, called.stderr
    told = json.loads(called.stdout)
    assert told["unread"] == []
    return {each["name"]: each for each in told["pipelines"]}


def test_status(releases: Releases, pipelines: Pipelines, account: Account) -> None:
    """One was shipped by a release, one by hand since; in one a release runs, and one waits."""
    released, by_hand, gated = pipelines.make(), pipelines.make(), pipelines.make(approval=True)
    shipped, running, waiting = unique("shipped"), unique("running"), unique("waiting")
    releases.end(releases.start(manifest(shipped, released, by_hand)))
    execution_id = pipelines.start(by_hand)
    wait_until(
        "it was shipped by hand",
        lambda: pipelines.status(by_hand, execution_id) == "Succeeded",
    )
    first = releases.start(manifest(running, gated))
    gated_execution = releases.started(running, gated)
    pipelines.wait_for_approval(gated, gated_execution)
    second = releases.start(manifest(waiting, gated, onBusy="wait"))
    wait_until("the second release waits", lambda: "WaitForPipelines" in releases.visited(second))

    found = status(released, by_hand, gated)
    assert found[released]["live"]["releaseId"] == shipped
    assert found[released]["standings"] == []
    live = found[by_hand]["live"]
    assert (live["releaseId"], live["executionId"]) == (None, execution_id)
    assert live["by"] == account.caller
    assert live["revisions"] != []
    assert found[gated]["standings"] == ["running", "waiting"]
    assert found[gated]["release"]["releaseId"] == running
    assert found[gated]["release"]["executionId"] == gated_execution
    assert [each["releaseId"] for each in found[gated]["queue"]] == [waiting]
    assert (found[gated]["otherRuns"], found[gated]["held"]) == ([], [])

    drawn = run_command("status", released, by_hand, gated).stdout
    assert f"runs in {running} for " in drawn
    assert f"next: {waiting}" in drawn
    assert drawn.splitlines()[-1] == "3 pipelines: 1 running, 1 waiting"
    assert {gated} == status(gated, released, "--only", "waiting").keys()

    releases.stop(second, "only an example")
    pipelines.approve(gated, gated_execution, approve=False)
    assert releases.end(first)["status"] == "FAILED"
    (failed,) = status(gated, "--only", "failed").values()
    assert (failed["failed"]["releaseId"], failed["queue"]) == (running, [])
    assert failed["failed"]["failure"]["message"] != ""
    assert run_command("status", f"{gated}x").returncode == 2


def test_what_runs_outside_releases(pipelines: Pipelines, account: Account) -> None:
    """A pipeline that no release has run is known by its name, and who has started it."""
    name = pipelines.make(approval=True)
    execution_id = pipelines.start(name)
    pipelines.wait_for_approval(name, execution_id)
    (found,) = status(f"{name}*").values()
    (other,) = found["otherRuns"]
    assert (other["executionId"], other["releaseId"]) == (execution_id, None)
    assert other["by"] == account.caller
    pipelines.stop(name, execution_id, reason="only an example")


def test_list(releases: Releases, pipelines: Pipelines) -> None:
    """Releases of a pipeline are found, with what became of it in each."""
    first, second, name = unique("first"), unique("second"), pipelines.make(approval=True)
    for release_id, approve in ((first, False), (second, True)):
        arn = releases.start(manifest(release_id, name))
        pipelines.approve(name, releases.started(release_id, name), approve=approve)
        releases.end(arn)

    def found(*options: str) -> list[str]:
        told = run_command("list", "--json", "--pipeline", name, *options)
        assert told.returncode == 0, told.stderr
        return [each["releaseId"] for each in json.loads(told.stdout)]

    assert found() == [second, first]
    assert found("--outcome", "failed") == [first]
    assert found("--since", "1h", "--limit", "1") == [second]
    assert found("--until", "1h") == []
    assert found("--requester", "no-such-person") == []
    drawn = run_command("list", "--pipeline", f"{name}*").stdout
    assert f"{name} ✘ FAILED" in drawn
    assert f"{name} ✔ SUCCEEDED" in drawn


def test_a_rejected_manifest_is_found(
    releases: Releases,
) -> None:
    """It is listed with its id, its file and its error, under a short id that show takes."""
    release_id = unique("rejected")
    document = manifest(release_id, "no-such-pipeline")
    key = releases.drop(json.dumps(document))
    execution = releases.execution_of(key)
    assert releases.end(execution)["status"] == "FAILED"
    listed = run_command("list", "--status", "REJECTED", "--since", "15m", "--limit", "1000").stdout
    (row,) = [line for line in listed.splitlines() if f"{release_id}, {key}" in line]
    assert row.endswith(f"{release_id}, {key}: ManifestInvalid")
    short = row.split()[0]
    assert execution.rpartition(":")[2].startswith(short)
    shown = run_command("show", short, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["requestedId"] == release_id
