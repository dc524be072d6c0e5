"""The audit of the release, and how its earlier attempts ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_core.domain.execution import Change
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.release import Pipeline, Release
from release_machine.deployment.deployment import FUNCTIONS
from release_machine.release.record import entries, past_attempts
from release_machine.release.spans import Schedule
from release_machine.report.charts.gantt import gantt
from release_machine.report.markup import Content, Markup, element, isolated, link
from release_machine.report.parts import Column, execution, in_full, moment, person, table
from release_machine.report.statuses import badge
from release_machine.text import console_links as links

MOST_LINES_UNFOLDED = 60
SECOND = timedelta(seconds=1)
AUDIT = (
    Column("Time (UTC)"),
    Column("Who", "who"),
    Column("What", "wide"),
    Column("Pipeline", "of"),
)
ATTEMPTS = (
    Column("Attempt", "count"),
    Column("Pipeline", "of"),
    Column("Status"),
    Column("Why", "wide"),
    Column("Execution", "mono"),
)


@dataclass(frozen=True, slots=True)
class _Line:
    at: datetime
    after: datetime
    pipeline: str
    who: Content
    what: Content


def audit(release: Release) -> Markup:
    """The audit by time, with the state changes of the executions."""
    lines = sorted(_lines(release), key=lambda line: line.after)
    rows = [[moment(line.at), line.who, line.what, isolated(line.pipeline)] for line in lines]
    drawn = table("Audit trail", AUDIT, rows, kind="audit")
    if len(lines) <= MOST_LINES_UNFOLDED:
        return drawn
    people = sum(not is_function(entry.who) for _, entry in entries(release))
    summary = element("summary", f"All {len(lines)} entries, {people} of them by people")
    return element("details", summary, drawn)


def is_function(who: str) -> bool:
    """Whether it is a function of the release machine, with a deployment's name in front."""
    return any(f"-{who}".endswith(f"-{name.replace('_', '-')}") for name in FUNCTIONS)


def _lines(release: Release) -> Iterator[_Line]:
    for name, entry in entries(release):
        yield _audited(entry, name)
    for pipeline in release.pipelines.values():
        for change in pipeline.changes:
            yield _changed(change, pipeline)


def _audited(entry: AuditEntry, pipeline: str) -> _Line:
    moved = entry.before != entry.after
    turned = " → ".join(part for part in (entry.before, entry.after) if part and moved)
    what = [in_full(entry.what), element("small", turned) if turned else None]
    who = element("code", entry.who) if is_function(entry.who) else person(entry.who)
    return _Line(entry.at, entry.at, pipeline, who, what)


def _changed(change: Change, pipeline: Pipeline) -> _Line:
    again = f", attempt {change.attempt}" if change.attempt > 1 else ""
    note = [": ", isolated(change.note)] if change.note else None
    seen = "found by a look" if change.source == "look" else None
    what = element("p", f"execution {change.state}{again}", note, class_="said")
    shown = [what, element("small", seen) if seen else None]
    # CodePipeline reports whole seconds: entries of the audit in that second come first.
    return _Line(change.at, change.at + SECOND, pipeline.name, "CodePipeline", shown)


def attempts(release: Release, earlier: Sequence[Schedule], *, region: str | None) -> Content:
    """How the earlier attempts of the release and its pipelines ended."""
    ended = past_attempts(release)
    if not ended:
        return None
    rows = [
        [
            str(past.number),
            isolated(name) or "the release",
            badge(past.status),
            in_full(past.why) if past.why else None,
            _execution(name, past, region),
        ]
        for name, past in ended
    ]
    charts = [
        element(
            "details",
            element("summary", f"Timeline of attempt {each.attempt}"),
            gantt(release, each),
        )
        for each in earlier
    ]
    return [charts, table("Earlier attempts", ATTEMPTS, rows)]


def _execution(name: str, past: PastAttempt, region: str | None) -> Content:
    if name or past.execution is None:
        return execution(name, past.execution, region=region)
    page = links.workflow_execution(past.execution, region=region)
    return link(page, isolated(past.execution.rpartition(":")[2]))
