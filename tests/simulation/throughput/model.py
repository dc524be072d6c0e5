"""Releases under the quotas of one account and Region, as a loop over the next event.

No clock and no I/O: the time is a number of seconds, and everything random comes from a seed.
"""

from collections import defaultdict, deque
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heappop, heappush
from itertools import batched, count
from random import Random

from release_core.decide.timing import START_PACE, THROTTLED_PATIENCE, pause_until_turn
from tests.simulation.throughput import quotas as one
from tests.simulation.throughput.quotas import Limits, Name, Quota


class Bucket:
    """Tokens that refill up to a burst. Requests are served in the order in which they come."""

    def __init__(self, quota: Quota) -> None:
        """A full bucket at the time 0."""
        self._quota = quota
        self._tokens = quota.burst
        self._at = 0.0

    def reserve(self, now: float, tokens: float) -> float:
        """Take tokens, also future ones; return the time at which all of them are there."""
        self._refill(now)
        self._tokens -= tokens
        return now + max(0.0, -self._tokens) / self._quota.per_second

    def take_one(self, now: float) -> bool:
        """Take a token if there is one now."""
        self._refill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _refill(self, now: float) -> None:
        gained = (now - self._at) * self._quota.per_second
        self._tokens = min(self._quota.burst, self._tokens + gained)
        self._at = now


type Process = Iterator["float | Slots"]
"""Yields the time at which it continues, or the slots of which it needs one."""


@dataclass
class Slots:
    """Slots, and the processes that wait for one, each with the time at which it came.

    ``longest`` is the longest that a process has waited.
    """

    name: Name
    free: int
    longest: float = 0.0
    line: deque[tuple[float, Process]] = field(default_factory=deque)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is released at the same time in one account and Region: one release per deployment."""

    pipelines: int
    deployments: int = 1
    minutes: float = 10.0  # that a pipeline runs, on average

    @property
    def releases(self) -> list[int]:
        """The number of pipelines of each release; they differ by one at most."""
        each, more = divmod(self.pipelines, self.deployments)
        return [each + (number < more) for number in range(self.deployments)]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Seconds until all releases were opened, all pipelines started, and all releases closed.

    ``refused`` counts starts that CodePipeline throttled. ``waited`` has the seconds that all
    pipelines together waited for each quota. ``for_function`` is the longest that one invocation
    waited for Lambda's concurrency.
    """

    opened: float
    started: float
    closed: float
    refused: int
    not_started: int
    for_function: float
    waited: Mapping[Name, float]

    @property
    def bottleneck(self) -> tuple[Name, float] | None:
        """The quota with the longest wait, and its share of all waiting."""
        total = sum(self.waited.values())
        if not total:
            return None
        name = max(self.waited, key=lambda each: self.waited[each])
        return name, self.waited[name] / total


def simulate(load: Load, limits: Limits, *, seed: int = 1) -> Outcome:
    """Release all pipelines of the load at the time 0."""
    region = _Region(load, limits, seed)
    region.run()
    return Outcome(
        opened=region.opened,
        started=region.started,
        closed=region.now,
        refused=region.refused,
        not_started=region.not_started,
        for_function=region.functions.longest,
        waited=dict(region.waited),
    )


class _Release:
    """What a release does not share: buckets, slots, and the turns of its deployment."""

    def __init__(self, key: str, pipelines: int, limits: Limits) -> None:
        self.key = key
        self.pipelines = self.left = pipelines
        self.buckets = _buckets(limits, of_release=True)
        self.slots = Slots(Name.SLOT, limits.max_concurrency or pipelines)
        self.patience = THROTTLED_PATIENCE.total_seconds()
        self._last_turn = 0.0

    def next_turn(self, now: float, refusals: int, key: str) -> float:
        """When a throttled start is tried again, as in release_core/apply/starts.py."""
        self._last_turn = max(self._last_turn, now) + START_PACE.total_seconds()
        turn = timedelta(seconds=self._last_turn - now)
        return now + pause_until_turn(turn, refusals, key=key).total_seconds()


