"""The simulation from the command line: explore, draw, replay, mutants, throughput.

.venv/bin/python -m tests.simulation explore [NAME ...]
.venv/bin/python -m tests.simulation draw [--schedules N] [--seed N] [--minutes N]
.venv/bin/python -m tests.simulation replay SCENARIO CHOICES
.venv/bin/python -m tests.simulation mutants [NAME ...]
.venv/bin/python -m tests.simulation throughput [--seed N] [--write]
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parents[2]
# The paths of pyproject.toml; mutants put another copy of lambdas/ first.
sys.path[:0] = [str(ROOT / "tools/localstack-plugin/src"), str(ROOT)]
if not any((Path(each) / "release_core").is_dir() for each in sys.path):
    sys.path.insert(0, str(ROOT / "lambdas"))


def main() -> int:
    """Run the command; the exit code is 1 if a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    exploring = commands.add_parser("explore")
    exploring.add_argument("names", nargs="*")
    exploring.add_argument("--deep", action="store_true")
    drawing = commands.add_parser("draw")
    drawing.add_argument("--schedules", type=int, default=20_000)
    drawing.add_argument("--seed", type=int, default=1)
    drawing.add_argument("--minutes", type=float, default=60.0)
    replaying = commands.add_parser("replay")
    replaying.add_argument("scenario")
    replaying.add_argument("choices")
    mutating = commands.add_parser("mutants")
    mutating.add_argument("names", nargs="*")
    passing = commands.add_parser("throughput")
    passing.add_argument("--seed", type=int, default=1)
    passing.add_argument("--write", action="store_true", help="write the tables to docs/scale.md")
    arguments = parser.parse_args()
    from tests.simulation.schedules.explore import Failed  # after the path is known  # noqa: PLC0415

    try:
        return _COMMANDS[arguments.command](arguments)
    except Failed as failed:
        print(failed)  # noqa: T201  # a command
        return 1


def _explore(arguments: argparse.Namespace) -> int:
    from tests.simulation.explored import DEEP, SMALL  # after the path is known  # noqa: PLC0415
    from tests.simulation.schedules.runs import (  # after the path is known  # noqa: PLC0415
        explore_quietly,
        on_all_cores,
    )

    chosen = DEEP if arguments.deep else SMALL
    names = set(arguments.names)
    work = [each for each in chosen if not names or each.name in names]
    for found in on_all_cores(explore_quietly, work):
        print(found, flush=True)  # a command  # noqa: T201
    return 0


def _draw(arguments: argparse.Namespace) -> int:
    from tests.simulation.schedules.runs import draw, on_all_cores  # after the path is known  # noqa: PLC0415

    portion = 1_000
    count = max(1, arguments.schedules // portion)
    end = monotonic() + arguments.minutes * 60
    seeds = range(arguments.seed, arguments.seed + count)
    for drawn in on_all_cores(partial(draw, schedules=portion), seeds):
        print(drawn, flush=True)  # a command  # noqa: T201
        if drawn.failure:
            print(drawn.failure)  # a command  # noqa: T201
            return 1
        if monotonic() > end:
            break
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from tests.simulation.scenarios import Scenario  # noqa: PLC0415
    from tests.simulation.schedules.replay import replay  # noqa: PLC0415
    from tests.simulation.schedules.runs import quietly  # noqa: PLC0415

    with quietly():
        replay(
            Scenario.from_json(arguments.scenario),
            [int(choice) for choice in arguments.choices.split(".")],
            tell=print,
        )
    return 0


def _mutants(arguments: argparse.Namespace) -> int:
    from tests.simulation.mutants.mutants import run_mutants  # noqa: PLC0415

    return run_mutants(arguments.names)


def _throughput(arguments: argparse.Namespace) -> int:
    from tests.simulation.throughput.table import PAGE, renewed, tables  # noqa: PLC0415

    found = tables(seed=arguments.seed)
    if arguments.write:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    else:
        print("\n\n".join(found.values()))  # a command  # noqa: T201
    return 0


_COMMANDS = {
    "explore": _explore,
    "draw": _draw,
    "replay": _replay,
    "mutants": _mutants,
    "throughput": _throughput,
}

if __name__ == "__main__":
    sys.exit(main())
