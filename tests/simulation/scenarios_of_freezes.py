"""The small releases that people freeze while they run, explored exhaustively."""

from dataclasses import replace

from tests.simulation.scenarios import Scenario, after, releasing

# The calls between which it matters who comes first.
_RACES = (
    "run_pipeline start_pipeline_execution",
    "run_pipeline update_item",
    "run_pipeline batch_get_item",
    "change_freeze",
)
_ONE = Scenario(
    name="one frozen",
    manifests=(releasing("a"),),
    requests=("freeze * 30",),
    preemptions=2,
    interrupted=_RACES,
    mute=("STARTED",),
    outcomes=("succeed",),
)
_ONE_SLOT = replace(_ONE, requests=("freeze a 30",), interrupted=(), preemptions=0)

QUICK_OF_FREEZES = (
    _ONE,
    replace(_ONE, name="one frozen, lifted", requests=("freeze * 30", "lift *"), preemptions=1),
    replace(_ONE, name="one frozen, cancelled", cancels=1, preemptions=1),
    replace(
        _ONE,
        name="one frozen, with a fault",
        faults=dict.fromkeys(("crash", "die", "repeat", "refuse", "obscure"), 1),
        most_faults=1,
        preemptions=1,
        interrupted=("run_pipeline update_item",),
    ),
    replace(
        _ONE, name="one frozen, overridden", requests=("freeze * 30", "override r"), preemptions=1
    ),
    replace(
        _ONE,
        name="frozen twice",
        requests=("freeze * 30", "freeze a 20", "lift *"),
        preemptions=0,
        interrupted=(),
    ),
    replace(
        _ONE_SLOT,
        name="two in order, one slot, frozen",
        manifests=(releasing("a", "b", maxConcurrency=1),),
        preemptions=1,
        interrupted=("run_pipeline batch_get_item", "change_freeze"),
    ),
    replace(
        _ONE_SLOT,
        name="one slot, frozen, with a fault",
        manifests=(releasing("a", maxConcurrency=1),),
        faults=dict.fromkeys(("crash", "die"), 1),
        most_faults=1,
    ),
    replace(
        _ONE,
        name="rolled back while frozen",
        manifests=(releasing("a", {"name": "b", **after("a")}, onFailure="rollback"),),
        outcomes=("succeed a", "fail b"),
        preemptions=0,
        interrupted=(),
        good=("a", "b"),
    ),
)
