"""Writes the tables into docs/performance.md, between the markers of each benchmark."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.tables import Table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/performance.md"


def machine() -> str:
    """Describe when and where this run measures. The load says how busy the machine was."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, {os.cpu_count()} cores"
        f" ({platform.machine()}), load {os.getloadavg()[0]:.1f} at the start"
    )


def section(tables: Iterable[Table], *, measured: str) -> str:
    """Return the text between the markers."""
    return "\n\n".join([f"Measured: {measured}.", *(each.markdown() for each in tables)])


def replaced(page: str, name: str, text: str) -> str:
    """Return the page with a new section of one benchmark.

    Raises ValueError if the page does not have the two markers of the benchmark.
    """
    begin, end = f"<!-- Measured: {name} -->", f"<!-- End: {name} -->"
    new, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n{text}\n{end}",
        page,
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"the page needs {begin} and {end} once")
    return new


def write(name: str, text: str) -> None:
    """Replace the section of one benchmark in docs/performance.md."""
    PAGE.write_text(replaced(PAGE.read_text("utf-8"), name, text), encoding="utf-8")
