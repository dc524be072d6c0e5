"""The files of a capture: the answers of each test, and the events of all."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.verify.masking import masked

EVENTS = "events"


def begin(folder: Path) -> None:
    """Make the folder of a capture, without the files of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        path.unlink()


def write_events(folder: Path, events: Iterable[dict[str, Any]]) -> None:
    """Write the events beside the answers. A name is the kind of an event and its state."""
    seen = [
        {"name": f"{each['detail-type']} {each['detail'].get('state', '')}", "answer": masked(each)}
        for each in events
    ]
    text = json.dumps({"test": EVENTS, "seen": seen}, indent=1, ensure_ascii=False)
    (folder / f"{EVENTS}.json").write_text(f"{text}\n", encoding="utf-8")


def read(folder: Path) -> list[dict[str, Any]]:
    """Return everything that a capture has seen; nothing if there is none."""
    return [
        each
        for path in sorted(folder.glob("*.json"))
        for each in json.loads(path.read_text(encoding="utf-8"))["seen"]
    ]
