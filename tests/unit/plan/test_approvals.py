"""A plan shows the approvals, what waits behind them, and whether the door fits."""

from datetime import timedelta
from typing import Any

import pytest

from release_core.plan.document import OUTPUT_LIMIT
from release_core.strict_json import write_json
from tests.worlds.plans import make_world, plan
from tests.worlds.release_world import ReleaseWorld, after
from tests.worlds.votes import approval

ORDER = ("orders", after("catalog", "late"), after("payments", "early"), "storefront")
APPROVALS: list[Any] = [
    approval("late", "early", minApprovals=2, expiresAfterMinutes=60, question="Go live?"),
    approval("early", "orders"),
]


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with pipelines."""
    return make_world()


def test_approvals_are_shown_in_order_with_what_waits_behind_them(world: ReleaseWorld) -> None:
    """Each with its question, the votes that it needs and its time limit."""
    planned = plan(world, *ORDER, approvals=APPROVALS)
    assert planned.valid
    early, late = planned.as_json()["approvals"]
    assert (early["name"], early["behind"]) == ("early", ["catalog", "payments"])
    assert late == {
        "name": "late",
        "dependsOn": ["early"],
        "question": "Go live?",
        "minApprovals": 2,
        "fourEyes": False,
        "expiresAfterMinutes": 60,
        "behind": ["catalog"],
        "granted": False,
    }


def test_the_estimate_keeps_the_order_through_approvals(world: ReleaseWorld) -> None:
    """It has the time of the pipelines, and says that people take theirs."""
    for name in ("orders", "catalog", "payments", "storefront"):
        world.codepipeline.start_pipeline_execution(name=name)
        world.clock.advance(timedelta(minutes=5))
        world.play(name)
    planned = plan(world, *ORDER, approvals=APPROVALS)
    assert planned.expected == timedelta(minutes=10)
    assert [each.starts_after for each in planned.pipelines] == [
        timedelta(),
        timedelta(minutes=5),
        timedelta(minutes=5),
        timedelta(),
    ]
    assert planned.warnings == (
        "waits for people to approve: late, early. The estimates do not include this time",
    )


def test_without_a_door_the_plan_says_which_one_is_needed(world: ReleaseWorld) -> None:
    """The command plans before it hands in, and may choose the API."""
    planned = plan(world, "orders", approvals=[{"name": "go-live"}])
    assert planned.valid
    assert planned.warnings[-1] == (
        "these approvals need four eyes: go-live. Only the API proves who asks for a release, so "
        "release-machine submit uses it for this manifest; the other doors reject it"
    )
    document = {"releaseId": "r", "pipelines": ["orders"], "approvals": [{"name": "go-live"}]}
    assert not world.planner()(document, channel="s3").valid
    assert "four eyes" not in str(world.planner()(document, channel="api").warnings)


def test_a_circle_through_an_approval_is_a_problem_of_the_plan(world: ReleaseWorld) -> None:
    """And no error."""
    planned = plan(
        world,
        after("orders", "go"),
        after("catalog", "orders"),
        approvals=[approval("go", "catalog")],
    )
    (problem,) = planned.problems
    assert "dependencies form a cycle" in problem


def test_a_plan_with_long_questions_fits_the_output(world: ReleaseWorld) -> None:
    """The questions are left out first."""
    asks = [approval(f"a{n}", question="\u8a9e" * 1000) for n in range(100)]
    output = plan(world, "orders", approvals=asks).as_output()
    assert len(write_json(output).encode()) <= OUTPUT_LIMIT
    assert [each["name"] for each in output["approvals"]] == [each["name"] for each in asks]
