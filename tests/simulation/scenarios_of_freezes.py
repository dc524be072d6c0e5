"""The small releases that people freeze while they run, explored exhaustively."""

from tests.simulation.scenarios import Scenario, after, releasing

# The calls between which it matters who comes first.
_RACES = (
    "run_pipeline start_pipeline_execution",
    "run_pipeline update_item",
    "run_pipeline batch_get_item",
    "change_freeze",
)

QUICK_OF_FREEZES = (
    Scenario(
        name="one frozen",
        manifests=(releasing("a"),),
        requests=("freeze * 30",),
        preemptions=2,
        interrupted=_RACES,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one frozen, lifted",
        manifests=(releasing("a"),),
        requests=("freeze * 30", "lift *"),
        preemptions=1,
        interrupted=_RACES,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one frozen, cancelled",
        manifests=(releasing("a"),),
        requests=("freeze * 30",),
        cancels=1,
        preemptions=1,
        interrupted=_RACES,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one frozen, with a fault",
        manifests=(releasing("a"),),
        requests=("freeze * 30",),
        faults=dict.fromkeys(("crash", "die", "repeat", "refuse", "obscure"), 1),
        most_faults=1,
        preemptions=1,
        interrupted=("run_pipeline update_item",),
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one frozen, overridden",
        manifests=(releasing("a"),),
        requests=("freeze * 30", "override r"),
        preemptions=1,
        interrupted=_RACES,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="frozen twice",
        manifests=(releasing("a"),),
        requests=("freeze * 30", "freeze a 20", "lift *"),
        preemptions=0,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="two in order, one slot, frozen",
        manifests=(releasing("a", "b", maxConcurrency=1),),
        requests=("freeze a 30",),
        preemptions=1,
        interrupted=("run_pipeline batch_get_item", "change_freeze"),
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one slot, frozen, with a fault",
        manifests=(releasing("a", maxConcurrency=1),),
        requests=("freeze a 30",),
        faults=dict.fromkeys(("crash", "die"), 1),
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="rolled back while frozen",
        manifests=(releasing("a", {"name": "b", **after("a")}, onFailure="rollback"),),
        requests=("freeze * 30",),
        outcomes=("succeed a", "fail b"),
        preemptions=0,
        mute=("STARTED",),
        good=("a", "b"),
    ),
)
