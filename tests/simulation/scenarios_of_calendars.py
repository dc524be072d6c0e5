"""The small releases of deployments with a change calendar, explored exhaustively."""

from dataclasses import replace

from tests.simulation.scenarios import Scenario, after, releasing

_ONE = Scenario(
    name="one closed",
    manifests=(releasing("a"),),
    closed=(0, 20),
    requests=("calendar opened",),
    preemptions=1,
    # The calls between which it matters who comes first.
    interrupted=(
        "run_pipeline start_pipeline_execution",
        "run_pipeline update_item",
        "run_pipeline get_calendar_state",
        "change_freeze",
    ),
    mute=("STARTED",),
    outcomes=("succeed",),
)
_UNINTERRUPTED = replace(_ONE, requests=(), preemptions=0, interrupted=())

QUICK_OF_CALENDARS = (
    _ONE,
    replace(
        _ONE,
        name="one closed, cannot be read",
        closed=(5, 20),
        unreadable=(0, 8),
        requests=(),
        cancels=1,
    ),
    replace(
        _UNINTERRUPTED,
        name="one closed, with a fault",
        faults=dict.fromkeys(("crash", "die", "repeat", "refuse", "obscure"), 1),
        most_faults=1,
    ),
    replace(_ONE, name="one closed, overridden", closed=(0, 50), requests=("override r",)),
    replace(
        _UNINTERRUPTED,
        name="two in order, one slot, closed",
        manifests=(releasing("a", {"name": "b", **after("a")}, "c", maxConcurrency=1),),
        unreadable=(20, 22),
    ),
)
