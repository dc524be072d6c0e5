"""Stopping the workflow execution cancels the whole release at once, with the cause."""

import pytest

from tests.e2e.account.announcements import Announcements
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.rules import Rules
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


@pytest.mark.verify
def test_a_cancel_reaches_every_pipeline(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Running pipelines stop, waiting ones are skipped, and all locks are released.

    The event of the stop does it: the next look of any task is an hour away. No stop waits for the
    answer to a manual approval.
    """
    running = [pipelines.make(approval=True) for _ in range(3)]
    waiting = [pipelines.make() for _ in range(2)]
    release_id = unique("cancelled")
    arn = releases.start(
        manifest(
            release_id,
            *running,
            {"name": waiting[0], "dependsOn": running},
            {"name": waiting[1], "dependsOn": [waiting[0]]},
        )
    )
    executions = {name: releases.started(release_id, name) for name in running}
    for name, execution_id in executions.items():
        pipelines.wait_for_approval(name, execution_id)

    releases.stop(arn, "the customer called, ada")

    def all_are_over() -> bool:
        executing = {pipelines.status(name, each) for name, each in executions.items()}
        stopped = {ledger.pipeline(release_id, name)["status"] for name in running}
        skipped = {ledger.pipeline(release_id, name)["status"] for name in waiting}
        held = {ledger.holder(name) for name in (*running, *waiting)}
        return (executing, stopped, skipped, held) == ({"Stopped"}, {"STOPPED"}, {"SKIPPED"}, {""})

    wait_until("all are stopped, skipped and unlocked", all_are_over)
    header = releases.closed(release_id)
    assert header["status"] == "CANCELLED"
    assert header["why"] == (
        "the customer called, ada (the workflow execution was stopped: StoppedByHand)"
    )
    assert [len(pipelines.executions(name)) for name in waiting] == [0, 0]


@pytest.mark.alone
def test_a_cancel_whose_event_was_lost_is_found_by_an_event(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    announcements: Announcements,
    rules: Rules,
) -> None:
    """The end of one pipeline closes the cancelled release and wakes the release that waits."""
    ending, running = pipelines.make(approval=True), pipelines.make(approval=True)
    release_id, waiting = unique("lost"), unique("waiting")
    arn = releases.start(manifest(release_id, ending, running, stopMode="abandon"))
    executions = {name: releases.started(release_id, name) for name in (ending, running)}
    for name, execution_id in executions.items():
        pipelines.wait_for_approval(name, execution_id)
    second = releases.start(manifest(waiting, running, onBusy="wait"))
    wait_until("the second release waits", lambda: "WaitForPipelines" in releases.visited(second))
    with rules.end_lost(arn):
        releases.stop(arn, "the customer called, ada")
    assert ledger.header(release_id)["status"] == "RUNNING"

    pipelines.approve(ending, executions[ending])

    header = releases.closed(release_id)
    assert header["status"] == "CANCELLED"
    assert header["why"] == (
        "the customer called, ada (the workflow execution was stopped: StoppedByHand)"
    )
    found = wait_until(
        "the cancel is announced",
        lambda: found if len(found := announcements.ends(release_id)) > 1 else None,
    )
    cancelled, orphaned = sorted(found, key=lambda event: str(event["detail-type"]))
    assert (orphaned["detail-type"], orphaned["detail"]["executionArn"]) == (
        "Release Orphaned",
        arn,
    )
    assert (cancelled["detail-type"], cancelled["detail"]["why"]) == (
        "Release Cancelled",
        header["why"],
    )
    assert ledger.holder(ending) == ""
    assert pipelines.status(running, executions[running]) == "Stopped"
    pipelines.approve(running, releases.started(waiting, running))
    assert releases.end(second)["status"] == "SUCCEEDED"


@pytest.mark.alone
def test_a_cancel_whose_event_was_lost_is_found_within_the_hour(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    announcements: Announcements,
    rules: Rules,
    functions: Functions,
) -> None:
    """Without any event and without another release the hourly look closes it."""
    name, release_id = pipelines.make(approval=True), unique("lost")
    arn = releases.start(manifest(release_id, name, stopMode="abandon"))
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)
    with rules.end_lost(arn):
        releases.stop(arn, "the customer called, ada")
    assert ledger.header(release_id)["status"] == "RUNNING"

    functions.call("close_release", {"source": "aws.events", "detail-type": "Scheduled Event"})

    header = releases.closed(release_id)
    assert header["status"] == "CANCELLED"
    assert header["why"].startswith("the customer called, ada (the workflow execution was stopped")
    wait_until("the cancel is announced", lambda: len(announcements.ends(release_id)) > 1)
    assert ledger.holder(name) == ""
    wait_until(f"{name} is stopped", lambda: pipelines.status(name, execution_id) == "Stopped")


def test_a_cancel_whose_event_was_lost_is_found_by_the_next_release(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, machines: Machines
) -> None:
    """The next release takes over the locks of a release whose stop sent no event.

    The deployed rule matches the deployed machine alone, so it does not match this stop.
    """
    name, release_id = pipelines.make(approval=True), unique("lost")
    arn = releases.start(
        manifest(release_id, name, stopMode="abandon"), machine=machines.impatient(60)
    )
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)
    releases.stop(arn, "no event of this")
    assert ledger.holder(name) == arn
    following = unique("following")

    second = releases.start(manifest(following, name))

    releases.started(following, name)
    assert ledger.holder(name) == second
    pipelines.stop(name, execution_id, reason="make room")
    # The function that records this end finds the release without a workflow and closes it.
    header = releases.closed(release_id)
    assert header["status"] == "CANCELLED"
    assert "no event of this" in header["why"]
    pipelines.approve(name, releases.started(following, name))
    assert releases.end(second)["status"] == "SUCCEEDED"
    assert ledger.holder(name) == ""
