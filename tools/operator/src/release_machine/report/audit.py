"""The audit of the release: people and causes first, the functions that recorded them last."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from release_core.domain.execution import Change
from release_core.domain.history import AuditEntry
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.deployment.deployment import FUNCTIONS
from release_machine.release.approvals import with_names
from release_machine.release.record import entries
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.parts import Column, arn, in_full, moment, name_of, table

MOST_LINES_UNFOLDED, MOST_NAMES = 60, 3
COLUMNS = (
    Column("Time (UTC)"),
    Column("What happened", "wide"),
    Column("Pipeline", "of"),
    Column("Recorded by", "by"),
)
_SHORT = "What people did, and what did not succeed"
_CODEPIPELINE = "CodePipeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line; ``person`` is who did it, ``by`` what recorded it.

    ``told`` is the change that CodePipeline reported.
    """

    at: datetime
    pipelines: tuple[str, ...]
    what: str
    turned: str | None = None
    person: str | None = None
    by: str | None = None
    matters: bool = False
    told: Change | None = None


def _order(line: _Line) -> tuple[object, ...]:
    """By time; CodePipeline reports whole seconds, so its lines come last in their second.

    Events may arrive in any order: in one second, an end comes after what led to it.
    """
    second = line.at.replace(microsecond=0)
    if line.told is None:
        return second, False, line.at
    return second, True, line.told.attempt, line.at, line.told.state.ended


def audit(release: Release) -> Content:
    """The audit by time, with the state changes of the executions.

    Of a long audit, what people did and what went wrong stands alone, and the rest is folded.
    """
    lines = list(_together(sorted(_lines(release), key=_order)))
    if not lines:
        return None
    people = _people(lines)
    if len(lines) <= MOST_LINES_UNFOLDED:
        return [_table("Audit trail", lines, key="audit-line"), people]
    short = [line for line in lines if line.person or line.matters]
    summary = element("summary", f"All {len(lines)} entries")
    return [
        element("p", f"{_SHORT}:", class_="note in-short"),
        _table(_SHORT, short, key="audit-short", kind="audit in-short"),
        element("details", summary, _table("Audit trail", lines, key="audit-line"), id="audit-all"),
        people,
    ]


def function_of(who: str) -> str | None:
    """The name of a function of the release machine, without its deployment; None for others."""
    names = (name.replace("_", "-") for name in FUNCTIONS)
    return next((name for name in names if f"-{who}".endswith(f"-{name}")), None)


def _table(caption: str, lines: Sequence[_Line], *, key: str, kind: str = "audit") -> Markup:
    rows = [
        [moment(line.at), _what(line, f"{key}-{at}"), _which(line), _by(line)]
        for at, line in enumerate(lines)
    ]
    marks = ["by-person" if line.person else None for line in lines]
    return table(caption, COLUMNS, rows, marks=marks, kind=kind)


def _what(line: _Line, key: str) -> Content:
    return [
        [name_of(line.person), " "] if line.person else None,
        in_full(line.what, key=key),
        element("small", line.turned) if line.turned else None,
    ]


def _which(line: _Line) -> Content:
    if len(line.pipelines) > MOST_NAMES:
        return f"{len(line.pipelines)} pipelines"
    return isolated(", ".join(line.pipelines))


def _by(line: _Line) -> Content:
    return element("small", line.by) if line.by else None


def _people(lines: Sequence[_Line]) -> Markup | None:
    """The whole ARN of each person, once."""
    arns = dict.fromkeys(
        line.person for line in lines if line.person and line.person.startswith("arn:")
    )
    if not arns:
        return None
    items = [element("li", name_of(each), " is ", arn(each)) for each in arns]
    return element("ul", items, class_="people", aria_label="People")


def _lines(release: Release) -> Iterator[_Line]:
    for name, entry in entries(release):
        yield _audited(entry, name)
    for pipeline in release.pipelines.values():
        for change in pipeline.changes:
            yield _changed(change, pipeline)


def _audited(entry: AuditEntry, pipeline: str) -> _Line:
    moved = entry.before != entry.after
    function = function_of(entry.who)
    return _Line(
        at=entry.at,
        pipelines=(pipeline,) if pipeline else (),
        what=with_names(entry.what),
        turned=" → ".join(part for part in (entry.before, entry.after) if part and moved) or None,
        person=None if function else entry.who,
        by=function,
        matters=not pipeline or (moved and _is_bad(entry.after)),
    )


def _is_bad(status: str | None) -> bool:
    return status in {each.value for each in PipelineStatus if each.broken}


def _changed(change: Change, pipeline: Pipeline) -> _Line:
    again = f", attempt {change.attempt}" if change.attempt > 1 else ""
    note = f": {change.note}" if change.note else ""
    seen = ", found by a look" if change.source == "look" else ""
    return _Line(
        at=change.at,
        told=change,
        pipelines=(pipeline.name,),
        what=f"execution {change.state}{again}{note}",
        by=f"{_CODEPIPELINE}{seen}",
    )


def _together(lines: Sequence[_Line]) -> Iterator[_Line]:
    """The lines; the same routine of several pipelines in the same second is one line."""
    for _, alike in groupby(lines, key=_occasion):
        found = list(alike)
        if len(found) > 1 and _is_routine(found[0]):
            names = dict.fromkeys(name for line in found for name in line.pipelines)
            yield replace(found[0], pipelines=tuple(names))
        else:
            yield from found


def _occasion(line: _Line) -> tuple[object, ...]:
    return _is_routine(line), line.at.replace(microsecond=0), line.what, line.turned, line.by


def _is_routine(line: _Line) -> bool:
    return not (line.person or line.matters)
