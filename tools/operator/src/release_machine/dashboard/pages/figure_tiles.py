"""The five metrics as tiles: the number, what it is made of, and its trend by week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from release_machine.dashboard.pages.charts import Bar, bars
from release_machine.dashboard.pages.pieces import plural
from release_machine.dora.definitions import NOTHING, UNKNOWN
from release_machine.dora.deployments import Cause
from release_machine.dora.figures import Figures, Rate, Spread, Week
from release_machine.report.markup import Content, Markup, element

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_CAUSES = {
    Cause.NOT_SUCCEEDED: "did not succeed",
    Cause.ROLLED_BACK: "rolled back",
    Cause.HOTFIX: "followed by a hotfix",
}


def tiles(found: Figures) -> Markup:
    """Deployment frequency, lead time, change fail rate, recovery time and rework rate."""
    return element("div", list(_tiles(found)), class_="tiles", id="tiles")


def _tiles(found: Figures) -> Iterator[Markup]:
    yield _tile(
        "Deployment frequency",
        frequency(found.per_day),
        f"{plural(found.live, 'deployment')} succeeded",
        found.weeks,
        lambda week: (week.deployments, week.failed, plural(week.deployments, "deployment")),
    )
    lead = found.lead_time
    yield _tile(
        "Change lead time",
        median(lead.spread, of=lead.known.of),
        _spread(lead.spread)
        or ("no commit has a known time" if lead.known.of else "no deployment has a change"),
        found.weeks,
        lambda week: _time(week.lead_time),
    )
    yield _tile(
        "Change fail rate",
        percent(found.change_fail_rate.share),
        _causes(found),
        found.weeks,
        lambda week: _share(week.failed, week.deployments),
    )
    recovery = found.recovery
    waiting = f"{recovery.open} not repaired yet" if recovery.open else "all failures repaired"
    yield _tile(
        "Recovery time",
        median(recovery.spread, of=recovery.open),
        ", ".join(filter(None, [_spread(recovery.spread), waiting]))
        if recovery.spread or recovery.open
        else "nothing failed",
        found.weeks,
        lambda week: _time(week.recovery_time),
    )
    yield _tile(
        "Rework rate",
        percent(found.rework_rate.share),
        _of(found.rework_rate, one="hotfix", many="hotfixes"),
        found.weeks,
        lambda week: _share(week.hotfixes, week.deployments),
    )


def _tile(
    title: str,
    number: str,
    about: Content,
    weeks: tuple[Week, ...],
    value: Callable[[Week], tuple[float, float, str]],
) -> Markup:
    weekly = [_bar(each, *value(each)) for each in weeks]
    return element(
        "section",
        element("h2", title),
        element("p", number, class_="figure"),
        element("p", about, class_="aside"),
        bars(weekly, about=f"{title} by week: " + "; ".join(each.words for each in weekly)),
        _ends(weeks),
        class_="tile",
    )


def _ends(weeks: tuple[Week, ...]) -> Markup:
    """The first and the last day below the bars."""
    first, last = weeks[0].window.since, weeks[-1].window.until
    days = [element("span", f"{each.day} {each:%b}") for each in (first, last)]
    return element("p", days, class_="ends", aria_hidden="true")


def _bar(week: Week, value: float, bad: float, words: str) -> Bar:
    return Bar(value=value, bad=bad, words=f"week of {week.window.since:%Y-%m-%d}: {words}")


def _time(period: timedelta | None) -> tuple[float, float, str]:
    if period is None:
        return 0, 0, "none"
    return period.total_seconds(), 0, lasted(period)


def _share(count: int, of: int) -> tuple[float, float, str]:
    share = count / of if of else 0
    return share, share, f"{count} of {of}"


def _spread(spread: Spread | None) -> str | None:
    return f"median; 90th percentile {lasted(spread.p90)}" if spread else None


def _causes(found: Figures) -> str:
    causes = ", ".join(f"{count} {_CAUSES[cause]}" for cause, count in found.failed_by.items())
    return ": ".join(filter(None, [_of(found.change_fail_rate), causes]))


def _of(rate: Rate, *, one: str = "", many: str = "") -> str:
    """How many of how many; ``one`` and ``many`` name what is counted."""
    if not rate.of:
        return "no deployment"
    counted = f"{rate.count} {one if rate.count == 1 else many}".strip()
    return f"{counted} of {plural(rate.of, 'deployment')}"


def frequency(per_day: float) -> str:
    """How often, in the unit in which the number is not below one."""
    if not per_day:
        return "none"
    if per_day >= 1:
        return f"{per_day:.1f} a day"
    if per_day * 7 >= 1:
        return f"{per_day * 7:.1f} a week"
    return f"{per_day * 30:.1f} a month"


def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent; of nothing there is none."""
    return NOTHING if share is None else f"{100 * share:.0f} %"


def median(spread: Spread | None, *, of: int) -> str:
    """The median; without one, ``of`` says of how many it is not known."""
    if spread:
        return lasted(spread.median)
    return UNKNOWN if of else NOTHING


def lasted(period: timedelta) -> str:
    """A period of minutes to weeks, in its two largest units."""
    days, rest = divmod(period, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // timedelta(minutes=1)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else ""]
    if not days:
        parts.append(f"{minutes} min" if minutes else "")
    return " ".join(filter(None, parts)) or "under 1 min"
