"""Replaying one schedule by its choices, with every step and what the ledger says after it."""

from tests.simulation.endings import check_end
from tests.simulation.engine import enabled, make_world, take
from tests.simulation.explore import Failed
from tests.simulation.happenings import Violated, value
from tests.simulation.scenarios import Scenario
from tests.simulation.steps import Step
from tests.simulation.world import World


def replay(scenario: Scenario, choices: list[int]) -> list[str]:
    """Run the schedule that these choices make and return its steps in words.

    Raises Failed where it breaks an invariant, as it did when it was found.
    """
    world = make_world(scenario, merges=False)
    lines: list[str] = []
    path: list[tuple[int, Step]] = []
    try:
        for number in choices:
            steps = enabled(world)
            step = steps[number]
            path.append((number, step))
            take(world, step)
            lines.append(f"{len(path):4} {step}   {_ledger(world)}")
        if not enabled(world):
            check_end(world)
    except Violated as violated:
        raise Failed(scenario, violated, path) from None
    return lines


def _ledger(world: World) -> str:
    """Say where each release and pipeline stands."""
    told = []
    for release_id, items in world.stores.releases().items():
        for name, item in sorted(items.items(), reverse=True):
            if name == "release" or name.startswith("pipeline#"):
                told.append(f"{release_id}/{name.removeprefix('pipeline#')}={value(item, 'status')}")
    return " ".join(told)
