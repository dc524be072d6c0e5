"""A pipeline starts when everything it depends on has succeeded, and not before."""

from typing import Any

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def after(name: str, *before: str) -> dict[str, Any]:
    """Return a pipeline of a manifest that depends on others."""
    return {"name": name, "dependsOn": list(before)}


@pytest.mark.verify
def test_the_order_is_a_graph_and_no_waves(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """A pipeline starts when its own dependencies have succeeded, whatever else still runs.

    second needs first alone, so it starts while slow runs. last needs second and slow.
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
