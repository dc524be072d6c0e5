"""All scenarios that are explored exhaustively."""

from dataclasses import replace

from tests.simulation.scenarios import ANY, LARGE
from tests.simulation.scenarios import QUICK as QUICK_OF_ONE_ATTEMPT
from tests.simulation.scenarios_of_approvals import LARGE_OF_APPROVALS, QUICK_OF_APPROVALS
from tests.simulation.scenarios_of_attempts import LARGE_OF_ATTEMPTS, QUICK_OF_ATTEMPTS
from tests.simulation.scenarios_of_freezes import QUICK_OF_FREEZES
from tests.simulation.scenarios_of_holds import QUICK_OF_HOLDS
from tests.simulation.scenarios_of_order import QUICK_OF_ORDER

# `make test` explores these; `make prove` explores all.
QUICK = (
    QUICK_OF_ONE_ATTEMPT
    + QUICK_OF_ATTEMPTS
    + QUICK_OF_ORDER
    + QUICK_OF_HOLDS
    + QUICK_OF_APPROVALS
    + QUICK_OF_FREEZES
)
SMALL = LARGE + LARGE_OF_ATTEMPTS + LARGE_OF_APPROVALS + QUICK

# The same with wider bounds; exploring them takes an hour.
DEEP = tuple(
    replace(
        each, preemptions=(each.preemptions or 0) + 1, most_faults=each.most_faults + 1, faults=ANY
    )
    for each in SMALL
)
