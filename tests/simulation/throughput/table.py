"""The tables of docs/scale.md: the quotas, what is released in which time, and what a setting does.

Accounts and Regions share no quota. So one of them is simulated, and stands for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.simulation.throughput.model import Load, Outcome, simulate
from tests.simulation.throughput.quotas import QUOTAS, Limits, Name

PAGE = Path(__file__).parents[3] / "docs/scale.md"
DEFAULT = Limits()
_END = "<!-- End of the table -->"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A load, the same in each of some accounts and Regions, under these limits."""

    load: Load
    title: str = "as it is"
    regions: int = 1
    limits: Limits = field(default_factory=Limits)


def _spread(pipelines: int, deployments: int, regions: int) -> Case:
    load = Load(pipelines=pipelines // regions, deployments=deployments // regions)
    return Case(load=load, regions=regions)


SIZES = (
    _spread(100, 1, 1),
    _spread(300, 1, 1),
    _spread(1_000, 1, 1),
    _spread(1_000, 10, 1),
    _spread(1_000, 10, 10),
    _spread(2_000, 2, 1),
    _spread(10_000, 10, 10),
    _spread(100_000, 100, 100),
    _spread(100_000, 1_000, 1_000),
)

_BASE = Load(pipelines=1_000)
_TWICE = Load(pipelines=2_000, deployments=2)
_FREE_STARTS = DEFAULT.times(1_000, Name.START)
_FREE_PIPELINES = _FREE_STARTS.times(1_000, Name.LOOK)
_FREE_CHILDREN = _FREE_PIPELINES.times(1_000, Name.CHILD)

CHANGES = (
    Case(load=_BASE),
    Case(load=_BASE, title="twice the starts", limits=DEFAULT.times(2, Name.START)),
    Case(load=_BASE, title="twice the writes of a partition", limits=DEFAULT.times(2, Name.WRITE)),
    Case(load=replace(_BASE, deployments=2), title="two releases"),
    Case(load=Load(pipelines=500), title="half of them in another Region"),
    Case(load=_BASE, title="`maxConcurrency` 20", limits=replace(DEFAULT, max_concurrency=20)),
    Case(load=_BASE, title="`maxConcurrency` 200", limits=replace(DEFAULT, max_concurrency=200)),
    Case(load=_BASE, title="Lambda concurrency 100", limits=replace(DEFAULT, functions=100)),
    Case(load=_BASE, title="Lambda concurrency 25", limits=replace(DEFAULT, functions=25)),
    Case(load=_BASE, title="starts without a limit", limits=_FREE_STARTS),
    Case(load=_BASE, title="reads of CodePipeline, too", limits=_FREE_PIPELINES),
    Case(load=_BASE, title="children of a Map Run, too", limits=_FREE_CHILDREN),
    Case(load=_TWICE, title="2,000 pipelines in two releases"),
    Case(load=replace(_TWICE, deployments=40), title="2,000 pipelines in 40 releases"),
)


def tables(*, seed: int = 1) -> dict[str, str]:
    """The tables in Markdown, by name."""
    return {"quotas": _quotas(), "sizes": _sizes(seed), "changes": _changes(seed)}


def renewed(page: str, found: Mapping[str, str]) -> str:
    """The page with these tables between their marks."""
    for name, table in found.items():
        begin = f"<!-- Table: {name} -->\n"
        before, mark, rest = page.partition(begin)
        if not mark:
            raise LookupError(f"the page has no place for the table {name!r}")
        page = f"{before}{begin}{table}\n{_END}{rest.partition(_END)[2]}"
    return page


def _quotas() -> str:
    by_capacity = sorted(QUOTAS.items(), key=lambda each: each[1].pipelines_a_minute)
    return _table(
        (
            "Quota",
            "Of",
            "A minute",
            "Burst",
            "One pipeline takes",
            "Pipelines a minute",
            "Moved by",
            "Source",
        ),
        (
            (
                name.value,
                "a release" if quota.of_release else "account and Region",
                f"{quota.per_second * 60:,.0f}",
                f"{quota.burst:,.0f}",
                f"{quota.takes:,.0f}",
                f"{quota.pipelines_a_minute:,.0f}",
                quota.moved_by,
                quota.source,
            )
            for name, quota in by_capacity
        ),
    )


def _sizes(seed: int) -> str:
    return _table(
        ("Pipelines", "Deployments", "Accounts and Regions", *_RESULTS),
        (
            (
                f"{case.load.pipelines * case.regions:,}",
                f"{case.load.deployments * case.regions:,}",
                f"{case.regions:,}",
                *_results(case, seed),
            )
            for case in SIZES
        ),
    )


def _changes(seed: int) -> str:
    return _table(("Change", *_RESULTS), ((case.title, *_results(case, seed)) for case in CHANGES))


_RESULTS = (
    "Opened",
    "All started",
    "Closed",
    "Refused starts",
    "Not started",
    "Waits mostly for",
    "Longest wait for a function",
)


def _results(case: Case, seed: int) -> tuple[str, ...]:
    outcome = simulate(case.load, case.limits, seed=seed)
    return (
        _time(outcome.opened),
        _time(outcome.started),
        _time(outcome.closed),
        f"{outcome.refused * case.regions:,}",
        f"{outcome.not_started * case.regions:,}",
        _bottleneck(outcome),
        _time(outcome.for_function),
    )


def _bottleneck(outcome: Outcome) -> str:
    if outcome.bottleneck is None:
        return "nothing"
    name, share = outcome.bottleneck
    return f"{name} ({share:.0%})"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
