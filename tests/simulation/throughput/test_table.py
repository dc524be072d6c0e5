"""The command prints the tables, or writes them to docs/scale.md."""

import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import main
from tests.simulation.throughput import table


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small tables that name the seed."""
    monkeypatch.setattr(table, "tables", lambda *, seed: {"a": f"| seed {seed} |", "b": "| b |"})


def test_the_command_prints_the_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, with the seed of the command line."""
    monkeypatch.setattr(sys, "argv", ["tests.simulation", "throughput", "--seed", "3"])
    assert main() == 0
    assert capsys.readouterr().out == "| seed 3 |\n\n| b |\n"


def test_the_command_writes_the_tables_to_their_places(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What stands between the marks is replaced, and nothing else."""
    page = tmp_path / "page.md"
    page.write_text(
        "Text\n<!-- Table: a -->\nold\n<!-- End of the table -->\nbetween\n"
        "<!-- Table: b -->\n<!-- End of the table -->\n"
    )
    monkeypatch.setattr(table, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["tests.simulation", "throughput", "--write"])
    assert main() == 0
    assert page.read_text() == (
        "Text\n<!-- Table: a -->\n| seed 1 |\n<!-- End of the table -->\nbetween\n"
        "<!-- Table: b -->\n| b |\n<!-- End of the table -->\n"
    )
