"""The small releases with `notBefore` that are explored exhaustively."""

from tests.simulation.scenarios import Scenario, in_minutes, releasing

QUICK_OF_HOLDS = (
    Scenario(
        name="one held",
        manifests=(releasing("a", notBefore=in_minutes(30)),),
        faults=dict.fromkeys(("crash", "die", "repeat", "refuse", "obscure", "orphan"), 1),
        most_faults=1,
        preemptions=1,
        interrupted=("open_release execution",),
        cancels=1,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one held, with its pipelines",
        manifests=(
            releasing("a", notBefore=in_minutes(30), holdLocks=True, onBusy="wait"),
            releasing("a", release_id="s", onBusy="wait"),
        ),
        at_once=2,
        preemptions=0,
        cancels=1,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one held, two come before",
        manifests=(
            releasing("a", notBefore=in_minutes(30), onBusy="wait"),
            releasing("a", release_id="s"),
            releasing("a", release_id="t", onBusy="wait"),
        ),
        at_once=3,
        preemptions=0,
        mute=("STARTED", "SUCCEEDED"),  # the holder is seen to end after the hold
        outcomes=("succeed",),
    ),
    Scenario(
        name="held and resumed",
        manifests=(
            releasing("a", notBefore=in_minutes(30)),
            releasing("a", resume=True, notBefore=in_minutes(60)),
        ),
        preemptions=0,
        mute=("STARTED",),
    ),
)
