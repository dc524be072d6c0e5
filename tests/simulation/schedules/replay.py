"""Replays one schedule by its choices, and prints each step and the ledger after it."""

from collections.abc import Callable

from tests.simulation.promises.endings import check_end
from tests.simulation.scenarios import Scenario
from tests.simulation.schedules.choices import enabled
from tests.simulation.schedules.engine import make_world, take
from tests.simulation.schedules.explore import Failed
from tests.simulation.schedules.steps import Step
from tests.simulation.world.happenings import Violated, value
from tests.simulation.world.world import World


def replay(scenario: Scenario, choices: list[int], *, tell: Callable[[str], object]) -> None:
    """Run the schedule of these choices and describe its steps with `tell`.

    Raises Failed where the schedule breaks a promise.
    """
    world = make_world(scenario, explores=False)
    path: list[tuple[int, Step]] = []
    before = ""
    try:
        for number in choices:
            steps = enabled(world)
            step = steps[number]
            path.append((number, step))
            tell(f"{len(path):4} {step} {_call(world, step)}")
            take(world, step)
            if (ledger := _ledger(world)) != before:
                tell(f"       {ledger}")
                before = ledger
        if not enabled(world):
            check_end(world)
    except Violated as violated:
        raise Failed(scenario, violated, path) from None


def _call(world: World, step: Step) -> str:
    """Describe the next call of an invocation."""
    invocation = world.invocations.get(step.who)
    return str(invocation.point.next) if invocation and invocation.point else ""


def _ledger(world: World) -> str:
    """Describe the status of each release and pipeline."""
    statuses = []
    for release_id, items in world.stores.releases().items():
        for name, item in sorted(items.items(), reverse=True):
            if name == "release" or name.startswith("pipeline#"):
                statuses.append(
                    f"{release_id}/{name.removeprefix('pipeline#')}={value(item, 'status')}"
                )
    return " ".join(statuses)
