"""All scenarios that are explored exhaustively."""

from dataclasses import replace

from tests.simulation.scenarios import ANY, LARGE, QUICK
from tests.simulation.scenarios_of_attempts import OF_ATTEMPTS

SMALL = LARGE + OF_ATTEMPTS + QUICK

# The same with wider bounds; exploring them takes an hour.
DEEP = tuple(
    replace(
        each, preemptions=(each.preemptions or 0) + 1, most_faults=each.most_faults + 1, faults=ANY
    )
    for each in SMALL
)
