"""The picture of the workflow shows the machine as it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from tools import draw_workflow
from tools.workflow_graph import Graph, lay_out, read_graph

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
                assert one.inside.width <= one.width
                assert one.inside.height < one.height
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
