"""Draws statemachine.asl.json as a Mermaid diagram in README.md.

Run as ``make docs``; a test tells when the diagram is old.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MACHINE = ROOT / "statemachine.asl.json"
README = ROOT / "README.md"
BEGIN = "<!-- Drawn from statemachine.asl.json by make docs -->\n"
END = "<!-- End of the drawing -->\n"


def diagram(machine: dict[str, Any]) -> str:
    """The fenced block that GitHub draws."""
    return "\n".join(["```mermaid", "stateDiagram-v2", *_lines(machine, "    "), "```", ""])


def _lines(machine: dict[str, Any], indent: str) -> Iterator[str]:
    yield f"{indent}[*] --> {machine['StartAt']}"
    for name, state in machine["States"].items():
        if "ItemProcessor" in state:
            yield f"{indent}state {name} {{"
            yield from _lines(state["ItemProcessor"], indent + "    ")
            yield f"{indent}}}"
        labels = defaultdict(list)  # two transitions between the same states are one line
        for target, label in _transitions(state):
            labels[target].append(label)
        for target, texts in labels.items():
            label = "" if texts == ["done"] else f": {' or '.join(texts)}"
            yield f"{indent}{name} --> {target}{label}"


def _transitions(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each next state with the reason for the transition; `[*]` is the end of the machine."""
    for choice in state.get("Choices", []):
        yield choice["Next"], choice.get("StringEquals") or choice["Variable"].removeprefix("$.")
    if "Default" in state:
        yield state["Default"], "otherwise"
    if "Next" in state:
        yield state["Next"], "done"
    if state.get("End") or state["Type"] in {"Succeed", "Fail"}:
        yield "[*]", "done"
    for catcher in state.get("Catch", []):
        first, *others = catcher["ErrorEquals"]
        name = first.rpartition(".")[2].removesuffix("Exception").replace("ALL", "any error")
        yield catcher["Next"], f"{name}, …" if others else name


def renewed(text: str) -> str:
    """The text of the README with the diagram of the machine as it is now."""
    block = diagram(json.loads(MACHINE.read_text(encoding="utf-8")))
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + block + END + after


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
