"""The whole simulated world: services, workflows, running functions, and budgets of faults."""

from collections.abc import Iterable
from copy import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.simulation.scenarios import Scenario
from tests.simulation.world.calls import Beginning, Point
from tests.simulation.world.functions import TIMEOUTS, make_program
from tests.simulation.world.hashes import Hashes
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.stores import Fingerprints, Saved, Stores
from tests.simulation.world.workflow import Workflow


class Start(NamedTuple):
    """An execution that one of our functions started."""

    release_id: str
    pipeline: str
    attempt: int
    retried: int
    execution_id: str


class Accepted(NamedTuple):
    """A request that the API has accepted, and when.

    Of a freeze: until when it lasts, and the starts that it named, as RELEASE/PIPELINE.
    """

    request: str
    at: datetime
    until: str = ""
    under_way: frozenset[str] = frozenset()


class SavedWorld(NamedTuple):
    """A state of the world."""

    stores: Saved
    invocations: dict[str, Invocation]
    workflows: dict[str, Workflow]
    budgets: dict[str, int]
    starts: tuple[Start, ...]
    retries: tuple[str, ...]
    resumed: frozenset[str]
    accepted: tuple[Accepted, ...]
    current: str
    waits: int


class World:
    """A state that steps change; saving it is cheap, because its parts are replaced, not changed.

    `starts` are the executions that our functions started, `retries` those that they retried (once
    per retry), `resumed` those that a person retried. `accepted` are the requests to which the API
    has answered 200. `current` is the invocation that acted last,
    and `waits` how often time had to pass because no other step was possible. `reached` and `steps`
    are notes about the schedules and not part of the state.
    """

    def __init__(self, scenario: Scenario, *, explores: bool = True) -> None:
        self._explores = explores
        self.scenario = scenario
        self.stores = Stores(scenario)
        self.invocations: dict[str, Invocation] = {}
        self.workflows: dict[str, Workflow] = {}
        self.budgets: dict[str, int] = {
            **scenario.faults,
            "faults": scenario.most_faults,
            "cancel": scenario.cancels,
            "person": scenario.person_retries,
            "change": scenario.person_changes,
            "delete": scenario.person_deletes,
            "start": scenario.person_starts,
            "ask": len(scenario.requests),
            "answer": scenario.extra_answers,
        }
        if scenario.preemptions is not None:
            self.budgets["preempt"] = scenario.preemptions
        self.starts: tuple[Start, ...] = ()
        self.retries: tuple[str, ...] = ()
        self.resumed: frozenset[str] = frozenset()
        self.accepted: tuple[Accepted, ...] = ()
        self.current = ""
        self.waits = 0
        self.began = self.stores.clock()
        self.reached: set[str] = set()
        self.steps = 0
        self._beginnings: dict[tuple[Any, ...], Point] = {}
        self._hashes = Hashes()
        self._fingerprints = Fingerprints(self._hashes)

    @property
    def handed_in(self) -> int:
        """Return how many manifests of the scenario have been submitted."""
        return sum(each.name[1:].isdigit() for each in self.workflows.values())

    def save(self) -> SavedWorld:
        """Return the state, for restore()."""
        return SavedWorld(
            self.stores.save(),
            dict(self.invocations),
            dict(self.workflows),
            dict(self.budgets),
            self.starts,
            self.retries,
            self.resumed,
            self.accepted,
            self.current,
            self.waits,
        )

    def restore(self, saved: SavedWorld) -> None:
        """Restore a state, any number of times."""
        self.stores.restore(saved.stores)
        self.invocations = dict(saved.invocations)
        self.workflows = dict(saved.workflows)
        self.budgets = dict(saved.budgets)
        self.starts = saved.starts
        self.retries = saved.retries
        self.resumed = saved.resumed
        self.accepted = saved.accepted
        self.current = saved.current
        self.waits = saved.waits

    def fingerprint(self, saved: SavedWorld) -> int:
        """Return a number that is the same for equal states, and almost never for others."""
        return hash(
            (
                self._fingerprints.of(saved.stores),
                frozenset(
                    self._hashes.of(each, Invocation.key) for each in saved.invocations.values()
                ),
                frozenset(saved.workflows.values()),
                frozenset(saved.budgets.items()),
                saved.starts,
                saved.retries,
                saved.resumed,
                saved.accepted,
                self._left_in_the_middle(saved),
                saved.waits,
            )
        )

    def _left_in_the_middle(self, saved: SavedWorld) -> str:
        """Return the invocation whose interruption costs a preemption, if they are limited."""
        bounded = "preempt" in saved.budgets and saved.current in saved.invocations
        return saved.current if bounded and saved.invocations[saved.current].point else ""

    def invoke(self, invocation: Invocation) -> None:
        """Add an invocation that has not begun; it replaces one with the same name."""
        sent = invocation.sent or self.stores.clock()
        self.invocations[invocation.name] = replace(invocation, sent=sent)

    def begun(self, invocation: Invocation) -> Invocation:
        """Return the invocation before its first call."""
        now = self.stores.clock()
        # Two tasks can have the same name and time, and wait for different times.
        key = (
            invocation.name,
            invocation.tries,
            invocation.sent,
            str(invocation.payload),
            now,
        )
        point = self._beginnings.get(key)
        if point is None:
            program = make_program(
                invocation.function, invocation.payload, f"{invocation.name}/{invocation.tries}"
            )
            point = Beginning(program, now, self._hashes if self._explores else None).point()
            self._beginnings[key] = point
        deadline = now + TIMEOUTS[invocation.function]
        return replace(invocation, point=point, deadline=deadline)

    def running(self) -> Iterable[Invocation]:
        """Return the invocations that have begun and not ended."""
        return [each for each in self.invocations.values() if each.point]

    def waiting(self) -> Iterable[Invocation]:
        """Return the invocations that can begin now."""
        now = self.stores.clock()
        return [
            each
            for each in self.invocations.values()
            if not each.point and (each.due is None or each.due <= now)
        ]

    def affords(self, kind: str) -> bool:
        """Whether the budgets allow another fault of that kind."""
        return self.budgets["faults"] > 0 and self.budgets.get(kind, 0) > 0

    def spent(self, kind: str) -> int:
        """Return how many faults of that kind have happened."""
        return self.scenario.faults.get(kind, 0) - self.budgets.get(kind, 0)

    def pay(self, kind: str) -> None:
        """Take the cost of a step from its budget, and from that of all faults if it is one."""
        self.budgets[kind] -= 1
        if kind in self.scenario.faults:
            self.budgets["faults"] -= 1

    def pass_time(self, until: datetime) -> None:
        """Let time pass; after five minutes AWS may have forgotten request tokens."""
        elapsed: timedelta = until - self.stores.clock()
        self.stores.clock.set(until)
        if elapsed > timedelta(minutes=5):
            self.stores.change_codepipeline().forget_requests()
