"""A release that waits for pipelines that other releases hold, or that came first for them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from release_core.domain.queue import Lock, Place
from release_machine.release.busy import BusyPipelines, Hold
from tests.worlds.ledger_world import LedgerWorld
from tools.operator.tests.conftest import Stubbed, at

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"


class Scene:
    """The history of a workflow execution, and the ledger."""

    def __init__(self, stubbed: Stubbed, at: datetime) -> None:
        sfn, self._history = stubbed("stepfunctions")
        self.world = LedgerWorld()
        self.busy = BusyPipelines(sfn=sfn, ledger=self.world.ledger)
        self._at = at

    def entered(self, *states: str) -> None:
        """The states that the execution entered, the latest first, after a later event."""
        events: list[dict[str, Any]] = [{"type": "TaskSubmitted"}] + [
            {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}}
            for state in states
        ]
        numbered = [
            {**event, "id": number, "timestamp": self._at} for number, event in enumerate(events)
        ]
        self._history.add_response(
            "get_execution_history",
            {"events": numbered},
            {"executionArn": EXECUTION, "reverseOrder": True, "maxResults": 20},
        )


@pytest.fixture
def scene(stubbed: Stubbed) -> Scene:
    return Scene(stubbed, at(0))


def test_pipelines_that_other_releases_hold(scene: Scene) -> None:
    """They are in the manifest's order, without free pipelines and those of the release."""
    scene.entered("WaitForPipelines", "IsReleaseNew", "OpenRelease")
    for name, arn in (("orders", "arn:other"), ("web", EXECUTION), ("catalog", "arn:third")):
        mine = Place(release_id=f"of {name}", execution_arn=arn, since=scene.world.clock())
        assert scene.world.ledger.locks.take(Lock(pipeline=name), mine) is None
    since = scene.world.clock()
    holds = scene.busy.waited_for(EXECUTION, ["web", "catalog", "orders", "mail"])
    assert holds == [
        Hold(pipeline="catalog", release_id="of catalog", execution_arn="arn:third", since=since),
        Hold(pipeline="orders", release_id="of orders", execution_arn="arn:other", since=since),
    ]
    assert str(holds[0]) == "catalog is held by release of catalog since 2026-11-22T09:00:00Z"


@pytest.mark.parametrize("states", [(), ("OpenRelease",), ("OpenRelease", "WaitForPipelines")])
def test_an_execution_that_does_not_wait(scene: Scene, states: tuple[str, ...]) -> None:
    """An execution that is opening its release waits for no pipelines."""
    scene.entered(*states)
    assert scene.busy.waited_for(EXECUTION, ["web"]) == []


def test_a_free_pipeline_that_an_earlier_release_waits_for(scene: Scene) -> None:
    """It is named with that release; a release that came later is not in the way."""
    scene.entered("WaitForPipelines")
    for minutes, arn in ((1, "arn:other"), (2, EXECUTION), (3, "arn:later")):
        since = scene.world.clock() + timedelta(minutes=minutes)
        place = Place(release_id=f"of {arn}", execution_arn=arn, since=since)
        scene.world.ledger.locks.enqueue(["orders"], place)
    (hold,) = scene.busy.waited_for(EXECUTION, ["orders"])
    assert (hold.release_id, hold.waits) == ("of arn:other", True)
    assert str(hold) == (
        "orders is first reserved for release of arn:other since 2026-11-22T09:01:00Z"
    )
