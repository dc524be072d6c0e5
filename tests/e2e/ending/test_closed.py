"""A release is closed with its outcome, and the outcome is announced once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.account.announcements import Announcements
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def announced(announcements: Announcements, release_id: str) -> dict[str, Any]:
    """Wait for the one announcement of a release; return the event."""
    (event,) = wait_until(
        f"the outcome of {release_id} is announced", lambda: announcements.ends(release_id)
    )
    return event


def ended_on_record(ledger: Ledger, execution_arn: str) -> Item:
    """Wait until an execution's end is on record; return its item."""
    return wait_until(
        f"the end of {execution_arn} is on record",
        lambda: next((item for item in ledger.items(execution_arn) if "ended" in item), None),
    )


def test_a_success_is_closed_and_announced(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, announcements: Announcements
) -> None:
    """When all pipelines have succeeded the release is SUCCEEDED and announced."""
    names = [pipelines.make(), pipelines.make()]
    release_id = unique("good")

    arn = releases.start(manifest(release_id, *names))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ledger.header(release_id)["status"] == "SUCCEEDED"
    event = announced(announcements, release_id)
    assert (event["source"], event["detail-type"]) == ("release-machine", "Release Succeeded")
    said = {
        "releaseId": release_id,
        "status": "SUCCEEDED",
        "why": "all 2 pipelines succeeded",
        "executionArn": arn,
        "pipelines": dict.fromkeys(names, "SUCCEEDED"),
        "approvals": {},
        "failures": [],
    }
    assert {name: event["detail"][name] for name in said} == said
    told = announcements.of(release_id)
    assert {each["detail-type"] for each in told} == {
        "Release Started",
        "Pipeline Settled",
        "Release Succeeded",
    }
    settled = {
        each["detail"]["pipeline"]: each["detail"]["status"]
        for each in told
        if each["detail-type"] == "Pipeline Settled"
    }
    assert settled == dict.fromkeys(names, "SUCCEEDED")
    assert [ledger.holder(name) for name in names] == ["", ""]


def test_a_failure_is_closed_and_announced(
    releases: Releases, pipelines: Pipelines, faults: Faults, announcements: Announcements
) -> None:
    """When a pipeline has failed, the announcement names it with the reason."""
    good, bad = pipelines.make(), pipelines.make()
    release_id = unique("bad")
    with faults.action("fail", pipeline=bad, code="JobFailed", message="The disk is full"):
        arn = releases.start(manifest(release_id, good, bad, onFailure="continue"))
        ended = releases.end(arn)

    event = announced(announcements, release_id)
    assert event["detail-type"] == "Release Failed"
    assert event["detail"]["pipelines"] == {good: "SUCCEEDED", bad: "FAILED"}
    assert event["detail"]["why"] == ended["cause"]
    assert "The disk is full" in ended["cause"]
    (failure,) = event["detail"]["failures"]
    assert (failure["pipeline"], failure["reason"]) == (bad, "The disk is full (JobFailed)")


def test_a_stop_while_pipelines_run_is_closed_and_announced(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, announcements: Announcements
) -> None:
    """A stopped execution makes its release CANCELLED and stops its pipelines."""
    name, release_id = pipelines.make(approval=True), unique("stopped")
    arn = releases.start(manifest(release_id, name, stopMode="abandon"))
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)

    releases.stop(arn, "wrong build, ada")

    event = announced(announcements, release_id)
    assert event["detail-type"] == "Release Cancelled"
    assert "wrong build, ada" in event["detail"]["why"]
    assert ledger.header(release_id)["status"] == "CANCELLED"
    wait_until(f"{name} is stopped", lambda: pipelines.status(name, execution_id) == "Stopped")
    assert ledger.holder(name) == ""


@pytest.mark.parametrize("moment", ["at once", "held", "claimed", "on record"])
def test_a_stop_while_the_release_is_opened_leaves_nothing_behind(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, moment: str
) -> None:
    """Whether stop or opening comes first, no release stays open and no pipeline locked.

    The stop comes at, or soon after, each step of the opening.
    """
    name, release_id = pipelines.make(approval=True), unique("opening")
    reached: dict[str, Callable[[], object]] = {
        "at once": lambda: True,
        "held": lambda: ledger.holder(name),
        "claimed": lambda: ledger.header(release_id),
        "on record": lambda: ledger.pipeline(release_id, name),
    }
    arn = releases.start(manifest(release_id, name, stopMode="abandon"))
    wait_until(moment, reached[moment])
    releases.stop(arn, "too soon")

    if "opens" in ended_on_record(ledger, arn):
        assert releases.closed(release_id)["status"] == "CANCELLED"
    else:
        assert ledger.items(release_id) == []

    def at_rest() -> bool:
        ran = {each["status"] for each in pipelines.executions(name)}
        return ledger.holder(name) == "" and ran <= {"Stopped"}

    wait_until("the pipeline is unlocked and nothing runs", at_rest)


def test_a_stop_while_a_pipeline_is_started_stops_it_too(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    announcements: Announcements,
) -> None:
    """A pipeline whose start is not on record when its release is stopped is stopped, too."""
    name, release_id = pipelines.make(approval=True), unique("starting")
    with faults.api(
        "fail",
        pipeline=name,
        operation="StartPipelineExecution",
        code="InternalFailure",
        status=500,
        when="after",
        times=100,
    ) as fault:
        arn = releases.start(manifest(release_id, name, stopMode="abandon"))
        wait_until("the start is under way", lambda: faults.fired(fault))
        releases.stop(arn, "too soon")

    header = releases.closed(release_id)
    assert (header["status"], "too soon" in header["why"]) == ("CANCELLED", True)
    ended = wait_until(
        "the pipeline has an end on record",
        lambda: (
            node
            if (node := ledger.pipeline(release_id, name))["status"] in {"STOPPED", "SKIPPED"}
            else {}
        ),
    )
    started = [(e["pipelineExecutionId"], e["status"]) for e in pipelines.executions(name)]
    assert started in ([], [(ended.get("execution_id"), "Stopped")])
    assert announced(announcements, release_id)["detail-type"] == "Release Cancelled"
    assert ledger.holder(name) == ""
