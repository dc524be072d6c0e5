"""A plan drawn with rich, from its JSON document: of the command, or of a dry run."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.clock import from_iso
from release_core.rollback.refusals import listed
from release_machine.text.fitting import fitted
from release_machine.text.printable import printable
from release_machine.text.wording import clock_time, lasting, limit, roughly

WIDTH_FOR_STARTS = 100
WIDTH_FOR_REVISIONS = 140
LONGEST_CUT = 16
_WITH_A_REST = frozenset({"FAILED", "CANCELLED"})
Json: TypeAlias = Mapping[str, Any]


def plan_view(plan: Json, *, width: int, refused: str | None = None) -> RenderableType:
    """Draw what would run, the revisions, and the problems.

    ``refused`` is the reason why a valid plan would still not be started.
    """
    plan = printable(plan)
    title = _title(plan, refused)
    return Group(title, *_facts(plan), Text(""), _table(plan, width=width), *_notes(plan))


def _title(plan: Json, refused: str | None) -> Text:
    label = plan["releaseId"] or "without an id"
    return Text.assemble(
        ("Plan of release ", "bold"), (label, "bold"), "  ", _verdict(plan, refused)
    )


def _verdict(plan: Json, refused: str | None) -> tuple[str, str]:
    if not plan["valid"]:
        return "✘ would not be released", "bold red"
    if refused:
        return f"✘ {refused}", "bold red"
    standing = _standing(plan)
    if standing:
        return f"= already released ({standing['status']}): nothing would run", "yellow"
    return "✔ would be released", "green"


def _standing(plan: Json) -> Json | None:
    # A dry run of an older deployment has no alreadyReleased.
    standing: Json | None = plan.get("alreadyReleased")
    return standing


def _facts(plan: Json) -> Iterator[Text]:
    standing = _standing(plan)
    if standing:
        if standing["rolledBackBy"]:
            yield Text(f"it was rolled back by release {standing['rolledBackBy']}")
        elif standing["status"] in _WITH_A_REST:
            retry = f"release-machine retry {shlex.quote(plan['releaseId'])}"
            yield Text(f"run the rest with: {retry}")
        return
    if plan.get("heldUntil"):  # a dry run of an older deployment has none
        yield Text(
            f"held until {clock_time(from_iso(plan['heldUntil']))}; it starts by itself then"
        )
    seconds = plan["expectedSeconds"]
    if seconds is not None and plan["pipelines"]:
        path = " → ".join(plan["criticalPath"])
        yield Text(f"takes {roughly(timedelta(seconds=seconds))}; critical path: {path}")
    elif plan["pipelines"]:
        # A pipeline without a type could not be read, or the plan was shortened.
        known = [each for each in plan["pipelines"] if each.get("type")]
        new = [each["name"] for each in known if each["usualSeconds"] is None]
        why = f": {new[0]} has no successful run" if new else ""
        yield Text(f"expected duration unknown{why}", style="dim")


def _table(plan: Json, *, width: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("PIPELINE", no_wrap=True)
    room = _room_for_names(width)
    approvals = plan.get("approvals", ())  # a dry run of an older deployment has none
    nodes = _in_order([*plan["pipelines"], *approvals])
    after = [_after(each, room) for each in nodes]
    # Wide enough that no name is broken.
    longest = max((cell_len(word) for each in after for word in each.split()), default=0)
    table.add_column("AFTER", overflow="fold", min_width=longest)
    table.add_column("MODE", no_wrap=True)
    table.add_column("USUAL", no_wrap=True, justify="right")
    if width >= WIDTH_FOR_STARTS:
        table.add_column("STARTS", no_wrap=True, justify="right")
    table.add_column("CURRENT → WANTED", overflow="fold")
    for node, comes_after in zip(nodes, after, strict=True):
        asks = "minApprovals" in node
        starts = node.get("startsAfterSeconds")
        mode = " ".join(filter(None, (node.get("type"), node.get("executionMode"))))
        table.add_row(
            fitted(node["name"], room),
            comes_after,
            "approval" if asks else mode,
            _seconds(node.get("usualSeconds")),
            *([f"+{_seconds(starts)}" if starts is not None else ""] * (width >= WIDTH_FOR_STARTS)),
            Text("\n").join(
                map(Text, _asks(node))
                if asks
                else _revisions(node, whole=width >= WIDTH_FOR_REVISIONS)
            ),
        )
    return table


def _in_order(nodes: Sequence[Json]) -> Sequence[Json]:
    """The pipelines and approvals step by step: each comes after what it depends on."""
    known = {each["name"] for each in nodes}
    waiting, ordered, done = [*nodes], list[Json](), set[str]()
    while waiting:
        ready = [each for each in waiting if known.intersection(each["dependsOn"]) <= done]
        ordered += ready or waiting  # a plan that is not valid may have a cycle
        done = {each["name"] for each in ordered}
        waiting = [each for each in waiting if each["name"] not in done]
    return ordered


def _asks(approval: Json) -> Iterator[str]:
    if approval.get("granted"):
        yield "granted in an earlier attempt"
        return
    needed = approval["minApprovals"]
    eyes = ", with four eyes" if approval["fourEyes"] else ""
    yield f"{'1 person' if needed == 1 else f'{needed} people'}{eyes}"
    if approval["expiresAfterMinutes"] is not None:
        yield f"within {limit(timedelta(minutes=approval['expiresAfterMinutes']))}"
    if approval.get("question"):  # a plan that was too large has none
        yield approval["question"]
    if approval.get("behind"):
        yield f"behind it: {listed(approval['behind'])}"


def _after(pipeline: Json, room: int) -> str:
    return ", ".join(fitted(name, room) for name in pipeline["dependsOn"])


def _room_for_names(width: int) -> int:
    """The room for a name that leaves enough room for revisions."""
    if width < WIDTH_FOR_STARTS:
        return 14
    return 20 if width < WIDTH_FOR_REVISIONS else width


def _revisions(pipeline: Json, *, whole: bool) -> Iterator[Text]:
    sources = pipeline.get("sources", ())
    for source in sources:
        current, wanted = source["current"], source["wanted"]
        newest = wanted is None
        # A dry run of an older deployment has no wantedKey.
        key = source.get("wantedKey")
        shown = (current or "unknown", "newest" if newest else wanted)
        before, after = shown if whole else map(_cut, shown)
        same = wanted is not None and wanted == current
        yield Text.assemble(
            (f"{source['actionName']}: " if len(sources) > 1 else "", "dim"),
            "" if same else f"{before} → ",
            (after, "" if newest or same else "bold"),
            " (same)" if same else "",
            (f" of {key}" if key else "", ""),
        )
    if pipeline.get("variables"):
        yield Text(f"with {', '.join(pipeline['variables'])}", style="dim")


def _cut(revision: str) -> str:
    """The beginning of a long revision; --json has all of it."""
    return revision if len(revision) <= LONGEST_CUT else f"{revision[:12]}…"


def _notes(plan: Json) -> Iterator[RenderableType]:
    warnings = [("", each) for each in plan["warnings"]]
    # Many pipelines may have the same warning.
    named: dict[str, list[str]] = {}
    for pipeline in plan["pipelines"]:
        for each in pipeline["warnings"]:
            named.setdefault(each, []).append(pipeline["name"])
    warnings += [(listed(names), each) for each, names in named.items()]
    if warnings:
        yield _listed("Warnings", warnings, style="yellow")
    if plan["problems"]:
        yield _listed("Problems", [("", each) for each in plan["problems"]], style="red")


def _listed(title: str, lines: Sequence[tuple[str, str]], *, style: str) -> RenderableType:
    drawn = Table.grid(padding=(0, 1))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, says in lines:
        drawn.add_row("-", Text(f"{name}: {says}" if name else says))
    return Group(Text(f"\n{title}", style=f"bold {style}"), drawn)


def _seconds(seconds: int | None) -> str:
    return "" if seconds is None else lasting(timedelta(seconds=seconds))
