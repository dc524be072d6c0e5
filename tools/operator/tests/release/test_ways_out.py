"""Commands that can be copied from a terminal of any width."""

import subprocess
from dataclasses import replace

import pytest

from release_machine.release.holds import TO_START_NOW, starts_by_itself
from release_machine.release.ways_out import copyable, ways_out
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.asking_release import FROZEN, asking, asking_snapshot
from tools.operator.tests.samples.drawing import drawn

COMMAND = (
    "release-machine reject 2026.11.22-1 "
    + "checkout-and-payments-" * 4
    + "x/Approval/Approval --reason TEXT"
)


@pytest.mark.parametrize("width", [40, 50, 80, 100, 120, 300])
def test_a_shell_joins_the_lines(width: int) -> None:
    """A shell reads the same words, however narrow the terminal is."""
    told = copyable(COMMAND, width=width)
    assert max(map(len, told.splitlines())) <= width
    heard = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {told}"], capture_output=True, text=True, check=True
    )
    assert heard.stdout.split("\n")[:-1] == COMMAND.split()


@pytest.mark.parametrize("width", [len(COMMAND), 300])
def test_a_command_that_fits(width: int) -> None:
    """A command that fits stays on one line."""
    assert copyable(COMMAND, width=width) == COMMAND


def test_where_a_command_is_broken() -> None:
    """Between words, an option beside its value, and a longer word after PIPELINE/ or STAGE/."""
    name = "checkout-and-payments-production/ManualApprovals/ApproveProduction"
    command = f"release-machine reject 2026.11.22-1 {name} --reason TEXT"
    assert copyable(command, width=80).splitlines() == [
        "release-machine reject 2026.11.22-1 \\",
        f"    {name} \\",
        "    --reason TEXT",
    ]
    assert copyable(command, width=60).splitlines() == [
        "release-machine reject 2026.11.22-1 \\",
        "    checkout-and-payments-production/ManualApprovals/\\",
        "ApproveProduction \\",
        "    --reason TEXT",
    ]


def test_an_override_is_the_last_resort() -> None:
    """First come the answers that are asked for, then when held pipelines start by themselves."""
    seen = asking_snapshot()
    shown = [*seen.release.pipelines.values()]
    parts = ways_out(seen.release, shown, seen.activity, width=120, detail="commands")
    lines = drawn(*parts, width=120).splitlines()
    assert lines[-2:] == [
        f"what is held starts by itself at 2026-11-22T12:00:00Z; {TO_START_NOW}, run:",
        "release-machine override 2026.11.22-1 --reason TEXT",
    ]
    assert lines[0] == "to continue shop-payments, run:"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_each_command_can_be_copied(width: int) -> None:
    """Each stands on lines of its own, also the one that rejects, and none is cut."""
    seen = asking_snapshot()
    shown = [*seen.release.pipelines.values()]
    parts = ways_out(seen.release, shown, seen.activity, width=width, detail="full")
    told = drawn(*parts, width=width)
    commands = told.replace(" \\\n    ", " ").splitlines()
    for verb, name, more in (
        ("approve", "shop-payments/Approve/Ask", ""),
        ("reject", "shop-payments/Approve/Ask", " --reason TEXT"),
        ("approve", "go-live", ""),
        ("reject", "go-live", " --reason TEXT"),
    ):
        assert f"release-machine {verb} 2026.11.22-1 {name}{more}" in commands
    assert "…" not in told


def test_holds_that_end_at_several_times() -> None:
    """The earliest end is told."""
    release = asking()
    web = replace(release.pipelines["shop-web"], held=replace(FROZEN, until=at(600)))
    release = replace(release, pipelines={**release.pipelines, "shop-web": web})
    told = "what is held starts by itself at 2026-11-22T10:10:00Z or later"
    assert starts_by_itself(release) == told
