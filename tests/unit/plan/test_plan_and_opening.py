"""A plan rejects a manifest exactly if its opening does."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_core.errors import Rejection
from release_core.plan.planner import Planner
from release_core.strict_json import write_json
from tests.worlds.plans import make_world, pinned

ENTRIES = st.lists(
    st.sampled_from(
        [
            "orders",
            "catalog",
            "nowhere",
            {"name": "payments", "dependsOn": ["orders"]},
            {"name": "orders", "variables": {"X": "1"}},
            {"name": "storefront", "dependsOn": ["storefront"]},
            {"name": "orders", "dependsOn": ["payments"]},
            pinned(f"v{1:031d}", "catalog"),
            "old",
            pinned(f"v{1:031d}", "old"),
        ]
    ),
    max_size=3,
)


@settings(max_examples=150)
@given(
    ENTRIES,
    st.sampled_from(["nothing", "running", "failed", "another"]),
    st.fixed_dictionaries(
        {},
        optional={
            "resume": st.booleans(),
            "onBusy": st.sampled_from(["refuse", "wait"]),
            "deadline": st.sampled_from(
                ["2020-01-01T00:00:00Z", "2026-12-02T00:00:00Z", "2030-01-01T00:00:00Z"]
            ),
            "notBefore": st.sampled_from(["2020-01-01T00:00:00Z", "2026-12-01T00:00:00Z"]),
            "holdLocks": st.booleans(),
            "onFailure": st.sampled_from(["stop", "rollback"]),
            "approvals": st.sampled_from(
                [
                    [{"name": "go-live", "fourEyes": False, "expiresAfterMinutes": 90}],
                    [{"name": "go-live"}],
                    [{"name": "orders", "fourEyes": False}],
                    [{"name": "go-live", "fourEyes": False, "expiresAfterMinutes": 525_600}],
                ]
            ),
            "rollbackOf": st.sampled_from(["q", "none"]),
        },
    ),
    st.sampled_from(["*", "cat*", "orders"]),
)
def test_plan_and_opening_agree(
    entries: list[Any], before: str, more: dict[str, Any], driven: str
) -> None:
    """For any ledger and any name patterns, plan and opening give the same result."""
    world = make_world()
    ended = world.begin("catalog", "payments", release_id="q")
    world.close(ended, "q")
    if before == "another":
        world.begin("orders", release_id="other")
    elif before != "nothing":
        arn = world.begin("orders", "catalog")
        if before == "failed":
            world.step_functions.stop_execution(executionArn=arn)
    document = {"releaseId": "r", "pipelines": entries, **more}
    world.patterns = (driven,)
    planner: Planner = world.planner()
    as_planned = planner(document, channel="direct")
    arn = world.start(write_json(document))
    with nullcontext() if as_planned.valid else pytest.raises(Rejection) as refused:
        world.open_release(arn)
    if refused:
        assert refused.type is as_planned.refused_as
