"""How the earlier attempts of the release and its pipelines ended."""

from collections.abc import Sequence

from release_core.domain.history import PastAttempt
from release_core.domain.release import Release
from release_machine.release.record import past_attempts
from release_machine.release.spans import Schedule
from release_machine.report.charts.gantt import gantt
from release_machine.report.markup import Content, element, isolated, link
from release_machine.report.parts import Column, in_full, short_execution, table
from release_machine.report.statuses import badge
from release_machine.text import console_links as links
from release_machine.text.wording import short

COLUMNS = (
    Column("Attempt", "count"),
    Column("Pipeline", "of"),
    Column("Status", "status"),
    Column("Why", "wide"),
    Column("Execution", "mono"),
)


def attempts(release: Release, earlier: Sequence[Schedule], *, region: str | None) -> Content:
    """One row for each attempt that has ended, after the timelines of the attempts."""
    ended = past_attempts(release)
    if not ended:
        return None
    rows = [
        [
            str(past.number),
            isolated(name) or "the release",
            badge(past.status),
            in_full(past.why, key=f"past-{at}") if past.why else None,
            _execution(name, past, region),
        ]
        for at, (name, past) in enumerate(ended)
    ]
    charts = [
        element(
            "details",
            element("summary", f"Timeline of attempt {each.attempt}"),
            gantt(release, each),
            id=f"timeline-{each.attempt}",
        )
        for each in earlier
    ]
    return [charts, table("Earlier attempts", COLUMNS, rows)]


def _execution(name: str, past: PastAttempt, region: str | None) -> Content:
    if name or past.execution is None:
        return short_execution(name, past.execution, region=region)
    page = links.workflow_execution(past.execution, region=region)
    shown = isolated(short(past.execution.rpartition(":")[2]))
    return link(page, element("span", shown, class_="id", title=past.execution))
