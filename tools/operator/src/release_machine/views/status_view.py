"""How the pipelines of a deployment stand, drawn with rich and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from release_core.clock import to_iso
from release_core.domain.holds import Hold, HoldKind
from release_core.domain.release import PipelineStatus, Release, ReleaseKind
from release_core.rollback.refusals import listed
from release_machine.release.approvals import person
from release_machine.release.estate import (
    Estate,
    EstatePipeline,
    HeldBy,
    LastFailure,
    OtherRun,
    Standing,
)
from release_machine.release.holds import held_words
from release_machine.text.wording import (
    brief_time,
    clock_time,
    colored_status,
    duration,
    short,
)
from release_machine.views.about import HOTFIX
from release_machine.views.columns import columns_that_fit
from release_machine.views.json_output import Json, document, part
from release_machine.views.rows import Column, Row, Rows

# What is said about a pipeline stands beside it where this leaves so many cells, otherwise below.
_ROOM_BESIDE = 44
_NEVER_LEFT_OUT = 2
_MOST_WAITING = 5
_REVISION_CELLS = 8
# The id of what is live stands in its column if it is at most so long, otherwise below the row.
_LIVE_CELLS = 24
_COLUMNS = (
    Column(title="PIPELINE", folds=True),
    Column(title="NOW"),
    Column(title="LIVE"),
    Column(title="SINCE"),
    Column(title="BY"),
    Column(title="REVISION"),
)


def status_table(estate: Estate, *, width: int) -> RenderableType:
    """Draw the pipelines, one row each: what it does now, what is live, since when and by whom.

    What has no room in a column is said below its row; nothing is shortened or left out.
    """
    cells = [[_now(each), *_live(each)] for each in estate.pipelines]
    rows = [[Text(each.name), *row] for each, row in zip(estate.pipelines, cells, strict=True)]
    shown = columns_that_fit(_COLUMNS, rows, width=width, kept=_NEVER_LEFT_OUT)
    drawn = [
        Row(cells=row[:shown], facts=[*_facts(each, estate.at), *_rest(each, row, shown)])
        for each, row in zip(estate.pipelines, rows, strict=True)
    ]
    table = Rows(_COLUMNS[:shown], drawn, facts="", room=_ROOM_BESIDE)
    return Group(table, Text(""), Text(_summary(estate.pipelines), style="dim"))


def _now(pipeline: EstatePipeline) -> Text:
    """What a pipeline does now, or how it ended last."""
    node, failure = pipeline.node, pipeline.failure
    stops = bool(pipeline.outside) and all(each.stops for each in pipeline.outside)
    looks = (
        colored_status(node.status) if node and pipeline.runs else None,
        Text("■ STOPPING", style="yellow") if stops else None,
        colored_status(PipelineStatus.RUNNING) if pipeline.outside else None,
        colored_status(failure.status) if failure else None,
        Text("■ HELD", style="yellow") if pipeline.held else None,
        colored_status(PipelineStatus.WAITING) if pipeline.standings else None,
        None if pipeline.exists else Text("deleted", style="dim"),
        Text("? unknown", style="yellow") if pipeline.unread else None,
    )
    return next((each for each in looks if each), Text("idle", style="dim"))


def _live(pipeline: EstatePipeline) -> Iterator[Text]:
    """What is live, since when, by whom, and its revisions."""
    live = pipeline.live
    if live is None:
        yield Text("" if pipeline.unread or not pipeline.exists else "nothing", style="dim")
        yield from (Text(), Text(), Text())
        return
    shipper = _shipper(live.good.release_id or live.good.execution_id, bool(live.good.release_id))
    yield Text(shipper if len(shipper) <= _LIVE_CELLS else "")
    yield Text(brief_time(live.since))
    yield Text(person(live.by or ""))
    yield Text(" ".join(map(_brief, live.revisions.values())))


def _brief(revision: str) -> str:
    """The beginning of a revision, enough to recognise it."""
    return revision.removeprefix("sha256:")[:_REVISION_CELLS]


def _rest(pipeline: EstatePipeline, row: Sequence[Text], shown: int) -> Iterator[Text]:
    """What is live, as far as it has no room in its columns."""
    live = pipeline.live
    shipper = live.good.release_id or "" if live else ""
    words = ("", "", "live: ", "live since ", "shipped by ", "revision ")
    left = [
        f"{word}{cell.plain}"
        for word, cell in list(zip(words, row, strict=True))[shown:]
        if cell.plain
    ]
    long = [f"live: {shipper}"] if len(shipper) > _LIVE_CELLS else []
    if long or left:
        yield Text(", ".join([*long, *left]), style="dim")


def _facts(pipeline: EstatePipeline, now: datetime) -> Iterator[Text]:
    yield from map(Text, _running(pipeline, now))
    if pipeline.failure:
        yield Text(_failed(pipeline.failure), style="red")
    for each in pipeline.held:
        yield Text(_held(each), style="yellow")
    if pipeline.queue:
        names = [each.release_id for each in pipeline.queue]
        more = len(names) - _MOST_WAITING
        also = f", and {more} more" if more > 0 else ""
        yield Text(f"next: {', '.join(names[:_MOST_WAITING])}{also}")
    if pipeline.live:
        if pipeline.live.restored_by:
            execution = short(pipeline.live.restored_by)
            yield Text(f"CodePipeline went back in one stage only (execution {execution})")
        for undone in pipeline.live.undone:
            what = f"{_brief(undone.revision)} of {_shipper(undone.shipped_by, undone.by_release)}"
            yield Text(f"rolled back: {what}, by {_shipper(undone.by, undone.by_release)}")
    if pipeline.unread:
        yield Text(f"not read: {pipeline.unread}", style="yellow")


def _shipper(name: str, is_release: bool) -> str:
    return name if is_release else f"execution {short(name)}"


def _running(pipeline: EstatePipeline, now: datetime) -> Iterator[str]:
    node, release_id = pipeline.node, pipeline.release_id
    if release_id and node is None:
        yield f"in {release_id}, which is being opened"
    elif release_id and node and pipeline.runs:
        took = duration(node.started_at, now)
        yield f"runs in {release_id}{_about(pipeline.holder)}" + (f" for {took}" if took else "")
    elif release_id and node and not node.status.ended and not _is_held(pipeline):
        after = f"after {listed(node.depends_on)}" if node.depends_on else "not started yet"
        yield f"in {release_id}, {after}"
    for each in pipeline.outside:
        yield _other(each, now)


def _about(release: Release | None) -> str:
    """The title of a release in brackets, after the mark of a hotfix."""
    if release is None:
        return ""
    mark = HOTFIX if release.kind is ReleaseKind.HOTFIX else None
    words = ", ".join(each for each in (mark, release.title) if each)
    return f" ({words})" if words else ""


def _is_held(pipeline: EstatePipeline) -> bool:
    """Whether the release that has locked the pipeline is held, which is told with the reason."""
    return any(each.release_id == pipeline.release_id for each in pipeline.held)


def _other(run: OtherRun, now: datetime) -> str:
    where = (
        f"in {run.release_id}, which no longer holds it," if run.release_id else "outside releases"
    )
    by = f", started by {person(run.by)}" if run.by else ""
    does = "stops" if run.stops else "runs"
    took = duration(run.since, now)
    return f"{does} {where} for {took}: execution {short(run.execution_id)}{by}"


def _failed(failure: LastFailure) -> str:
    where = f"in {failure.release_id}" if failure.release_id else "outside releases"
    status = failure.status.value.lower().replace("_", " ")
    said = failure.failure
    why = ": ".join(part for part in (said.place, said.reason) if part) if said else ""
    if not why and failure.execution_id:
        why = f"execution {short(failure.execution_id)}"
    return f"{status} {where} at {clock_time(failure.at)}" + (f": {why}" if why else "")


def _held(held: HeldBy) -> str:
    of = f"{held.release_id}: " if held.release_id else ""
    if held.kind not in {*HoldKind}:
        return f"{of}held until {clock_time(held.until)}"
    hold = Hold(
        kind=HoldKind(held.kind),
        until=held.until,
        why=held.why or "",
        by=held.by,
        scope=held.scope,
    )
    return f"{of}{held_words(hold)}"


def _summary(pipelines: Sequence[EstatePipeline]) -> str:
    counts = Counter(standing for each in pipelines for standing in each.standings)
    told = ", ".join(f"{counts[each]} {each}" for each in Standing if counts[each])
    of_all = "1 pipeline" if len(pipelines) == 1 else f"{len(pipelines)} pipelines"
    return f"{of_all}: {told}" if told else of_all


def estate_document(estate: Estate) -> Json:
    """How the pipelines stand, with the keys that docs/operating.md describes."""
    return {
        "at": to_iso(estate.at),
        "pipelines": [_document(each) for each in estate.pipelines],
        "unread": list(estate.unread),
    }


def _document(pipeline: EstatePipeline) -> Json:
    live, node, failure = pipeline.live, pipeline.node, pipeline.failure
    release = {
        "releaseId": pipeline.release_id,
        **(
            part(pipeline.holder, "title kind")
            if pipeline.holder
            else {"title": None, "kind": None}
        ),
        **(part(node, "status executionId startedAt") if node else {"status": None}),
    }
    return {
        "name": pipeline.name,
        "exists": pipeline.exists,
        "standings": [each.value for each in pipeline.standings],
        "live": {
            **live.as_json(),
            "rolledBack": [
                {"actionName": each.action, "revision": each.revision, **each.as_json()}
                for each in live.undone
            ],
        }
        if live
        else None,
        "release": release if pipeline.release_id else None,
        "otherRuns": [
            part(each, "executionId releaseId since stops by trigger") for each in pipeline.outside
        ],
        "queue": [part(each, "releaseId executionArn since") for each in pipeline.queue],
        "held": [part(each, "kind until why by scope releaseId") for each in pipeline.held],
        "failed": {
            **part(failure, "status at releaseId executionId"),
            "failure": document(failure.failure),
        }
        if failure
        else None,
        "unread": pipeline.unread,
    }
