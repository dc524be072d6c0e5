"""A pipeline starts the moment all that it depends on has succeeded, and never otherwise."""

from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def after(name: str, *before: str) -> dict[str, Any]:
    """A pipeline of a manifest that depends on others."""
    return {"name": name, "dependsOn": list(before)}


def test_the_order_is_a_graph_and_no_waves(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """What has its own dependencies behind it starts, whatever else of their rank still runs.

    first -> second, and slow: second starts while slow runs. last needs both.
    """
    first, last = pipelines.make(), pipelines.make()
    second, slow = pipelines.make(approval=True), pipelines.make(approval=True)
    release_id = unique("graph")

    arn = releases.start(
        manifest(release_id, after(last, second, slow), after(second, first), slow, first)
    )

    slow_execution = releases.started(release_id, slow)
    second_execution = releases.started(release_id, second)
    pipelines.wait_for_approval(slow, slow_execution)
    pipelines.wait_for_approval(second, second_execution)
    done = ledger.pipeline(release_id, first)
    assert done["status"] == "SUCCEEDED"
    assert done["ended_at"] <= ledger.pipeline(release_id, second)["starting_at"]
    pipelines.approve(second, second_execution)
    assert ledger.pipeline(release_id, last)["status"] == "WAITING"
    pipelines.approve(slow, slow_execution)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    nodes = {name: ledger.pipeline(release_id, name) for name in (second, slow, last)}
    assert nodes[last]["depends_on"] == [second, slow]
    for name in (second, slow):
        (ended,) = [e["at"] for e in nodes[name]["audit"] if e["after"] == "SUCCEEDED"]
        assert ended <= nodes[last]["starting_at"]
    assert [len(pipelines.executions(name)) for name in (first, second, slow, last)] == [1] * 4


def test_what_depends_on_a_failure_is_skipped_with_the_reason(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """Also what depends on it by way of others; each says what it was waiting for."""
    broken, child, grandchild = (pipelines.make() for _ in range(3))
    release_id = unique("skipped")
    with faults.action("fail", pipeline=broken, code="JobFailed"):
        ended = releases.end(
            releases.start(
                manifest(
                    release_id,
                    broken,
                    after(child, broken),
                    after(grandchild, child),
                    onFailure="continue",
                )
            )
        )

    assert ended["status"] == "FAILED"
    for name, before, status in ((child, broken, "FAILED"), (grandchild, child, "SKIPPED")):
        node = ledger.pipeline(release_id, name)
        why = f"it depends on {before}, which is {status}"
        assert (node["status"], node["failure"]["message"]) == ("SKIPPED", why)
        assert f"{name} skipped: {why}" in ended["cause"]
        assert pipelines.executions(name) == []


def test_an_order_that_cannot_be_is_refused(
    releases: Releases, refusals: Refusals, estate: Estate
) -> None:
    """A cycle is refused and printed, and so is a dependency on what the release does not have."""
    arn = releases.start(
        manifest(
            unique("cycle"),
            after(estate.catalog, estate.orders),
            after(estate.orders, estate.catalog),
            after(estate.payments, estate.payments, "nobody"),
        )
    )

    cause = refusals.cause(arn, "ManifestInvalid", "direct")

    (cycle,) = [line for line in cause.splitlines() if "form a cycle" in line]
    printed = cycle.partition("remove one of them: ")[2].split(" -> ")
    assert printed[0] == printed[-1]
    assert set(printed) == {estate.catalog, estate.orders}
    assert f"{estate.payments!r} depends on itself" in cause
    assert "'nobody' is not a pipeline of this release" in cause
