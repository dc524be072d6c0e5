"""The report about a schedule that breaks a promise."""

import re
import shlex
import sys

import pytest

from tests.simulation.__main__ import main
from tests.simulation.promises import endings
from tests.simulation.scenarios import Scenario, releasing
from tests.simulation.schedules.explore import Failed, explore
from tests.simulation.schedules.runs import draw
from tests.simulation.world.happenings import Violated
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import World


@pytest.fixture(autouse=True)
def impossible(monkeypatch: pytest.MonkeyPatch, stage: None) -> None:
    """A promise that is always broken: no workflow ends."""

    def nothing_ends(world: World, workflow: Workflow) -> None:
        raise Violated("nothing_ends", workflow.stage)

    monkeypatch.setattr(endings, "ENDINGS", (nothing_ends,))


def replayed(told: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the replay command of a report; return its exit code."""
    command = shlex.split(told.partition("Replay: ")[2])
    assert command[:3] == [".venv/bin/python", "-m", "tests.simulation"]
    monkeypatch.setattr(sys, "argv", command[2:])
    return main()


def test_a_drawn_failure_is_shrunk_and_shown_with_its_seed_steps_and_replay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report has the seed, the smallest release and each step; its command replays them."""
    drawn = draw(3, 20)
    assert drawn.invariant == "nothing_ends"
    assert drawn.failure.startswith("drawn with seed 3: nothing_ends")
    assert '"pipelines": ["a"]' in drawn.failure
    steps = re.findall(r"^ +\d+ .+$", drawn.failure, re.MULTILINE)
    assert replayed(drawn.failure, monkeypatch) == 1
    shown = capsys.readouterr().out
    assert all(step.strip() in shown for step in steps)
    assert "nothing_ends" in shown


def test_an_explored_failure_replays_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The failure of an exhaustive search is replayed step by step."""
    scenario = Scenario(name="tiny", manifests=(releasing("a"),), preemptions=0)
    with pytest.raises(Failed) as failed:
        explore(scenario)
    assert replayed(str(failed.value), monkeypatch) == 1
    assert "nothing_ends" in capsys.readouterr().out
