"""What a plan would change in a pipeline, as the lines of a diff."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from release_core.clock import from_iso
from release_machine.release.approvals import signer
from release_machine.text.wording import clock_time, short

WIDTH_FOR_REVISIONS = 140
LONGEST_CUT = 16
_BY_HAND = "StartPipelineExecution"
Json = Mapping[str, Any]


def changes_in_short(pipelines: Sequence[Json]) -> str:
    """How many pipelines would change; empty if the plan does not say so."""
    # A dry run of an older deployment says nothing about changes.
    running = [each for each in pipelines if each.get("runs", True) and "changes" in each]
    count = Counter(each["changes"] for each in running)
    told = [
        f"{count[change]} {words if count[change] != 1 else word}"
        for change, word, words in (
            (True, "pipeline changes", "pipelines change"),
            (False, "ships what is live", "ship what is live"),
            (None, "may change", "may change"),
        )
        if count[change]
    ]
    return ", ".join(told)


def change_lines(pipeline: Json, *, width: int) -> Iterator[tuple[str, Text]]:
    """The lines of a pipeline, each with its sign: ``-`` is live, ``+`` would ship, ``=`` is both.

    ``!`` marks a build that was rolled back before.
    """
    whole = width >= WIDTH_FOR_REVISIONS
    sources = pipeline.get("sources", ())
    if len(sources) == 1 and pipeline.get("changes") is False and pipeline.get("live"):
        yield _same(pipeline, sources[0], whole=whole)
        return
    if "live" in pipeline:
        yield " ", Text(_live(pipeline), style="dim")
    for source in sources:
        name = f"{source['actionName']}: " if len(sources) > 1 else ""
        for sign, line in _source(pipeline, source, whole=whole):
            yield sign, Text.assemble((name, "dim"), line, style=line.style)
    if pipeline.get("variables"):
        yield " ", Text(f"with {', '.join(pipeline['variables'])}", style="dim")


def _same(pipeline: Json, source: Json, *, whole: bool) -> tuple[str, Text]:
    """What stays as it is, in one line."""
    revision, _ = _revisions(source, whole=whole)
    runs = pipeline.get("runs", True)
    change = ("no change", pinned(source)) if runs else ("does not run",)
    given = f"with {', '.join(pipeline['variables'])}" if pipeline["variables"] and runs else None
    told = (source.get("currentMessage"), *change, given, _live(pipeline))
    return "=", _with(revision or "", *told, style="dim")


def _live(pipeline: Json) -> str:
    live = pipeline["live"]
    if live is None:
        unknown = pipeline.get("liveUnknown")
        return f"what is live is not known: {unknown}" if unknown else "nothing is live yet"
    return f"live since {clock_time(from_iso(live['since']))}, {_shipper(live)}"


def _shipper(live: Json) -> str:
    """Which release, or who else, shipped what is live."""
    who = f" ({signer(live['by'])})" if live["by"] else ""
    shipped = (
        f"release {live['releaseId']}"
        if live["releaseId"]
        else f"execution {short(live['executionId'])} outside any release"
    )
    if live["restoredBy"]:
        rollback = f"execution {short(live['restoredBy'])} of CodePipeline{who}"
        return f"by {shipped}, restored in one stage by {rollback}"
    if live["releaseId"]:
        return f"by {shipped}{who}"
    kind = "by hand" if live["trigger"] == _BY_HAND else f"by {live['trigger'] or 'somebody'}"
    return f"{kind}{who}, {shipped}"


def _source(pipeline: Json, source: Json, *, whole: bool) -> Iterator[tuple[str, Text]]:
    changes = source.get("changes")
    before, after = _revisions(source, whole=whole)
    message = source.get("currentMessage")
    if not pipeline.get("runs", True):
        if before:
            yield " ", _with(before, message, style="dim")
        return
    if changes is False:
        same = "no change" if pipeline.get("changes") is False else "same revision"
        yield "=", _with(before or "", message, same, pinned(source), style="dim")
        return
    if before:
        yield "-", _with(before, message, style="red")
    yield _would_ship(source, after)


def _would_ship(source: Json, after: str | None) -> tuple[str, Text]:
    if after is None:
        of = f" of {source['newestOf']}" if source.get("newestOf") else ""
        why = source.get("note") or "not looked up"
        return "+", _with(f"newest{of}", f"not known before it runs: {why}", style="yellow")
    made = source.get("madeAt")
    line = (
        after,
        source.get("message"),
        f"by {source['author']}" if source.get("author") else None,
        clock_time(from_iso(made)) if made else None,
        pinned(source),
    )
    if source.get("rolledBack"):
        return "!", _with(*line, "ROLLED BACK BEFORE", style="bold red")
    return "+", _with(*line, style="green")


def pinned(source: Json) -> str:
    """Whether the manifest pins the revision, and to which key."""
    if source["wanted"] is None:
        return "newest"
    key = source.get("wantedKey")  # a dry run of an older deployment has none
    return f"pinned, of {key}" if key else "pinned"


def _with(first: str, *more: str | None, style: str) -> Text:
    return Text("  ".join(filter(None, (first, " · ".join(filter(None, more))))), style=style)


def _revisions(source: Json, *, whole: bool) -> tuple[str | None, str | None]:
    """The live revision, and the revision that would ship; --json has all of a long one."""
    # A dry run of an older deployment has no ships; it knows only pins.
    current, ships = source["current"], source.get("ships") or source["wanted"]
    before, after = _cut(current), _cut(ships)
    if whole or (before == after and current != ships):
        return current, ships
    return before, after


def _cut(revision: str | None) -> str | None:
    return revision if revision is None or len(revision) <= LONGEST_CUT else f"{revision[:12]}…"
