"""Many schedules on all cores: each process explores or draws and returns what it found."""

import gc
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import monotonic

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from tests.simulation.scenarios import Scenario
from tests.simulation.schedules.drawn import run, scenarios
from tests.simulation.schedules.explore import Failed, Found, explore
from tests.simulation.world.functions import functions_on_stage
from tests.simulation.world.uses import SEEN, Use

# The number of choices that are drawn for a schedule; later choices are the most ordinary ones.
CHOICES = 600


@dataclass
class Drawn:
    """The random schedules of one process; `failure` is the shrunk failure."""

    seed: int
    schedules: int = 0
    steps: int = 0
    seconds: float = 0.0
    reached: set[str] = field(default_factory=set)
    uses: set[Use] = field(default_factory=set)
    failure: str = ""
    invariant: str = ""

    def __str__(self) -> str:
        """Return a summary in one line."""
        return (
            f"seed {self.seed}: {self.schedules:,} schedules, {self.steps:,} steps, "
            f"{self.seconds:.1f} s"
        )


def draw(number: int, schedules: int, *, shrinks: bool = True) -> Drawn:
    """Run schedules drawn with this seed until one fails; the failure is then shrunk."""
    drawn = Drawn(number)

    @seed(number)
    @settings(
        max_examples=schedules,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate, *([Phase.shrink] if shrinks else [])],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios(), st.binary(min_size=CHOICES, max_size=CHOICES))
    def holds(scenario: Scenario, choices: bytes) -> None:
        left = iter(choices)
        drawn.schedules += 1
        world = run(scenario, lambda below: next(left, 0) % below)
        drawn.steps += world.steps
        drawn.reached |= world.reached

    began = monotonic()
    with quietly():
        try:
            holds()
        except Failed as failed:
            drawn.failure = f"drawn with seed {number}: {failed}"
            drawn.invariant = failed.violated.invariant
    drawn.seconds = monotonic() - began
    drawn.uses = set(SEEN)
    return drawn


def explore_quietly(scenario: Scenario, most_states: int | None = None) -> Found:
    """Explore a scenario in its own process."""
    with quietly():
        found = explore(scenario, most_states=most_states)
    found.uses = set(SEEN)
    return found


@contextmanager
def quietly() -> Iterator[None]:
    """Run the functions with the scheduler's clients, and without their logs."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    gc.collect()
    gc.disable()  # schedules leave no reference cycles, so collecting them is wasted time
    try:
        with functions_on_stage():
            yield
    finally:
        gc.enable()
        logging.disable(before)


def on_all_cores[Work, Result](
    act: Callable[[Work], Result], work: Iterable[Work]
) -> Iterator[Result]:
    """Do all the work, yielding results as they come; the first error ends it."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        futures: list[Future[Result]] = [pool.submit(act, each) for each in work]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
