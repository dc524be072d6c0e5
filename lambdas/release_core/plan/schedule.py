"""Estimates how long a release takes from the earlier durations of its pipelines: pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from heapq import heappop, heappush
from statistics import median

from release_core.immutable import Immutable

# Enough durations for a median; older ones say little about the present.
_RECENT = 10


class Expected(Immutable):
    """When a pipeline is expected to start and end, both from now on; None where unknown."""

    start: timedelta | None
    end: timedelta | None


class Schedule(Immutable):
    """The estimate for each pipeline; ``end`` is the last end, or None when an end is unknown.

    ``critical_path`` has the pipelines that decide the end, in order; empty without an ``end``.
    """

    pipelines: Mapping[str, Expected]
    end: timedelta | None
    critical_path: tuple[str, ...]


def usual(durations: Sequence[timedelta]) -> timedelta | None:
    """The usual duration of a pipeline: the median of the latest successes, given newest first."""
    if not durations:
        return None
    return timedelta(seconds=median(each.total_seconds() for each in durations[:_RECENT]))


def schedule(
    depends_on: Mapping[str, Collection[str]],
    remaining: Mapping[str, timedelta | None],
    *,
    max_concurrency: int | None = None,
    in_flight: Collection[str] = (),
) -> Schedule:
    """The schedule of pipelines, given in the order in which they would take a free slot.

    ``remaining`` has the time that each pipeline still takes, ``in_flight`` those that run already.
    A dependency that is not one of the pipelines counts as done. Raises ValueError for a cycle.
    """
    after = {
        name: [each for each in before if each in depends_on] for name, before in depends_on.items()
    }
    dependents: dict[str, list[str]] = {name: [] for name in after}
    for name, before in after.items():
        for each in before:
            dependents[each].append(name)
    places = {name: place for place, name in enumerate(after)}
    missing = {name: len(before) for name, before in after.items()}
    ready = [(name not in in_flight, places[name], name) for name in after if not missing[name]]
    ready.sort()
    running: list[tuple[timedelta, int, str]] = []
    starts: dict[str, timedelta] = {}
    ends: dict[str, timedelta] = {}
    caused_by: dict[str, str | None] = {}
    slots = max_concurrency or len(after)
    now, latest = timedelta(), None
    while ready or running:
        while ready and len(running) < slots:
            name = heappop(ready)[-1]
            starts[name], caused_by[name] = now, latest
            heappush(running, (now + (remaining[name] or timedelta()), places[name], name))
        now, _, latest = heappop(running)
        ends[latest] = now
        for dependent in dependents[latest]:
            missing[dependent] -= 1
            if not missing[dependent]:
                heappush(ready, (True, places[dependent], dependent))
    if len(ends) < len(after):
        raise ValueError("the dependencies form a cycle")
    return _known(after, remaining, starts, ends, caused_by)


def _known(
    after: Mapping[str, Sequence[str]],
    remaining: Mapping[str, timedelta | None],
    starts: Mapping[str, timedelta],
    ends: Mapping[str, timedelta],
    caused_by: Mapping[str, str | None],
) -> Schedule:
    """The schedule without the times that depend on an unknown duration."""
    expected: dict[str, Expected] = {}
    unknown: set[str | None] = set()
    for name in sorted(ends, key=lambda each: (starts[each], ends[each])):
        # The start depends on the dependencies and on the pipeline that freed the slot.
        vague = bool(unknown & {*after[name], caused_by[name]})
        if vague or remaining[name] is None:
            unknown.add(name)
        expected[name] = Expected(
            start=None if vague else starts[name], end=None if name in unknown else ends[name]
        )
    path: list[str] = []
    last = max(ends, key=lambda each: ends[each], default=None) if not unknown else None
    while last is not None:
        path.append(last)
        last = caused_by[last]
    return Schedule(
        pipelines=expected,
        end=max(ends.values(), default=timedelta()) if not unknown else None,
        critical_path=tuple(reversed(path)),
    )
