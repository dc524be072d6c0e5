"""The pipelines of a release, one row each, and the commands that let them continue."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.domain.order import depths
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.approvals import is_asked, votes
from release_machine.release.model import Activity
from release_machine.release.phrases import answers, counted, edited, retries_used, skips
from release_machine.release.situation import kept, stopping, succeeded_later, time_left, waits_for
from release_machine.release.ways_out import Detail, ways_out
from release_machine.text.fitting import ELLIPSIS, fitted
from release_machine.text.wording import colored_status, duration, lasting, left, short

# A narrower terminal shows no execution ids, to leave room for what happens.
WIDTH_FOR_IDS = 100
# A narrower terminal shows no usual durations, so that no time is broken in two.
WIDTH_FOR_USUAL = 80
CELLS_OF_A_MOMENT = 20
DEEPEST_INDENT = 5
CELLS_OF_STATUS_AND_TIME = 24
CELLS_OF_USUAL = 6
MOST_CELLS_KEPT_FOR_NOW = 40
FEWEST_CELLS_OF_NAME = 15
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
    are asked come first. ``usual`` adds a column if there is room; it may
    still be empty.
    """
    shown = _that_fit([*release.pipelines.values()], room=room)
    with_ids = width >= WIDTH_FOR_IDS
    if width < WIDTH_FOR_USUAL:
        usual = None
    depth = depths(release.pipelines.values())
    for_names = _room_for_names(width, with_ids=with_ids, with_usual=usual is not None)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("PIPELINE", no_wrap=True)
    table.add_column("STATUS", no_wrap=True)
    table.add_column("TIME", no_wrap=True, justify="right")
    if usual is not None:
        table.add_column(
            "USUAL", no_wrap=True, justify="right", style="dim", min_width=CELLS_OF_USUAL
        )
    if with_ids:
        table.add_column("EXECUTION", no_wrap=True)
    table.add_column("NOW", overflow="fold", min_width=CELLS_OF_A_MOMENT)
    for pipeline in shown:
        table.add_row(
            fitted("  " * min(depth[pipeline.name], DEEPEST_INDENT) + pipeline.name, for_names),
            colored_status(pipeline.status),
            _time(pipeline, now=now, usual=(usual or {}).get(pipeline.name)),
            *([_usual(usual.get(pipeline.name))] if usual is not None else []),
            *([short(pipeline.execution_id)] if with_ids else []),
            Text("\n").join(_facts(release, pipeline, activity.get(pipeline.name), now=now)),
        )
    parts: list[RenderableType] = [table]
    drawn = {pipeline.name for pipeline in shown}
    hidden = [pipeline for pipeline in release.pipelines.values() if pipeline.name not in drawn]
    if hidden:
        parts.append(Text(f"and {len(hidden)} more: {counted(hidden)}", style="dim"))
    parts += ways_out(release, shown, activity, width=width, detail=detail)
    return Group(*parts)


def needs_a_look(pipeline: Pipeline) -> bool:
    """Whether the row of a pipeline is hidden only when there is no other row to hide."""
    return pipeline.status not in _QUIET


def _room_for_names(width: int, *, with_ids: bool, with_usual: bool) -> int:
    # A third of a terminal shows what happens; a pipe has room for whole names.
    for_now = max(CELLS_OF_A_MOMENT + 1, min(width // 3, MOST_CELLS_KEPT_FOR_NOW))
    others = CELLS_OF_STATUS_AND_TIME + for_now
    others += 10 if with_ids else 0
    others += CELLS_OF_USUAL + 2 if with_usual else 0
    return max(FEWEST_CELLS_OF_NAME, width - others)


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
    is_today = now - since < timedelta(days=1)
    if activity.rules:
        return f" since {since:%H:%MZ}" if is_today else f" since {since:%F}"
    return f", asked at {since:%H:%MZ}" if is_today else f", asked on {since:%F}"


def _facts(
    release: Release, pipeline: Pipeline, activity: Activity | None, *, now: datetime
) -> Iterator[Text]:
    waiting, stop = waits_for(release, pipeline), stopping(release, pipeline)
    if waiting:
        yield Text(waiting, style="dim")
    if activity is not None and pipeline.status is PipelineStatus.RUNNING:
        yield from doing_lines(activity, now=now)
    if stop:
        yield Text(stop, style="yellow")
    remaining = time_left(pipeline, now=now)
    if remaining is not None:
        yield Text(left(remaining), style="dim")
    if pipeline.failure is not None:
        failure = pipeline.failure
        cause = Text(f"{failure.place}: " if failure.place else "")
        skipped = pipeline.status is PipelineStatus.SKIPPED
        cause.append(failure.reason, style="dim" if skipped else "red")
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
    if kept(release, pipeline):
        yield Text(f"in attempt {pipeline.attempt}", style="dim")
