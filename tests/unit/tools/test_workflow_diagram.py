"""The README's diagram shows the workflow as it is."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tools.workflow_diagram import MACHINE, README, diagram, renewed


def test_the_diagram_is_current() -> None:
    """`make docs` renews the diagram after a change of the machine."""
    text = README.read_text(encoding="utf-8")
    assert text.count("```mermaid") == 1
    assert renewed(text) == text


def transitions(machine: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every (Map around it, state, next state), by key alone; `[*]` is the start and the end."""

    def inside(around: str, machine: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        yield around, "[*]", machine["StartAt"]
        for name, state in machine["States"].items():
            processor = state.pop("ItemProcessor", None)
            if processor:
                yield from inside(name, processor)
            targets = re.findall(r'"(?:Next|Default)": "(\w+)"', json.dumps(state))
            yield from ((around, name, target) for target in targets)
            if "End" in state or state["Type"] in {"Succeed", "Fail"}:
                yield around, name, "[*]"

    yield from inside("", machine)


def drawn(block: str) -> Iterator[tuple[str, str, str]]:
    """Every (composite state around it, state, next state) of a diagram."""
    around = ""
    for line in block.splitlines():
        match line.split(":")[0].split():
            case ["state", name, "{"]:
                around = name
            case ["}"]:
                around = ""
            case [name, "-->", target]:
                yield around, name, target


def test_every_transition_is_drawn() -> None:
    """Each state is drawn with each of its next states, those of the Map inside of it."""
    machine = json.loads(MACHINE.read_text(encoding="utf-8"))
    lines = list(drawn(diagram(machine)))
    assert len(lines) == len(set(lines))
    assert set(lines) == set(transitions(machine))


def test_reasons_are_shown() -> None:
    """A choice shows its value; caught errors show the first by name, and that there are more."""
    states = {
        "A": {
            "Type": "Task",
            "Catch": [
                {"ErrorEquals": ["States.Timeout", "LookAgain"], "Next": "B"},
                {"ErrorEquals": ["States.ALL"], "Next": "C"},
            ],
            "Next": "C",
        },
        "B": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.status", "StringEquals": "SUCCEEDED", "Next": "A"},
                {"Variable": "$.rollback", "IsNull": False, "Next": "B"},
            ],
            "Default": "C",
        },
        "C": {"Type": "Succeed"},
    }
    shown = [line.strip() for line in diagram({"StartAt": "A", "States": states}).splitlines()]
    assert shown[2:-1] == [
        "[*] --> A",
        "A --> C: done or any error",
        "A --> B: Timeout, …",
        "B --> A: SUCCEEDED",
        "B --> B: rollback",
        "B --> C: otherwise",
        "C --> [*]",
    ]