class _Region:
    def __init__(self, load: Load, limits: Limits, seed: int) -> None:
        self.now = self.opened = self.started = 0.0
        self.refused = self.not_started = 0
        self.waited = defaultdict[Name, float](float)
        self._mean_seconds = load.minutes * 60
        self._shared = _buckets(limits, of_release=False)
        self.functions = Slots(Name.FUNCTION, limits.functions)
        self._order = count()
        self._due: list[tuple[float, int, Process]] = []
        for number, pipelines in enumerate(load.releases):
            release = _Release(f"{seed} {number}", pipelines, limits)
            self._continue_at(0.0, self._open(release))

    def run(self) -> None:
        """Continue the process that is due next, until all have ended."""
        while self._due:
            self.now, _, process = heappop(self._due)
            self._continue(process)

    def _continue(self, process: Process) -> None:
        for wanted in process:
            if not isinstance(wanted, Slots):
                if wanted > self.now:
                    self._continue_at(wanted, process)
                    return
            elif wanted.free:
                wanted.free -= 1
            else:
                wanted.line.append((self.now, process))
                return

    def _continue_at(self, time: float, process: Process) -> None:
        heappush(self._due, (time, next(self._order), process))

    def _leave(self, slots: Slots) -> None:
        if not slots.line:
            slots.free += 1
            return
        since, process = slots.line.popleft()
        waited = self.now - since
        slots.longest = max(slots.longest, waited)
        self.waited[slots.name] += waited
        self._continue_at(self.now, process)

    def _take(self, name: Name, tokens: float = 1, *, of: _Release | None = None) -> float:
        buckets = of.buckets if of else self._shared
        time = buckets[name].reserve(self.now, tokens)
        self.waited[name] += time - self.now
        return time

    def _open(self, release: _Release) -> Process:
        for looks in batched(range(release.pipelines), one.LOOKS_AT_ONCE, strict=False):
            yield self._take(Name.LOOK, len(looks) * one.OPENING_LOOKS)
            yield self.now + one.LOOK_SECONDS
        written = release.pipelines * one.OPENING_WRITES * one.WRITE_UNITS
        yield self._take(Name.WRITE, written, of=release)
        self.opened = self.now
        for number in range(release.pipelines):
            self._continue_at(self.now, self._pipeline(release, f"{release.key} {number}"))

    def _pipeline(self, release: _Release, key: str) -> Process:
        yield self._take(Name.CHILD, of=release)
        yield self._take(Name.EXECUTION)
        yield self._take(Name.TRANSITION, one.BEGIN_TRANSITIONS)
        yield release.slots
        if (yield from self._start(release, key)):
            self.started = self.now
            factor = Random(key).uniform(0.5, 1.5)  # noqa: S311  # not a secret
            yield self.now + self._mean_seconds * factor
            yield from self._end(release)
        else:
            self.not_started += 1
        self._leave(release.slots)
        yield self._take(Name.TRANSITION, one.END_TRANSITIONS)
        release.left -= 1
        if not release.left:
            yield self._take(Name.READ, release.pipelines * one.READ_UNITS, of=release)

    def _start(self, release: _Release, key: str) -> Generator[float | Slots, None, bool]:
        """Returns whether CodePipeline took the start before patience ended."""
        began = self.now
        for refusals in count():
            yield self.functions
            yield self._take(Name.READ, one.BEGIN_READS * one.READ_UNITS, of=release)
            yield self._take(Name.WRITE, one.BEGIN_WRITES * one.WRITE_UNITS, of=release)
            yield self.now + one.BEGIN_SECONDS
            if not refusals:
                began = self.now
            if self._shared[Name.START].take_one(self.now):
                break
            self.refused += 1
            self._leave(self.functions)
            if self.now - began >= release.patience:
                return False
            yield self._take(Name.TOKEN)
            yield self._take(Name.TRANSITION, one.AGAIN_TRANSITIONS)
            turn = release.next_turn(self.now, refusals, key)
            self.waited[Name.START] += turn - self.now
            yield turn
        self._leave(self.functions)
        return True

    def _end(self, release: _Release) -> Process:
        yield self._take(Name.EVENT, one.STATE_EVENTS)
        yield self.functions
        yield self._take(Name.LOOK, one.END_LOOKS)
        yield self._take(Name.READ, one.END_READS * one.READ_UNITS, of=release)
        yield self._take(Name.WRITE, one.END_WRITES * one.WRITE_UNITS, of=release)
        yield self._take(Name.TOKEN)
        yield self.now + one.END_SECONDS
        self._leave(self.functions)


def _buckets(limits: Limits, *, of_release: bool) -> dict[Name, Bucket]:
    return {
        name: Bucket(quota)
        for name, quota in limits.quotas.items()
        if quota.of_release == of_release
    }
