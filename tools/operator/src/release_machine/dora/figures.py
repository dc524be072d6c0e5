"""DORA's metrics of deployments in a window: pure.

What is not known is None, and never 0. docs/metrics.md has the definitions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from release_core.domain.release import ReleaseKind
from release_machine.dora.deployments import (
    Cause,
    CommitSource,
    Deployment,
    Judged,
    Outcome,
    Window,
    judged,
)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Durations: how many there are, the median, and what 90 of 100 do not exceed."""

    count: int
    median: timedelta
    p90: timedelta

    @classmethod
    def of(cls, durations: Iterable[timedelta]) -> "Spread | None":
        """The spread of these durations; None of none."""
        ordered = sorted(durations)
        if not ordered:
            return None
        # The nearest rank, in whole numbers: 0.9 is none in binary.
        last = ordered[-(-9 * len(ordered) // 10) - 1]
        middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
        return cls(count=len(ordered), median=middle, p90=last)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many of how many."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, kw_only=True)
class LeadTime:
    """Change lead time: from the last commit of what is new, to production.

    ``known`` is for how many of the deployments that shipped a change this is known, and
    ``by_source`` where the times of their commits come from.
    """

    spread: Spread | None
    known: Rate
    by_source: Mapping[CommitSource, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Failed deployment recovery time; ``open`` is how many failures are not repaired yet."""

    spread: Spread | None
    open: int


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week of the window, or a part of one: numbers of deployments, and medians."""

    window: Window
    live: int
    deployments: int
    failed: int
    hotfixes: int
    lead_time: timedelta | None
    recovery_time: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The metrics of one pipeline, or of all pipelines together (``pipeline`` is None).

    ``live`` are the deployments that succeeded, and ``releases`` the number of their releases;
    ``all_releases`` is the number of releases with any deployment, also a failed one. The
    ``rollbacks`` that succeeded are no deployments, and neither are runs that were ``harmless``. Of
    the ``unknown`` it is not known whether they changed production.
    """

    pipeline: str | None
    live: int
    per_day: float
    releases: int
    all_releases: int
    lead_time: LeadTime
    change_fail_rate: Rate
    failed_by: Mapping[Cause, int]
    recovery: Recovery
    rework_rate: Rate
    rollbacks: int
    harmless: int
    unknown: int
    weeks: tuple[Week, ...]


@dataclass(frozen=True, kw_only=True)
class Dora:
    """The metrics of all pipelines together, and of each, in the order of their names."""

    window: Window
    all: Figures
    pipelines: tuple[Figures, ...]


def figures(runs: Iterable[Deployment], window: Window) -> Dora:
    """The metrics of the runs that ended in the window.

    Runs before and after it say more about those in it: a later rollback makes one a failure.
    """
    ordered = sorted(runs, key=lambda each: each.pipeline)
    by_pipeline = {
        name: tuple(group) for name, group in groupby(ordered, key=lambda each: each.pipeline)
    }
    all_judged = {name: judged(group) for name, group in by_pipeline.items()}
    of_each = (
        _figures(name, all_judged[name], group, window) for name, group in by_pipeline.items()
    )
    return Dora(
        window=window,
        all=_figures(
            None, [each for some in all_judged.values() for each in some], ordered, window
        ),
        pipelines=tuple(each for each in of_each if _has_run(each)),
    )


def _has_run(found: Figures) -> bool:
    runs = (found.change_fail_rate.of, found.rollbacks, found.harmless, found.unknown)
    return any(runs)


def _figures(
    pipeline: str | None, known: Sequence[Judged], runs: Sequence[Deployment], window: Window
) -> Figures:
    within = [each for each in known if each.deployment.ended_at in window]
    others = [each for each in runs if each.ended_at in window and not each.counts]
    live = _live(within)
    causes = Counter(each.cause for each in within if each.cause)
    return Figures(
        pipeline=pipeline,
        live=len(live),
        per_day=len(live) / window.days,
        releases=len({each.release_id for each in live}),
        all_releases=len({each.deployment.release_id for each in within}),
        lead_time=_lead_time(live),
        change_fail_rate=Rate(count=causes.total(), of=len(within)),
        failed_by={cause: causes[cause] for cause in Cause if causes[cause]},
        recovery=_recovery(within),
        rework_rate=Rate(count=_hotfixes(within), of=len(within)),
        rollbacks=sum(each.rolls_back is not None and _is(each, Outcome.LIVE) for each in others),
        harmless=sum(_is(each, Outcome.HARMLESS) for each in others),
        unknown=sum(_is(each, Outcome.UNKNOWN) for each in others),
        weeks=tuple(_week(within, week) for week in window.weeks()),
    )


def _is(run: Deployment, outcome: Outcome) -> bool:
    return run.outcome is outcome


def _live(known: Iterable[Judged]) -> list[Deployment]:
    return [each.deployment for each in known if _is(each.deployment, Outcome.LIVE)]


def _hotfixes(known: Iterable[Judged]) -> int:
    return sum(each.deployment.kind is ReleaseKind.HOTFIX for each in known)


def _lead_time(live: Sequence[Deployment]) -> LeadTime:
    changes = [each for each in live if each.is_change]
    timed = [each for each in changes if each.lead_time is not None]
    sources = Counter(each.commit.source for each in timed if each.commit)
    return LeadTime(
        spread=Spread.of(each.lead_time for each in timed if each.lead_time is not None),
        known=Rate(count=len(timed), of=len(changes)),
        by_source={source: sources[source] for source in CommitSource if sources[source]},
    )


def _recovery(known: Sequence[Judged]) -> Recovery:
    failed = [each for each in known if each.cause]
    times = [each.repaired_after for each in failed if each.repaired_after is not None]
    return Recovery(spread=Spread.of(times), open=len(failed) - len(times))


def _week(known: Sequence[Judged], week: Window) -> Week:
    within = [each for each in known if each.deployment.ended_at in week]
    live = _live(within)
    lead_time, recovery = _lead_time(live).spread, _recovery(within).spread
    return Week(
        window=week,
        live=len(live),
        deployments=len(within),
        failed=sum(each.cause is not None for each in within),
        hotfixes=_hotfixes(within),
        lead_time=lead_time.median if lead_time else None,
        recovery_time=recovery.median if recovery else None,
    )
