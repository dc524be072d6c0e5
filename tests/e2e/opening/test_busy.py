"""A release locks its pipelines: two releases never run one pipeline at once."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_the_second_release_is_rejected_and_names_the_holder(
    releases: Releases, ledger: Ledger, refusals: Refusals, pipelines: Pipelines
) -> None:
    """It names each lock holder, takes no lock, and can be handed in again unchanged."""
    held, free = pipelines.make(approval=True), pipelines.make()
    holder, document = unique("holder"), manifest(unique("second"), free, held)
    first = releases.start(manifest(holder, held))
    execution_id = releases.started(holder, held)

    cause = refusals.cause(releases.start(document), "PipelinesBusy", "direct")

    assert f"- {held}: release {holder} holds it ({first})" in cause
    assert f"- {free}" not in cause
    assert ledger.holder(free) == ""
    assert ledger.items(document["releaseId"]) == []
    pipelines.approve(held, execution_id)
    releases.end(first)
    second = releases.start(document)
    pipelines.approve(held, releases.started(document["releaseId"], held))
    assert releases.end(second)["status"] == "SUCCEEDED"


def test_a_release_that_waits_starts_by_itself(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """With onBusy wait it starts when the holder closes; its own next look is an hour away."""
    held, free = pipelines.make(approval=True), pipelines.make()
    holder, waiting = unique("holder"), unique("waiting")
    first = releases.start(manifest(holder, held))
    execution_id = releases.started(holder, held)
    second = releases.start(manifest(waiting, free, held, onBusy="wait"))
    wait_until("the second release waits", lambda: "WaitForPipelines" in releases.visited(second))
    assert ledger.holder(free) == ""
    assert ledger.items(waiting) == []

    pipelines.approve(held, execution_id)

    assert releases.end(first)["status"] == "SUCCEEDED"
    pipelines.approve(held, releases.started(waiting, held))
    assert releases.end(second)["status"] == "SUCCEEDED"
    assert [len(pipelines.executions(name)) for name in (held, free)] == [2, 1]


def test_a_release_that_waits_starts_when_the_holder_is_cancelled(
    releases: Releases, pipelines: Pipelines
) -> None:
    """A cancelled holder wakes the releases that wait, as a successful holder does."""
    name, holder, waiting = pipelines.make(approval=True), unique("holder"), unique("waiting")
    first = releases.start(manifest(holder, name, stopMode="abandon"))
    pipelines.wait_for_approval(name, releases.started(holder, name))
    second = releases.start(manifest(waiting, name, onBusy="wait"))
    wait_until("the second release waits", lambda: "WaitForPipelines" in releases.visited(second))

    releases.stop(first, "make room")

    pipelines.approve(name, releases.started(waiting, name))
    assert releases.end(second)["status"] == "SUCCEEDED"


def waits(releases: Releases, arn: str) -> bool:
    """Whether an execution has reached the state that waits for pipelines."""
    return "WaitForPipelines" in releases.visited(arn)


def test_releases_that_wait_are_served_in_order(
    releases: Releases, ledger: Ledger, refusals: Refusals, pipelines: Pipelines
) -> None:
    """The first that came is served first, also in the free pipeline that it needs."""
    held, free = pipelines.make(approval=True), pipelines.make()
    ids = [unique("first"), unique("second"), unique("third")]
    arns = [releases.start(manifest(ids[0], held))]
    execution_id = releases.started(ids[0], held)
    for release_id, names in ((ids[1], (free, held)), (ids[2], (held,))):
        arns.append(releases.start(manifest(release_id, *names, onBusy="wait")))
        wait_until("it waits", partial(waits, releases, arns[-1]))
    late = releases.start(manifest(unique("late"), free))
    cause = refusals.cause(late, "PipelinesBusy", "direct")
    assert f"- {free}: release {ids[1]} came first and waits for it ({arns[1]})" in cause

    for arn, release_id, following in zip(arns, ids, [*ids[1:], None], strict=True):
        execution_id = releases.started(release_id, held)
        assert following is None or ledger.items(following) == []
        pipelines.approve(held, execution_id)
        assert releases.end(arn)["status"] == "SUCCEEDED"

    assert [len(pipelines.executions(name)) for name in (held, free)] == [3, 1]


def test_a_stopped_release_that_waited_blocks_nobody(
    releases: Releases, pipelines: Pipelines
) -> None:
    """The release behind it is served, although the holder of the other pipeline still runs."""
    held, free = pipelines.make(approval=True), pipelines.make()
    holder = unique("holder")
    first = releases.start(manifest(holder, held))
    execution_id = releases.started(holder, held)
    second = releases.start(manifest(unique("stopped"), free, held, onBusy="wait"))
    wait_until("the second waits", lambda: "WaitForPipelines" in releases.visited(second))
    third = releases.start(manifest(unique("behind"), free, onBusy="wait"))
    wait_until("the third waits", lambda: "WaitForPipelines" in releases.visited(third))

    releases.stop(second, "enough")

    assert releases.end(third)["status"] == "SUCCEEDED"
    pipelines.approve(held, execution_id)
    assert releases.end(first)["status"] == "SUCCEEDED"


def test_releases_at_the_same_instant_take_turns(releases: Releases, pipelines: Pipelines) -> None:
    """Three releases of the same two pipelines all succeed, never two at a time."""
    names = [pipelines.make(), pipelines.make()]
    ids = [unique("turn") for _ in range(3)]

    with ThreadPoolExecutor(len(ids)) as threads:
        arns = list(
            threads.map(lambda each: releases.start(manifest(each, *names, onBusy="wait")), ids)
        )

    assert [releases.end(arn)["status"] for arn in arns] == ["SUCCEEDED"] * len(ids)
    for name in names:
        executions = pipelines.executions(name)
        assert [each["status"] for each in executions] == ["Succeeded"] * len(ids)
        spans = sorted((each["startTime"], each["lastUpdateTime"]) for each in executions)
        assert all(ended <= begun for (_, ended), (begun, _) in pairwise(spans))
