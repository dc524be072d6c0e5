"""Proves the protocol: small releases exhaustively, larger ones in random schedules.

By default this explores the quick scenarios and draws some schedules, which is what `make test`
runs. `make prove` explores all and draws 20,000: SIMULATION_SCENARIOS is quick or all,
SIMULATION_SCHEDULES the number of random schedules, and SIMULATION_SEED the first seed.
"""

import os
from functools import partial

import pytest

from tests.simulation.explored import QUICK, SMALL
from tests.simulation.promises.policies import allowed
from tests.simulation.promises.sometimes import MUST_BE_REACHED
from tests.simulation.schedules.explore import Found
from tests.simulation.schedules.runs import Drawn, draw, explore_quietly, on_all_cores
from tests.simulation.world.functions import TIMEOUTS
from tests.simulation.world.uses import NOT_SIMULATED

SCENARIOS = {"quick": QUICK, "all": SMALL}[os.environ.get("SIMULATION_SCENARIOS", "quick")]
SCHEDULES = int(os.environ.get("SIMULATION_SCHEDULES", "1000"))
SEED = int(os.environ.get("SIMULATION_SEED", "1"))
PORTION = 500  # schedules drawn from one seed


@pytest.fixture(scope="module")
def explored() -> list[Found]:
    """The scenarios, explored within their bounds."""
    return list(on_all_cores(explore_quietly, SCENARIOS))


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    """The random schedules, in portions with their own seeds, up to the first that fails."""
    portions = range(SEED, SEED + max(1, SCHEDULES // PORTION))
    found = []
    for each in on_all_cores(partial(draw, schedules=min(PORTION, SCHEDULES)), portions):
        found.append(each)
        if each.failure:
            break
    return found


def test_small_releases_keep_every_promise_in_all_schedules(
    explored: list[Found], capsys: pytest.CaptureFixture[str]
) -> None:
    """No schedule of a small release, within the bounds, breaks a promise."""
    with capsys.disabled():
        print("", *sorted(map(str, explored)), sep="\n")  # noqa: T201  # the extent of the proof
        schedules = sum(each.schedules for each in explored)
        states = sum(each.states for each in explored)
        print(f"explored: {schedules:.3g} schedules, {states:,} states")  # noqa: T201  # their sum
    assert {each.scenario for each in explored} == {each.name for each in SCENARIOS}
    for each in explored:
        assert each.states > 0
        assert each.schedules >= each.ends > 0


def test_larger_releases_keep_every_promise_in_random_schedules(
    drawn: list[Drawn], capsys: pytest.CaptureFixture[str]
) -> None:
    """No random schedule breaks a promise; one that does is shrunk and shown with its replay."""
    with capsys.disabled():
        print("", *drawn, sep="\n")  # noqa: T201  # the extent of the proof
        schedules = sum(each.schedules for each in drawn)
        print(f"drawn: {schedules:,} schedules, {sum(each.steps for each in drawn):,} steps")  # noqa: T201  # their sum
    for each in drawn:
        assert not each.failure, each.failure
    assert sum(each.schedules for each in drawn) >= SCHEDULES


def test_every_situation_was_reached(explored: list[Found], drawn: list[Drawn]) -> None:
    """Each race and repair that the protocol handles has happened at least once."""
    reached = {what for each in explored for what in each.reached}
    reached |= {what for each in drawn for what in each.reached}
    assert reached >= MUST_BE_REACHED


@pytest.mark.parametrize("function", TIMEOUTS)
def test_policies_allow_exactly_the_simulated_calls(
    function: str, explored: list[Found], drawn: list[Drawn]
) -> None:
    """The IAM policy of each function allows exactly the actions it used, on those resources.

    No emulator enforces IAM: a missing action would first be denied on AWS.
    """
    every = {use for each in explored for use in each.uses} | NOT_SIMULATED
    every |= {use for each in drawn for use in each.uses}
    assert {use for use in every if use.function == function} == allowed(function)
