"""Exhaustive exploration: every schedule of a scenario, each state once."""

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from tests.simulation.endings import check_end
from tests.simulation.engine import enabled, make_world, take
from tests.simulation.happenings import Violated
from tests.simulation.scenarios import Scenario
from tests.simulation.steps import Step
from tests.simulation.world import SavedWorld, World


@dataclass
class Found:
    """What an exploration covered; `schedules` counts the complete ones, memoised parts included."""

    scenario: str
    states: int = 0
    steps: int = 0
    schedules: int = 0
    seconds: float = 0.0
    longest: int = 0
    reached: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.scenario}: {self.schedules:.3g} schedules, {self.states:,} states, "
            f"{self.steps:,} steps, longest {self.longest}, {self.seconds:.1f} s"
        )


class Failed(AssertionError):
    """A schedule that breaks an invariant, in words and as the choices that lead there."""

    def __init__(self, scenario: Scenario, violated: Violated, path: list[tuple[int, Step]]) -> None:
        choices = ".".join(str(choice) for choice, _ in path)
        steps = "\n".join(f"{n:4} {step}" for n, (_, step) in enumerate(path, start=1))
        super().__init__(
            f"{violated}\n\nin {scenario.name!r}, after these steps:\n{steps}\n\nReplay: "
            f".venv/bin/python -m tests.simulation replay {scenario.name!r} {choices}"
        )
        self.violated = violated
        self.path = path


@dataclass(slots=True)
class _Frame:
    number: int
    saved: SavedWorld
    steps: list[Step]
    at: int = 0
    schedules: int = 0


def explore(scenario: Scenario, *, most_states: int | None = None) -> Found:
    """Explore every schedule of a scenario; raises Failed with the first that breaks a promise."""
    return _Search(scenario, most_states).run()


class _Search:
    def __init__(self, scenario: Scenario, most_states: int | None) -> None:
        self._scenario = scenario
        self._most_states = most_states
        self._world: World = make_world(scenario)
        self._schedules: dict[int, int] = {}  # of the states that are behind us
        self._frames: list[_Frame] = []
        self.found = Found(scenario.name)
        self.kinds: Counter[str] = Counter()

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
        self.found.steps += 1
        try:
            if take(self._world, step):
                self._enter()
        except Violated as violated:
            path = [(frame.at - 1, frame.steps[frame.at - 1]) for frame in self._frames]
            raise Failed(self._scenario, violated, path) from None

    def _enter(self) -> None:
        saved = self._world.save()
        number = self._world.fingerprint(saved)
        known = self._schedules.get(number)
        if known is not None:
            if self._frames:
                self._frames[-1].schedules += known
            return
        steps = enabled(self._world)
        if not steps:
            check_end(self._world)
        if self._most_states and len(self._schedules) >= self._most_states:
            steps = []
        self._frames.append(_Frame(number, saved, steps, schedules=0 if steps else 1))
        self.found.longest = max(self.found.longest, len(self._frames))

    def _leave(self) -> None:
        frame = self._frames.pop()
        self._schedules[frame.number] = frame.schedules
        if self._frames:
            self._frames[-1].schedules += frame.schedules
        else:
            self.found.schedules = frame.schedules
