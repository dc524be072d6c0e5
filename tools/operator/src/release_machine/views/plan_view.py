"""A plan drawn with rich, from its JSON document: of the command, or of a dry run."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_core.clock import from_iso
from release_core.rollback.refusals import listed
from release_machine.release.approvals import for_people
from release_machine.text.printable import printable
from release_machine.text.wording import clock_time, lasting, limit, roughly
from release_machine.views.about import HOTFIX, about_line
from release_machine.views.plan_changes import Json, change_lines, changes_in_short

LONGEST_NAME = 24  # beside it there is room on a narrow terminal
_WITH_A_REST = frozenset({"FAILED", "CANCELLED"})


def plan_view(
    plan: Json, *, width: int, refused: str | None = None, idle: bool = False
) -> RenderableType:
    """Draw what would run and what would change in which order, and the problems.

    ``refused`` is the reason why a valid plan would still not be started. An ``idle`` plan is not
    started because nothing would change.
    """
    plan = printable(plan)
    return Group(
        _title(plan, refused, idle=idle),
        # A dry run of an older deployment has no title.
        *about_line(plan.get("title"), is_hotfix=plan.get("kind") == HOTFIX),
        *_facts(plan),
        *_dangers(plan),
        *(block for node in _in_order(plan) for block in _node(node, width=width)),
        *_notes(plan),
    )


def _title(plan: Json, refused: str | None, *, idle: bool) -> Text:
    label = plan["releaseId"] or "without an id"
    verdict = ("= nothing would change", "yellow") if idle else _verdict(plan, refused)
    return Text.assemble(("Plan of release ", "bold"), (label, "bold"), "  ", verdict)


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
        elif standing.get("needsNewManifest"):
            yield Text("a retry would use the same pins: correct them, and give it a new releaseId")
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
    short = changes_in_short(plan["pipelines"])
    if short:
        yield Text(short)


def _dangers(plan: Json) -> Iterator[RenderableType]:
    """What nobody may overlook, before everything else."""
    found = _by_text(plan["pipelines"], "dangers")
    if found:
        yield _listed("ROLLED BACK BEFORE", found, style="bold red", sign="✘")


def _in_order(plan: Json) -> Sequence[Json]:
    """The pipelines and approvals step by step: each comes after what it depends on."""
    nodes = [*plan["pipelines"], *plan.get("approvals", ())]  # an older dry run has no approvals
    known = {each["name"] for each in nodes}
    waiting, ordered, done = [*nodes], list[Json](), set[str]()
    while waiting:
        ready = [each for each in waiting if known.intersection(each["dependsOn"]) <= done]
        ordered += ready or waiting  # a plan that is not valid may have a cycle
        done = {each["name"] for each in ordered}
        waiting = [each for each in waiting if each["name"] not in done]
    return ordered


def _node(node: Json, *, width: int) -> Iterator[RenderableType]:
    """A pipeline or an approval: when it runs, and below that what would change."""
    yield Text("")
    name, when = Text(node["name"], style="bold"), Text(" · ".join(_when(node)), style="dim")
    if name.cell_len > LONGEST_NAME and name.cell_len + when.cell_len + 2 > width:
        yield name
        yield _hanging(Text("   "), when)
    else:
        yield _hanging(name, when)
    lines = _asks(node) if "minApprovals" in node else change_lines(node, width=width)
    for sign, line in lines:
        yield _hanging(Text(f"  {sign}", style=line.style), line)


def _hanging(first: Text, rest: Text) -> Table:
    """Two texts side by side; the second one is wrapped below itself."""
    row = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    row.add_row(first, rest)
    return row


def _when(node: Json) -> Iterator[str]:
    if "minApprovals" in node:
        yield "approval"
    if node["dependsOn"]:
        yield f"after {', '.join(node['dependsOn'])}"
    starts, usual = node.get("startsAfterSeconds"), node.get("usualSeconds")
    if starts:
        yield f"starts +{_seconds(starts)}"
    if usual is not None:
        yield f"takes {_seconds(usual)}"
    mode = " ".join(filter(None, (node.get("type"), node.get("executionMode"))))
    if mode:
        yield mode


def _asks(approval: Json) -> Iterator[tuple[str, Text]]:
    if approval.get("granted"):
        yield "=", Text("granted in an earlier attempt", style="dim")
        return
    needed = approval["minApprovals"]
    people = "1 person" if needed == 1 else f"{needed} people"
    eyes = ", with four eyes" if approval["fourEyes"] else ""
    minutes = approval["expiresAfterMinutes"]
    within = f", within {limit(timedelta(minutes=minutes))}" if minutes is not None else ""
    yield "?", Text(f"{people}{eyes}{within}")
    if approval.get("question"):  # a plan that was too large has none
        yield " ", Text(approval["question"])
    if approval.get("behind"):
        yield " ", Text(f"behind it: {listed(approval['behind'])}")


def _notes(plan: Json) -> Iterator[RenderableType]:
    warnings = [("", each) for each in plan["warnings"]]
    warnings += _by_text(plan["pipelines"], "warnings")
    if warnings:
        yield _listed("Warnings", warnings, style="bold yellow")
    if plan["problems"]:
        yield _listed("Problems", [("", each) for each in plan["problems"]], style="bold red")


def _by_text(pipelines: Sequence[Json], key: str) -> list[tuple[str, str]]:
    """Each text once, with the names of its pipelines: many may have the same warning."""
    named: dict[str, list[str]] = {}
    for pipeline in pipelines:
        for each in pipeline.get(key, ()):
            named.setdefault(each, []).append(pipeline["name"])
    return [(listed(names), each) for each, names in named.items()]


def _listed(
    title: str, lines: Sequence[tuple[str, str]], *, style: str, sign: str = "-"
) -> RenderableType:
    drawn = Table.grid(padding=(0, 1))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, says in lines:
        drawn.add_row(sign, Text(for_people(f"{name}: {says}" if name else says)))
    return Group(Text(f"\n{title}", style=style), drawn)


def _seconds(seconds: int) -> str:
    return lasting(timedelta(seconds=seconds))
