"""The pipelines of a release, one row each, and the commands that let them continue."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from release_core.domain.order import depths
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.approvals import for_people, is_asked, votes
from release_machine.release.model import Activity
from release_machine.release.phrases import answers, counted, edited, retries_used, skips
from release_machine.release.situation import stopping, succeeded_later, time_left, waits_for
from release_machine.release.ways_out import Detail, ways_out
from release_machine.text.fitting import ELLIPSIS
from release_machine.text.wording import (
    colored_status,
    day_of,
    duration,
    lasting,
    left,
    minute_of_day,
    short,
)
from release_machine.views.rows import Column, Row, Rows

# A narrower terminal shows no execution ids, to leave room for what happens.
WIDTH_FOR_IDS = 100
# A narrower terminal shows no usual durations, so that names have room.
WIDTH_FOR_USUAL = 80
CELLS_OF_A_MOMENT = 25
DEEPEST_INDENT = 5
CELLS_OF_STATUS, CELLS_OF_TIME, CELLS_OF_USUAL = 11, 5, 6
MOST_CELLS_KEPT_FOR_NOW = 40
MOST_OF_A_MESSAGE = 200
_QUIET = {PipelineStatus.WAITING: 1, PipelineStatus.SKIPPED: 2, PipelineStatus.SUCCEEDED: 3}


def pipeline_table(
    release: Release,
    *,
    now: datetime,
    activity: Mapping[str, Activity],
    width: int,
    usual: Mapping[str, timedelta] | None = None,
    room: int | None = None,
    detail: Detail = "full",
) -> RenderableType:
    """Draw one row per pipeline, in the order in which they run, indented below dependencies.

    With ``room`` for fewer rows, pipelines that succeeded or wait are only counted; approvals that
    are asked come first. ``usual`` adds a column if there is room; it may still be empty.
    """
    shown = _that_fit([*release.pipelines.values()], room=room)
    columns = [
        Column(title="PIPELINE", folds=True),
        Column(title="STATUS", least=CELLS_OF_STATUS),
        Column(title="TIME", right=True, least=CELLS_OF_TIME),
    ]
    with_usual = usual is not None and width >= WIDTH_FOR_USUAL
    with_ids = width >= WIDTH_FOR_IDS
    if with_usual:
        columns.append(Column(title="USUAL", right=True, style="dim", least=CELLS_OF_USUAL))
    if with_ids:
        columns.append(Column(title="EXECUTION"))
    depth = depths(release.pipelines.values())
    rows = []
    for pipeline in shown:
        usually = (usual or {}).get(pipeline.name)
        cells = [
            Text(pipeline.name),
            colored_status(pipeline.status),
            _time(pipeline, now=now, usual=usually),
            *([Text(_usual(usually))] if with_usual else []),
            *([Text(short(pipeline.execution_id))] if with_ids else []),
        ]
        facts = [*_facts(release, pipeline, activity.get(pipeline.name), now=now)]
        indent = 2 * min(depth[pipeline.name], DEEPEST_INDENT)
        rows.append(Row(cells=cells, facts=facts, indent=indent))
    # A third of a terminal shows what happens; a pipe has room for whole names.
    for_now = max(CELLS_OF_A_MOMENT + 1, min(width // 3, MOST_CELLS_KEPT_FOR_NOW))
    parts: list[RenderableType] = [Rows(columns, rows, facts="NOW", room=for_now)]
    drawn = {pipeline.name for pipeline in shown}
    hidden = [pipeline for pipeline in release.pipelines.values() if pipeline.name not in drawn]
    if hidden:
        parts.append(Text(f"and {len(hidden)} more: {counted(hidden)}", style="dim"))
    parts += ways_out(release, shown, activity, width=width, detail=detail)
    return Group(*parts)


def needs_a_look(pipeline: Pipeline) -> bool:
    """Whether the row of a pipeline is hidden only when there is no other row to hide."""
    return pipeline.status not in _QUIET


def _that_fit(pipelines: Sequence[Pipeline], *, room: int | None) -> Sequence[Pipeline]:
    if room is None or len(pipelines) <= room:
        return pipelines

    def need(pipeline: Pipeline) -> int:
        # What people are asked goes on only when they answer.
        return -1 if is_asked(pipeline) else _QUIET.get(pipeline.status, 0)

    by_need = sorted(pipelines, key=need)
    kept_names = {pipeline.name for pipeline in by_need[: max(1, room)]}
    return [pipeline for pipeline in pipelines if pipeline.name in kept_names]


def _time(pipeline: Pipeline, *, now: datetime, usual: timedelta | None) -> Text:
    """How long the pipeline has run, marked while that is longer than usual."""
    late = (
        pipeline.status is PipelineStatus.RUNNING
        and usual is not None
        and pipeline.started_at is not None
        and now - pipeline.started_at > usual
    )
    return Text(
        duration(pipeline.started_at, pipeline.ended_at or now), style="yellow" if late else ""
    )


def _usual(usual: timedelta | None) -> str:
    return "" if usual is None else f"~{lasting(usual)}"


def doing_lines(activity: Activity, *, now: datetime) -> Iterator[Text]:
    """What a pipeline does and waits for, a line for each fact."""
    if activity.place:
        yield Text(activity.place)
    if activity.waits_for:
        # A line of its own, because the column may be narrow.
        yield Text.assemble(
            (f"waits for {activity.waits_for}", "bold yellow"), _since(activity, now=now)
        )
    if activity.message:
        yield Text(textwrap.shorten(activity.message, MOST_OF_A_MESSAGE, placeholder=ELLIPSIS))
    yield from (Text(note, style="dim") for note in activity.notes)


def _since(activity: Activity, *, now: datetime) -> str:
    since = activity.since
    if since is None:
        return ""
    if now - since < timedelta(days=1):
        return f"{' since' if activity.rules else ', asked at'} {minute_of_day(since)}"
    return f"{' since' if activity.rules else ', asked on'} {day_of(since)}"


def _facts(
    release: Release, pipeline: Pipeline, activity: Activity | None, *, now: datetime
) -> Iterator[Text]:
    waiting, stop = waits_for(release, pipeline), stopping(release, pipeline)
    if waiting:
        yield Text(waiting, style="dim")
    if activity is not None and pipeline.status is PipelineStatus.RUNNING:
        yield from doing_lines(activity, now=now)
    if stop:
        yield Text(for_people(stop), style="yellow")
    remaining = time_left(pipeline, now=now)
    if remaining is not None:
        yield Text(left(remaining), style="dim")
    if pipeline.failure is not None:
        failure = pipeline.failure
        cause = Text(f"{failure.place}: " if failure.place else "")
        skipped = pipeline.status is PipelineStatus.SKIPPED
        cause.append(for_people(failure.reason), style="dim" if skipped else "red")
        yield cause
        if failure.link:
            yield Text(failure.link, style="underline")
    for skip in skips(pipeline):
        yield Text(skip, style="yellow")
    if later := succeeded_later(pipeline):
        yield Text(later, style="green")
    yield from _history(release, pipeline, activity)


def _history(release: Release, pipeline: Pipeline, activity: Activity | None) -> Iterator[Text]:
    edit = edited(pipeline, activity)
    if edit:
        yield Text(edit, style="dim" if pipeline.status.ended else "yellow")
    for answer in (*answers(pipeline), *votes(pipeline)):
        yield Text(answer, style="dim")
    if pipeline.retried:
        yield Text(retries_used(pipeline), style="dim")
    if pipeline.attempt < release.attempt:
        yield Text(f"in attempt {pipeline.attempt}", style="dim")
