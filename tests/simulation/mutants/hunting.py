"""Searches for one mutant in its own process: the named scenarios first, then random ones.

    python -m tests.simulation.mutants.hunting LAMBDAS [SCENARIO ...]

Prints one line of JSON: the promise that killed the mutant, where, and after how many schedules.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DRAWN = 400
SEED = 7


def main(lambdas: str, *names: str) -> None:
    """Search for the mutant in this folder, first in these scenarios."""
    sys.path[:0] = [lambdas, str(ROOT / "tools/localstack-plugin/src"), str(ROOT)]
    from tests.simulation.explored import SMALL  # noqa: PLC0415
    from tests.simulation.schedules.explore import Failed  # after the path is known  # noqa: PLC0415
    from tests.simulation.schedules.runs import draw, explore_quietly  # noqa: PLC0415

    named = [each for each in SMALL if each.name in names]
    others = [each for each in SMALL if each.name not in names]
    schedules = 0
    for hunted, most_states in ((named, 100_000), (None, 0), (others, 4_000), (others, 40_000)):
        if hunted is None:
            drawn = draw(SEED, DRAWN, shrinks=False)
            schedules += drawn.schedules
            if drawn.invariant:
                _tell(drawn.invariant, "drawn", schedules)
                return
        for scenario in hunted or ():
            try:
                schedules += explore_quietly(scenario, most_states).ends
            except Failed as failed:
                _tell(failed.violated.invariant, scenario.name, schedules + failed.ends)
                return
    _tell("", "", schedules)


def _tell(killed_by: str, where: str, schedules: int) -> None:
    print(json.dumps({"killed_by": killed_by, "where": where, "schedules": schedules}))  # noqa: T201  # the result


if __name__ == "__main__":
    main(*sys.argv[1:])
