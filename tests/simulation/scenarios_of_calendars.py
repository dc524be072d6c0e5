"""The small releases of deployments with a change calendar, explored exhaustively."""

from tests.simulation.scenarios import Scenario, after, releasing

# The calls between which it matters who comes first.
_RACES = (
    "run_pipeline start_pipeline_execution",
    "run_pipeline update_item",
    "run_pipeline get_calendar_state",
    "change_freeze",
)

QUICK_OF_CALENDARS = (
    Scenario(
        name="one closed",
        manifests=(releasing("a"),),
        closed=(0, 20),
        requests=("calendar opened",),
        preemptions=1,
        interrupted=_RACES,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one closed, cannot be read",
        manifests=(releasing("a"),),
        closed=(5, 20),
        unreadable=(0, 8),
        cancels=1,
        preemptions=1,
        interrupted=_RACES,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one closed, with a fault",
        manifests=(releasing("a"),),
        closed=(0, 20),
        faults=dict.fromkeys(("crash", "die", "repeat", "refuse", "obscure"), 1),
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one closed, overridden",
        manifests=(releasing("a"),),
        closed=(0, 50),
        requests=("override r",),
        preemptions=1,
        interrupted=_RACES,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="two in order, one slot, closed",
        manifests=(releasing("a", {"name": "b", **after("a")}, "c", maxConcurrency=1),),
        closed=(0, 20),
        unreadable=(20, 22),
        preemptions=0,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
)
