"""The timeline of an attempt: a bar for each pipeline, on a time axis in UTC.

Positions are percentages of the width, so the chart fits phones and desktops.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.spans import HANDOVER, Mark, MarkKind, Schedule, Span
from release_machine.report.durations import brief, spelled
from release_machine.report.markup import Content, Markup, element, isolated, joined
from release_machine.report.parts import anchor, failure_anchor
from release_machine.report.statuses import icon, tone, words
from release_machine.text.time_axis import Tick, part, ticks

MOST_TICKS, MOST_TICKS_WITH_SECONDS = 6, 4
LEAST_SHARE, LEAST_SHARE_WITHOUT_LABEL, HALF = 0.004, 0.12, 0.5
ROW, BAR, SIGN = 26, 14, 14
_TOP = (ROW - BAR) // 2
_SIGNS = {
    MarkKind.RETRY: "M0-6 6 0 0 6-6 0z",
    MarkKind.NEW_EXECUTION: "M0-6 6 5-6 5z",
    MarkKind.STOP: "M-4.5-4.5h9v9h-9z",
}


def gantt(release: Release, schedule: Schedule) -> Markup:
    """Draw one attempt."""
    found = _ticks(schedule)
    rows = [
        _row(release.pipelines[span.pipeline], span, schedule, found) for span in schedule.spans
    ]
    return element(
        "figure",
        element("figcaption", _caption(schedule)),
        element("div", _axis(schedule, found), class_="axis"),
        element("ol", rows, class_="gantt"),
        _critical_path(schedule),
        _legend(schedule),
    )


def _caption(schedule: Schedule) -> Content:
    """When the attempt began and was closed: the head of the page has the same duration."""
    begin, end = (each.astimezone(UTC) for each in (schedule.begin, schedule.closed_at))
    until = f"{end:%H:%M:%S}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    is_later = _at(schedule.end) != _at(end) and schedule.end > end
    later = f"; the last pipeline ended at {_at(schedule.end)}" if is_later else ""
    return f"{begin:%Y-%m-%d %H:%M:%S} to {until} UTC, {brief(begin, end)}{later}"


def _ticks(schedule: Schedule) -> Sequence[Tick]:
    """As many ticks as fit on a phone; labels with seconds need more room."""
    found = ticks(schedule.begin, schedule.end, most=MOST_TICKS)
    if any(tick.label.count(":") > 1 for tick in found):
        return ticks(schedule.begin, schedule.end, most=MOST_TICKS_WITH_SECONDS)
    return found


def _axis(schedule: Schedule, found: Sequence[Tick]) -> Markup:
    labels = [
        element("text", tick.label, x=_percent(part(tick.at, schedule.begin, schedule.end)), y=13)
        for tick in found
    ]
    return element("svg", labels, class_="ticks", height=18, aria_hidden="true")


def _row(pipeline: Pipeline, span: Span, schedule: Schedule, found: Sequence[Tick]) -> Markup:
    # A failure leads to its reason.
    failed = _did_not_succeed(span) and span.status.broken
    has_reason = failed and span.status is pipeline.status
    there = failure_anchor(pipeline) if has_reason else anchor(pipeline)
    name = element("a", isolated(span.pipeline), href=f"#{there}")
    time = brief(span.began_at, span.ended_at)
    if span.kept_from:
        time = f"in attempt {span.kept_from}"
    flags = {"critical": span.critical, "idle": not span.began_at, tone(span.status): failed}
    kinds = [kind for kind, is_so in flags.items() if is_so]
    return element(
        "li",
        element("span", icon(span.status), name, class_="name"),
        _bar(span, schedule, found),
        element("span", time or words(span.status), class_="time"),
        class_=" ".join(kinds) or None,
    )


def _bar(span: Span, schedule: Schedule, found: Sequence[Tick]) -> Markup:
    grid = [
        element("line", x1=place, x2=place, y1=0, y2=ROW, class_="grid")
        for tick in found
        for place in (_percent(part(tick.at, schedule.begin, schedule.end)),)
    ]
    description = _description(span)
    return element(
        "svg",
        element("title", description),
        grid,
        list(_drawn(span, schedule)),
        class_=f"bar {tone(span.status)}",
        height=ROW,
        role="img",
        aria_label=description,
    )


def _ready(span: Span, schedule: Schedule) -> float:
    """Until which share of the width a span that began waits for others, dotted."""
    began = part(span.began_at, schedule.begin, schedule.end) if span.began_at else 0.0
    if span.ready_at and span.waited > HANDOVER:
        return min(began, part(span.ready_at, schedule.begin, schedule.end))
    return began


def _drawn(span: Span, schedule: Schedule) -> Iterator[Markup]:
    if span.began_at is None or span.ended_at is None:
        return
    began = part(span.began_at, schedule.begin, schedule.end)
    ended = part(span.ended_at, schedule.begin, schedule.end)
    ready = _ready(span, schedule)
    middle = ROW / 2
    if ready > 0:
        yield _line(0, ready, middle, "waited")
    if ready < began:
        yield _line(ready, began, middle, "held")
    # Wide enough to be seen.
    width = _percent(max(ended - began, LEAST_SHARE))
    box: dict[str, str | float] = {
        "x": _percent(began),
        "y": _TOP,
        "width": width,
        "height": BAR,
        "rx": 3,
    }
    yield element("rect", class_="ran" if span.status.ended else "open", **box)
    if _did_not_succeed(span):
        yield element("rect", fill="url(#hatched)", **box)
    if span.critical:
        yield element("rect", class_="path", **{**box, "y": ROW - 4, "height": 3, "rx": 1})
    for mark in span.marks:
        yield _mark(mark, schedule, middle)
    if _did_not_succeed(span):
        yield _end(span, began, ended)


def _end(span: Span, began: float, ended: float) -> Markup:
    """The sign at the end of a bar that did not succeed; beside a short bar also the word.

    Their size does not depend on the width of the bar, so no failure is too short to be seen.
    """
    sign = element(
        "svg",
        element("circle", r=SIGN / 2 + 1.5, class_="halo"),
        icon(span.status, size=SIGN, x=-SIGN / 2, y=-SIGN / 2),
        x=_percent(ended),
        y=ROW / 2,
        class_="end",
    )
    if ended - began > LEAST_SHARE_WITHOUT_LABEL:
        return sign
    # The word is on the side that has more room.
    is_right = ended < HALF
    label = element(
        "svg",
        element(
            "text",
            words(span.status),
            x=SIGN if is_right else -SIGN,
            y=4,
            text_anchor="start" if is_right else "end",
        ),
        x=_percent(ended if is_right else began),
        y=ROW / 2,
        class_="end",
    )
    return joined([sign, label])


def _line(begin: float, end: float, y: float, kind: str) -> Markup:
    return element("line", x1=_percent(begin), x2=_percent(end), y1=y, y2=y, class_=kind)


def _mark(mark: Mark, schedule: Schedule, middle: float) -> Markup:
    # A path cannot be placed by percentages, but the svg around it can.
    return element(
        "svg",
        element("path", element("title", _at(mark.at), ": ", mark.what), d=_SIGNS[mark.kind]),
        x=_percent(part(mark.at, schedule.begin, schedule.end)),
        y=middle,
        class_="mark",
    )


def _description(span: Span) -> str:
    words = [f"{span.pipeline}: {span.status}"]
    if span.kept_from:
        words.append(f"ran in attempt {span.kept_from}")
    elif span.began_at and span.ended_at:
        time = spelled(span.began_at, span.ended_at)
        until = f"to {_at(span.ended_at)}" if span.status.ended else "until now"
        words.append(f"{_at(span.began_at)} {until}, {time}")
    else:
        words.append("did not start")
    if span.waited > HANDOVER:
        words.append(f"ready {spelled(span.ready_at, span.began_at)} before")
    words += [f"{mark.kind} at {_at(mark.at)}" for mark in span.marks]
    if span.critical:
        words.append("on the critical path")
    return ", ".join(words)


def _critical_path(schedule: Schedule) -> Markup | None:
    path = [span for span in schedule.spans if span.critical]
    if not path:
        return None
    steps: list[Content] = []
    for number, span in enumerate(path):
        steps += [" → "] if number else []
        steps += [
            element("b", isolated(span.pipeline)),
            f" {brief(span.began_at, span.ended_at)}",
        ]
    return element("p", "Critical path, which decided how long it took: ", steps)


def _legend(schedule: Schedule) -> Markup | None:
    drawn = [span for span in schedule.spans if span.began_at]
    signs: list[tuple[Markup, str]] = []
    box = {"x": 1, "y": 3, "width": 22, "height": 10, "rx": 2}
    if any(span.critical for span in drawn):
        signs.append(
            (element("rect", x=1, y=6, width=22, height=3, class_="path"), "critical path")
        )
    if any(map(_did_not_succeed, drawn)):
        hatched = [
            element("rect", class_="ran", **box),
            element("rect", fill="url(#hatched)", **box),
        ]
        signs.append((element("g", hatched, class_="wait"), "did not succeed"))
    if any(_ready(span, schedule) > LEAST_SHARE for span in drawn):
        signs.append((element("line", x1=1, x2=23, y1=8, y2=8, class_="waited"), "waited"))
    if any(span.waited > HANDOVER for span in drawn):
        held = element("line", x1=1, x2=23, y1=8, y2=8, class_="held")
        signs.append((held, "ready, but had to wait for a slot or its start"))
    kinds = {mark.kind for span in drawn for mark in span.marks}
    for kind in sorted(kinds):
        path = element("path", d=_SIGNS[kind], transform="translate(12 8)")
        signs.append((element("g", path, class_="mark"), kind))
    if not all(span.status.ended for span in drawn):
        signs.append((element("rect", class_="open run", **box), "still running, up to now"))
    items = [
        element("li", element("svg", sign, width=24, height=16, aria_hidden="true"), " ", meaning)
        for sign, meaning in signs
    ]
    return element("ul", items, class_="legend", aria_label="Legend") if items else None


def _did_not_succeed(span: Span) -> bool:
    return span.status.ended and span.status is not PipelineStatus.SUCCEEDED


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def _percent(share: float) -> str:
    return f"{100 * share:.3f}".rstrip("0").rstrip(".") + "%"
