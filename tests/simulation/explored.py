"""All scenarios that are explored exhaustively."""

from dataclasses import replace

from tests.simulation.scenarios import ANY, LARGE
from tests.simulation.scenarios import QUICK as OF_ONE_RELEASE
from tests.simulation.scenarios_of_attempts import OF_ATTEMPTS, OF_THREE_RELEASES

# `make test` explores these; `make prove` explores all.
QUICK = OF_ONE_RELEASE + OF_ATTEMPTS
SMALL = LARGE + OF_THREE_RELEASES + QUICK

# The same with wider bounds; exploring them takes an hour.
DEEP = tuple(
    replace(
        each, preemptions=(each.preemptions or 0) + 1, most_faults=each.most_faults + 1, faults=ANY
    )
    for each in SMALL
)
