"""Simulated releases whose pipelines wait for each other, or for a free slot."""

from tests.simulation.scenarios import Scenario, after, releasing

_JOIN = releasing("a", "b", {"name": "c", **after("a", "b")})
_CHAIN = releasing(
    "a", {"name": "b", **after("a")}, {"name": "c", **after("b")}, onFailure="continue"
)

# `make test` explores these, too.
QUICK_OF_ORDER = (
    Scenario(
        name="two before one",
        manifests=(_JOIN,),
        outcomes=("succeed",),
        preemptions=1,
        interrupted=("record_state_change update_item(releases r/pipeline#c",),
        mute=("STARTED",),
    ),
    Scenario(
        name="three in a chain",
        manifests=(_CHAIN,),
        faults={"crash": 1, "die": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="two before one, resumed",
        manifests=(_JOIN, {**_JOIN, "resume": True}),
        outcomes=("succeed", "fail b"),
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="three, one at a time",
        manifests=(releasing("a", "b", "c", maxConcurrency=1),),
        preemptions=0,
        mute=("STARTED",),
    ),
)
