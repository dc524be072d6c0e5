"""When each pipeline of a release waited, ran and ended; drawn by the timelines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from release_core.domain.audit_texts import RETRY_CLAIMED, STARTED_OVER, STOP_PLANNED
from release_core.domain.execution import ExecutionState
from release_core.domain.history import AuditEntry
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus

# The time between the end of one pipeline and the start of the next: an event and two functions.
HANDOVER = timedelta(seconds=5)


class MarkKind(StrEnum):
    """A kind of event while a pipeline ran, in the words of a legend."""

    RETRY = "stage retried"
    NEW_EXECUTION = "run again as a new execution"
    STOP = "stop requested"


# The texts of the audit that are marked.
_MARKING = {
    RETRY_CLAIMED: MarkKind.RETRY,
    STARTED_OVER: MarkKind.NEW_EXECUTION,
    STOP_PLANNED: MarkKind.STOP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An event while a pipeline ran, in the words of the audit."""

    at: datetime
    kind: MarkKind
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One pipeline in one attempt; while it runs, ``ended_at`` is the time of the look.

    ``ready_at`` is when its last dependency succeeded, None when that did not happen.
    """

    pipeline: str
    status: PipelineStatus
    position: int
    depends_on: tuple[str, ...] = ()
    ready_at: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    marks: tuple[Mark, ...] = ()
    kept_from: int | None = None
    critical: bool = False

    @property
    def waited(self) -> timedelta:
        """How long the pipeline was ready but did not run: it waited for a slot or its start."""
        if self.ready_at is None or self.began_at is None:
            return timedelta()
        return max(timedelta(), self.began_at - self.ready_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One attempt of a release on its own time axis, in the order in which pipelines began.

    ``closed_at`` is when its outcome was recorded, or the time of the look; the axis goes on to
    its ``end``, because a pipeline that was stopped may end later.
    """

    attempt: int
    begin: datetime
    closed_at: datetime
    end: datetime
    spans: tuple[Span, ...]


def schedules(release: Release, *, at: datetime) -> tuple[Schedule, ...]:
    """Every attempt whose times are known, the latest last, as of ``at``."""
    if not release.pipelines:
        return ()
    found = []
    for attempt, (begin, end) in sorted(_windows(release, at=at).items()):
        spans = (_span(pipeline, attempt, at=at) for pipeline in release.pipelines.values())
        known = [span for span in spans if span is not None]
        found.append(_schedule(release, attempt, begin, end, known))
    return tuple(found)


def _windows(release: Release, *, at: datetime) -> dict[int, tuple[datetime, datetime]]:
    """Begin and end of each attempt; for earlier attempts they come from the audit."""
    windows: dict[int, tuple[datetime, datetime]] = {}
    began: datetime | None = None
    number = 0
    for entry in release.audit:
        if _turned(entry, ReleaseStatus.RUNNING):
            began, number = entry.at, number + 1
        elif entry.before == ReleaseStatus.RUNNING != entry.after and began is not None:
            windows[number] = (began, entry.at)
    earlier = {each: window for each, window in windows.items() if each < release.attempt}
    return {**earlier, release.attempt: (release.began_at, release.closed_at or at)}


def _schedule(
    release: Release, attempt: int, begin: datetime, end: datetime, spans: Sequence[Span]
) -> Schedule:
    ready = {span.pipeline: span for span in _with_ready_times(spans, begin)}
    last = max([end, *(span.ended_at for span in spans if span.ended_at)])
    decided = all(span.status.ended for span in spans)
    critical = _critical_path(ready, limited=bool(release.max_concurrency)) if decided else ()
    drawn = [replace(span, critical=name in critical) for name, span in ready.items()]
    drawn.sort(key=lambda span: _beginning(span, begin=begin, last=last))
    return Schedule(attempt=attempt, begin=begin, closed_at=end, end=last, spans=tuple(drawn))


def _span(pipeline: Pipeline, attempt: int, *, at: datetime) -> Span | None:
    """The span of the pipeline in that attempt; None when the attempt did not include it."""
    plain = Span(
        pipeline=pipeline.name,
        status=pipeline.status,
        position=pipeline.position,
        depends_on=pipeline.depends_on,
    )
    if pipeline.attempt == attempt:
        lines = _lines_by_attempt(pipeline).get(attempt, ())
        began = pipeline.started_at
        ended = pipeline.ended_at or (began if pipeline.status.ended else at)
        return replace(
            plain,
            began_at=began,
            # CodePipeline reports whole seconds: a quick pipeline may end before its start.
            ended_at=max(began, ended) if began and ended else None,
            marks=_with_resumes(_marks(lines), pipeline),
        )
    if pipeline.attempt < attempt:
        kept = pipeline.status is PipelineStatus.SUCCEEDED
        return replace(plain, kept_from=pipeline.attempt) if kept else plain
    return _past_span(plain, pipeline, attempt)


