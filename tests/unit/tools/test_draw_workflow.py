"""The picture of the workflow shows the machine as it is."""

import json
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tools import draw_workflow
from tools.workflow_graph import Graph, read_graph
from tools.workflow_layout import lay_out

MACHINE: dict[str, Any] = json.loads(draw_workflow.MACHINE.read_text(encoding="utf-8"))


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The machine and the processor of each Map in it."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


def transitions(machine: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (state, next state) of a machine, found by key alone."""

    def targets(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in {"Next", "Default"}:
                    yield inner
                elif key != "ItemProcessor":
                    yield from targets(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from targets(inner)

    for name, state in machine["States"].items():
        for target in targets(state):
            yield name, target


@pytest.fixture(scope="module")
def picture() -> Xml.Element:
    """The picture as it is committed."""
    return Xml.fromstring(draw_workflow.PICTURE.read_text(encoding="utf-8"))  # noqa: S314 - ours


def test_picture_is_current() -> None:
    """The committed picture is what the script draws of the machine now."""
    assert draw_workflow.main(["--check"]) == 0


def test_check_refuses_an_old_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An old picture makes --check exit 1, stays as it is, and is told how to be renewed."""
    old = tmp_path / "workflow.svg"
    old.write_text("<svg/>", encoding="utf-8")
    monkeypatch.setattr(draw_workflow, "PICTURE", old)
    assert draw_workflow.main(["--check"]) == 1
    assert old.read_text(encoding="utf-8") == "<svg/>"
    assert "python -m tools.draw_workflow" in capsys.readouterr().err
    assert draw_workflow.main([]) == 0
    assert draw_workflow.main(["--check"]) == 0


def test_every_state_is_drawn(picture: Xml.Element) -> None:
    """Each state stands in the picture once, with its name as text and its type as its class."""
    drawn = {group.get("data-state"): group for group in picture.iter() if group.get("data-state")}
    states = {
        name: state["Type"].lower()
        for machine in machines(MACHINE)
        for name, state in machine["States"].items()
    }
    assert {name: group.get("class") for name, group in drawn.items()} == states
    for name, group in drawn.items():
        assert name in {text.text for text in group.iter() if text.tag.endswith("text")}


def test_every_transition_is_drawn(picture: Xml.Element) -> None:
    """Each transition is one path, and what is caught is dashed."""
    paths = [path for path in picture.iter() if path.get("data-from")]
    drawn = sorted((path.get("data-from"), path.get("data-to")) for path in paths)
    assert drawn == sorted(
        transition for machine in machines(MACHINE) for transition in transitions(machine)
    )
    for path in paths:
        assert (path.get("class") == "catch") == (path.get("data-kind") == "catch")


def test_states_do_not_overlap() -> None:
    """No two states of one graph lie upon each other, and a Map holds what is inside it."""

    def check(graph: Graph) -> None:
        nodes = list(graph.nodes.values())
        for index, one in enumerate(nodes):
            for other in nodes[index + 1 :]:
                apart_x = abs(one.x - other.x) >= (one.width + other.width) / 2
                apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
                assert apart_x or apart_y, (one.name, other.name)
            if one.inside is not None:
                left, top, right, bottom = astuple(one.inside.bounds)
                assert right - left <= one.width
                assert bottom - top < one.height
                check(one.inside)

    graph = read_graph(MACHINE)
    lay_out(graph)
    check(graph)


def test_happy_way_runs_straight_down() -> None:
    """The states of a release that succeeds stand one below the other."""
    graph = read_graph(MACHINE)
    lay_out(graph)
    way = [
        "OpenRelease",
        "IsReleaseNew",
        "RunPipelines",
        "CloseRelease",
        "IsReleaseGood",
        "ReleaseSucceeded",
    ]
    assert len({graph.nodes[name].x for name in way}) == 1
    assert [graph.nodes[name].y for name in way] == sorted(graph.nodes[name].y for name in way)


# A part of the picture: left, top, right, bottom.
Area = tuple[float, float, float, float]
SVG = "{http://www.w3.org/2000/svg}"
FONT_SIZE = 11.5


@dataclass
class Line:
    """A straight part of a transition, and the states it may touch."""

    transition: str
    area: Area
    ends: set[str | None]


@dataclass
class Scene:
    """What one group of the picture holds: the machine itself, or the inside of a Map."""

    boxes: dict[str, Area] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    labels: list[tuple[str, Area]] = field(default_factory=list)


def pairs(text: str | None) -> list[tuple[float, float]]:
    """The points in an attribute; a curve counts by its ends and the corner it rounds off."""
    found = map(float, re.findall(r"-?\d+(?:\.\d+)?", text or ""))
    return list(zip(found, found, strict=True))


def around(points: list[tuple[float, float]]) -> Area:
    """The smallest area that holds the points."""
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def overlap(one: Area, other: Area) -> bool:
    """Whether two areas share more than an edge; a line is an area without width or height."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def label_area(text: Xml.Element) -> Area:
    """The room of a label's line; Helvetica's capitals are 0.7 em wide, its letters half one."""
    words = text.text or ""
    width = FONT_SIZE * sum(0.7 if letter.isupper() else 0.5 for letter in words)
    x, y = float(text.get("x", "")), float(text.get("y", ""))
    left = {"start": x, "middle": x - width / 2, "end": x - width}[text.get("text-anchor", "")]
    return left, y - 0.8 * FONT_SIZE, left + width, y + 0.2 * FONT_SIZE


def state_area(state: Xml.Element) -> Area:
    """The room of a state, with all outlines of a Map."""
    points: list[tuple[float, float]] = []
    for shape in state.findall(f"{SVG}rect"):
        x, y, width, height = (float(shape.get(key, "")) for key in ("x", "y", "width", "height"))
        points += [(x, y), (x + width, y + height)]
    for shape in state.findall(f"{SVG}polygon"):
        points += pairs(shape.get("points"))
    return around(points)


def lines_of(path: Xml.Element) -> list[Line]:
    """The straight parts of a drawn transition: only the first and the last may touch a state."""
    source, target = path.get("data-from"), path.get("data-to")
    areas = [around(list(line)) for line in pairwise(pairs(path.get("d")))]
    lines = [Line(f"{source} -> {target}", area, set()) for area in areas]
    lines[0].ends.add(source)
    lines[-1].ends.add(target)
    return lines


def scenes(group: Xml.Element) -> Iterator[Scene]:
    """The scene of a group and those of the groups inside it."""
    scene = Scene()
    for part in group:
        if part.get("data-state"):
            scene.boxes[part.get("data-state", "")] = state_area(part)
        elif part.get("data-from"):
            scene.lines += lines_of(part)
        elif "label" in part.get("class", ""):
            scene.labels.append((part.text or "", label_area(part)))
        elif part.tag == f"{SVG}g":
            yield from scenes(part)
    yield scene


def faults(picture: str) -> list[str]:
    """Everything in a picture that lies upon something else."""
    drawn = Xml.fromstring(picture).find(f"{SVG}g")  # noqa: S314 - ours
    assert drawn is not None
    found: list[str] = []
    for scene in scenes(drawn):
        assert scene.boxes
        for line in scene.lines:
            found += [
                f"{line.transition} crosses {name}"
                for name, box in scene.boxes.items()
                if name not in line.ends and overlap(line.area, box)
            ]
        for number, (words, area) in enumerate(scene.labels):
            others = [*scene.boxes.items(), *((line.transition, line.area) for line in scene.lines)]
            others += scene.labels[number + 1 :]
            found += [f"{words} lies on {name}" for name, other in others if overlap(area, other)]
    return found


def straight_machine(*transitions: tuple[str, str, list[str]]) -> dict[str, Any]:
    """A machine from A to F whose states also catch errors: state, next state, errors."""
    states: dict[str, Any] = {
        name: {
            "Type": "Task",
            "Resource": "a-function",
            "Parameters": {"FunctionName": "${some_function_arn}"},
            "Next": after,
            "Catch": [
                {"ErrorEquals": errors, "Next": target}
                for source, target, errors in transitions
                if source == name
            ],
        }
        for name, after in pairwise("ABCDEF")
    }
    return {"StartAt": "A", "States": {**states, "F": {"Type": "Succeed"}}}


@pytest.mark.parametrize(
    "machine",
    [
        MACHINE,
        straight_machine(("A", "D", ["SomeError"]), ("B", "F", ["OtherError"])),
        straight_machine(("D", "A", ["SomeError", "OtherError"]), ("C", "B", ["States.ALL"])),
        straight_machine(("B", "B", ["States.Timeout"]), ("E", "A", ["SomeError"])),
        straight_machine(*((name, "A", [f"ErrorOf{name}"]) for name in "CDE")),
    ],
    ids=["ours", "skips ahead", "leads back", "repeats itself", "many lead back"],
)
def test_nothing_lies_upon_anything(machine: dict[str, Any]) -> None:
    """No transition crosses a state that is not its end, and each label has its own room."""
    assert faults(draw_workflow.picture_of(machine)) == []


def test_long_lists_of_errors_are_counted() -> None:
    """Two caught errors are named and the others counted; three are few enough to be named."""
    errors = ["One", "Two", "Three", "Four"]
    graph = read_graph(straight_machine(("A", "D", errors), ("B", "D", errors[:3])))
    labels = [edge.label for edge in graph.edges if edge.kind == "catch"]
    assert labels == [("One", "Two", "+2 more"), ("One", "Two", "Three")]


def test_picture_is_readable_where_it_is_shown() -> None:
    """At the 850 pixels of the README the smallest words are at least ten pixels high."""
    width = float(Xml.fromstring(draw_workflow.picture_of(MACHINE)).get("width", ""))  # noqa: S314 - ours
    assert FONT_SIZE * min(1, 850 / width) >= 10
