"""Exhaustive exploration: every schedule of a scenario, visiting each state once."""

import shlex
from dataclasses import dataclass, field
from time import monotonic

from tests.simulation.promises.endings import check_end
from tests.simulation.scenarios import Scenario
from tests.simulation.schedules.choices import enabled, only_step
from tests.simulation.schedules.engine import make_world, take
from tests.simulation.schedules.steps import Step
from tests.simulation.world.happenings import Violated
from tests.simulation.world.uses import Use
from tests.simulation.world.world import SavedWorld, World


@dataclass
class Found:
    """What an exploration covered.

    `schedules` counts all complete schedules, including those through known states. `ends` counts
    the schedules that were run to their end.
    """

    scenario: str
    states: int = 0
    steps: int = 0
    schedules: int = 0
    seconds: float = 0.0
    longest: int = 0
    ends: int = 0
    reached: set[str] = field(default_factory=set)
    uses: set[Use] = field(default_factory=set)

    def __str__(self) -> str:
        """Return a summary in one line."""
        return (
            f"{self.scenario}: {self.schedules:.3g} schedules, {self.states:,} states, "
            f"{self.steps:,} steps, longest {self.longest}, {self.seconds:.1f} s"
        )


class Failed(AssertionError):
    """A schedule that breaks a promise: its steps in words, and the choices that lead there."""

    def __init__(
        self, scenario: Scenario, violated: Violated, path: list[tuple[int, Step]]
    ) -> None:
        super().__init__(scenario, violated, path)
        self.scenario, self.violated, self.path = scenario, violated, path
        self.ends = 0  # schedules that were run to their end before this one

    def __str__(self) -> str:
        """Return the promise, the steps, and the command that replays them."""
        choices = ".".join(str(choice) for choice, _ in self.path)
        steps = "\n".join(f"{n:4} {step}" for n, (_, step) in enumerate(self.path, start=1))
        scenario = shlex.quote(self.scenario.as_json())
        return (
            f"{self.violated}\n\nin {self.scenario.name!r}, after these steps:\n{steps}\n\nReplay: "
            f".venv/bin/python -m tests.simulation replay {scenario} {choices}"
        )


@dataclass(slots=True)
class _Frame:
    """A state on the path; `chain` has the steps that alone were possible after the last one."""

    number: int
    saved: SavedWorld
    steps: list[Step]
    at: int = 0
    schedules: int = 0
    chain: tuple[Step, ...] = ()


def explore(scenario: Scenario, *, most_states: int | None = None) -> Found:
    """Explore every schedule of a scenario; raises Failed for the first that breaks a promise."""
    return _Search(scenario, most_states).run()


class _Search:
    def __init__(self, scenario: Scenario, most_states: int | None) -> None:
        self._scenario = scenario
        self._most_states = most_states
        self._world: World = make_world(scenario)
        self._schedules: dict[int, int] = {}  # the number of schedules from each finished state
        self._under_way: set[int] = set()
        self._frames: list[_Frame] = []
        self.found = Found(scenario.name)

    def run(self) -> Found:
        began = monotonic()
        self._enter()
        while self._frames:
            frame = self._frames[-1]
            if frame.at == len(frame.steps):
                self._leave()
                continue
            frame.at += 1
            self._world.restore(frame.saved)
            self._take(frame.steps[frame.at - 1])
        self.found.seconds = monotonic() - began
        self.found.states = len(self._schedules)
        self.found.reached = self._world.reached
        return self.found

    def _take(self, step: Step) -> None:
        frame = self._frames[-1]
        frame.chain = ()
        self.found.steps += 1
        try:
            if not take(self._world, step):
                return
            while forced := only_step(self._world):
                frame.chain = (*frame.chain, forced)
                self.found.steps += 1
                take(self._world, forced)
        except Violated as violated:
            raise self._failed(violated) from None
        self._enter()

    def _enter(self) -> None:
        saved = self._world.save()
        number = self._world.fingerprint(saved)
        known = self._schedules.get(number)
        if known is not None:
            if self._frames:
                self._frames[-1].schedules += known
            return
        if number in self._under_way:
            raise self._failed(Violated("nothing_goes_in_circles", "this state was reached before"))
        self._under_way.add(number)
        steps = enabled(self._world)
        if not steps:
            self.found.ends += 1
            self._check_end()
        if self._most_states and len(self._schedules) >= self._most_states:
            steps = []
        self._frames.append(_Frame(number, saved, steps, schedules=0 if steps else 1))
        self.found.longest = max(self.found.longest, len(self._frames))

    def _check_end(self) -> None:
        try:
            check_end(self._world)
        except Violated as violated:
            raise self._failed(violated) from None

    def _failed(self, violated: Violated) -> Failed:
        path: list[tuple[int, Step]] = []
        for frame in self._frames:
            path.append((frame.at - 1, frame.steps[frame.at - 1]))
            path += [(0, step) for step in frame.chain]
        failed = Failed(self._scenario, violated, path)
        failed.ends = self.found.ends
        return failed

    def _leave(self) -> None:
        frame = self._frames.pop()
        self._schedules[frame.number] = frame.schedules
        self._under_way.remove(frame.number)
        if self._frames:
            self._frames[-1].schedules += frame.schedules
        else:
            self.found.schedules = frame.schedules
