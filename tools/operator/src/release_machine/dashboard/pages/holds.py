"""Why something that could run does not, with times for the reader's zone."""

from __future__ import annotations

from datetime import datetime

from release_core.domain.holds import Freeze, Hold, HoldKind
from release_machine.dashboard.pages.pieces import release_link, who
from release_machine.dashboard.pages.times import moment, until
from release_machine.release.busy import HeldUntil, Reason
from release_machine.release.estate import HeldBy
from release_machine.report.markup import Content, Markup, element, isolated


def held(hold: Hold) -> Content:
    """What holds a pipeline that could be started: the reason first."""
    match hold.kind:
        case HoldKind.FREEZE:
            by = [" by ", who(hold.by)] if hold.by else None
            return [isolated(hold.why), " (frozen until ", moment(hold.until), by, ")"]
        case HoldKind.CALENDAR:
            of = [" by calendar ", isolated(hold.scope)]
            return [isolated(hold.why), " (held until ", moment(hold.until), of, ")"]
        case HoldKind.TURN:
            return ["was held, starts in its turn at ", moment(hold.until)]


def held_by(found: HeldBy) -> Content:
    """What keeps a pipeline from being started for a while: the reason first."""
    ends = ["until ", moment(found.until)]
    by = [" by ", who(found.by)] if found.by else None
    about = [{"freeze": "frozen "}.get(found.kind, "held "), ends, by]
    return [isolated(found.why), " (", about, ")"] if found.why else about


def reason(found: Reason) -> Markup:
    """What a release waits for before it is opened."""
    if isinstance(found, HeldUntil):
        words: Content = ["held until ", moment(found.until)]
    else:
        does = "is first reserved for" if found.waits else "is held by"
        words = [isolated(found.pipeline), f" {does} ", release_link(found.release_id)]
    return element("span", words, class_="reason")


def frozen(freeze: Freeze, *, now: datetime) -> Markup:
    """A freeze of the deployment, in a line."""
    what = "all pipelines" if freeze.scope == "*" else freeze.scope
    ends: Content = [until(freeze.until, now), ", ", moment(freeze.until)]
    return element(
        "p",
        element("b", "Frozen: ", isolated(what)),
        ", ",
        isolated(freeze.reason),
        " (ends ",
        ends,
        ", by ",
        who(freeze.by),
        ")",
    )