def _past_span(plain: Span, pipeline: Pipeline, attempt: int) -> Span | None:
    past = [each for each in pipeline.attempts if each.number == attempt]
    if not past:
        return None
    lines = _lines_by_attempt(pipeline).get(attempt, ())
    began = next((line.at for line in lines if _turned(line, PipelineStatus.RUNNING)), None)
    ended = next((line.at for line in reversed(lines) if _ended(line)), None)
    return replace(
        plain,
        status=PipelineStatus(past[0].status),
        began_at=began if ended else None,
        ended_at=ended if began else None,
        marks=_marks(lines),
    )


def _lines_by_attempt(pipeline: Pipeline) -> Mapping[int, Sequence[AuditEntry]]:
    """The audit of the pipeline by attempt: an attempt begins when the pipeline waits again."""
    chapters: list[list[AuditEntry]] = [[]]
    for line in pipeline.audit:
        if line.after == PipelineStatus.WAITING and line.before is not None:
            chapters.append([])
        chapters[-1].append(line)
    numbers = [*(past.number for past in pipeline.attempts), pipeline.attempt]
    return dict(zip(reversed(numbers), reversed(chapters), strict=False))


def _turned(line: AuditEntry, status: str) -> bool:
    return line.after == status and line.before != status


def _ended(line: AuditEntry) -> bool:
    return line.after is not None and PipelineStatus(line.after).ended


def _marks(lines: Sequence[AuditEntry]) -> tuple[Mark, ...]:
    return tuple(
        Mark(at=line.at, kind=kind, what=line.what)
        for line in lines
        for text, kind in _MARKING.items()
        if text.matches(line.what)
    )


def _with_resumes(marks: tuple[Mark, ...], pipeline: Pipeline) -> tuple[Mark, ...]:
    """The marks with retries as CodePipeline reports them, which include retries in the console."""
    resumes = [
        Mark(at=change.at, kind=MarkKind.RETRY, what=f"execution {change.state}")
        for change in pipeline.changes
        if change.state is ExecutionState.RESUMED
    ]
    if not resumes:
        return marks
    others = [mark for mark in marks if mark.kind is not MarkKind.RETRY]
    return tuple(sorted([*others, *resumes], key=lambda mark: mark.at))


def _with_ready_times(spans: Sequence[Span], begin: datetime) -> Iterator[Span]:
    known = {span.pipeline: span for span in spans}
    for span in spans:
        before = [known[name] for name in span.depends_on if name in known]
        ends = [begin if each.kept_from else each.ended_at for each in before]
        good = all(each.status is PipelineStatus.SUCCEEDED for each in before)
        reached = [end for end in ends if end is not None]
        ready = max([begin, *reached]) if good and len(reached) == len(ends) else None
        yield replace(span, ready_at=None if span.kept_from else ready)


def _critical_path(spans: Mapping[str, Span], *, limited: bool) -> Sequence[str]:
    """The pipelines that decided how long the attempt took, the last one first."""
    ran = {name: span for name, span in spans.items() if span.began_at and span.ended_at}
    path: list[str] = []
    candidates = list(ran.values())
    while candidates:
        last = max(candidates, key=_end_and_order)
        path.append(last.pipeline)
        candidates = [ran[name] for name in last.depends_on if name in ran]
        if limited and last.waited > HANDOVER:
            # It waited for a slot: the pipeline that freed the slot decided, not a dependency.
            candidates = [each for each in ran.values() if _gave_way(each, last)] or candidates
        candidates = [each for each in candidates if each.pipeline not in path]
    return path


def _gave_way(before: Span, after: Span) -> bool:
    if before.ended_at is None or after.began_at is None or before is after:
        return False
    return before.ended_at <= after.began_at


def _end_and_order(span: Span) -> tuple[float, int]:
    return (span.ended_at.timestamp() if span.ended_at else 0.0, -span.position)


def _beginning(span: Span, *, begin: datetime, last: datetime) -> tuple[datetime, datetime, int]:
    began = begin if span.kept_from else span.began_at or last
    return (began, began if span.kept_from else span.ended_at or last, span.position)
