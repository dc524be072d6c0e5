"""A look ends a release whose event was lost."""

import pytest

from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import PACE
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest
from tests.e2e.running.test_time_limits import LONG_ENOUGH_TO_START, in_seconds

pytestmark = [pytest.mark.verify, pytest.mark.alone]


def test_a_lost_event_is_replaced_by_a_look(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, functions: Functions
) -> None:
    """At its deadline the release looks, and finds that its pipeline has succeeded."""
    name = pipelines.make()
    with functions.deaf("record_state_change"):
        for seconds in LONG_ENOUGH_TO_START:
            release_id = unique("unheard")
            deadline = in_seconds(seconds * PACE)
            ended = releases.end(releases.start(manifest(release_id, name, deadline=deadline)))
            if ended["status"] == "SUCCEEDED":
                break

    node = ledger.pipeline(release_id, name)
    assert node["status"] == "SUCCEEDED"
    changes = ledger.execution(node["execution_id"])["changes"]
    assert {(each["state"], each["source"]) for each in changes} == {("SUCCEEDED", "look")}
