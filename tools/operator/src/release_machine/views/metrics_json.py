"""DORA's metrics as JSON, with the keys that docs/metrics.md describes. Durations are seconds."""

from datetime import timedelta
from typing import Any

from release_core.clock import to_iso
from release_machine.dora.definitions import COUNTED, MEANINGS, NOT_COUNTED
from release_machine.dora.deployments import Window
from release_machine.dora.figures import Dora, Figures, Rate, Spread, Week

Json = dict[str, Any]


def metrics_document(dora: Dora) -> Json:
    """The metrics; what is not known is null."""
    return {
        **_window(dora.window),
        "meanings": MEANINGS,
        "notes": [COUNTED, NOT_COUNTED],
        "all": _figures(dora.all),
        "pipelines": [{"name": each.pipeline, **_figures(each)} for each in dora.pipelines],
    }


def _figures(found: Figures) -> Json:
    lead_time, recovery = found.lead_time, found.recovery
    return {
        "live": found.live,
        "perDay": round(found.per_day, 3),
        "deployments": found.change_fail_rate.of,
        "releases": found.releases,
        "leadTime": {
            **_spread(lead_time.spread),
            "known": lead_time.known.count,
            "of": lead_time.known.of,
            "bySource": {each.value: count for each, count in lead_time.by_source.items()},
        },
        "changeFailRate": {
            **_rate(found.change_fail_rate),
            "causes": {each.value: count for each, count in found.failed_by.items()},
        },
        "recoveryTime": {**_spread(recovery.spread), "open": recovery.open},
        "reworkRate": _rate(found.rework_rate),
        "rollbacks": found.rollbacks,
        "changedNothing": found.harmless,
        "unknown": found.unknown,
        "weeks": [_week(each) for each in found.weeks],
    }


def _week(week: Week) -> Json:
    return {
        **_window(week.window),
        "live": week.live,
        "deployments": week.deployments,
        "failed": week.failed,
        "hotfixes": week.hotfixes,
        "leadTimeMedian": _seconds(week.lead_time),
        "recoveryTimeMedian": _seconds(week.recovery_time),
    }


def _window(window: Window) -> Json:
    return {"since": to_iso(window.since), "until": to_iso(window.until)}


def _rate(rate: Rate) -> Json:
    share = None if rate.share is None else round(rate.share, 4)
    return {"share": share, "count": rate.count, "of": rate.of}


def _spread(spread: Spread | None) -> Json:
    return {
        "count": spread.count if spread else 0,
        "median": _seconds(spread.median if spread else None),
        "p90": _seconds(spread.p90 if spread else None),
    }


def _seconds(period: timedelta | None) -> int | None:
    return None if period is None else round(period.total_seconds())
