"""What the functions log and measure in random schedules, with crashes, repeats and races."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.simulation.scenarios import Scenario
from tests.simulation.schedules.drawn import run, scenarios
from tests.simulation.schedules.runs import CHOICES
from tests.simulation.world import functions
from tests.worlds.logged import says_what_it_is_about, watched
from tests.worlds.measured import measured_in

SCHEDULES = 40
ONCE = {"ReleasesOpened", "ReleasesEnded", "PipelinesEnded", "ApprovalsEnded"}


def test_logs_have_no_secrets_and_facts_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens: no line has a token, each says what it is about, and no fact counts twice.

    A function that is killed after a write counts nothing, and its repeat finds the fact on record.
    """
    measured: list[str] = []
    monkeypatch.setattr(functions, "write_line", measured.append)

    @seed(14)
    @settings(
        max_examples=SCHEDULES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(scenarios(), st.binary(min_size=CHOICES, max_size=CHOICES))
    def holds(scenario: Scenario, choices: bytes) -> None:
        left = iter(choices)
        measured.clear()
        with watched() as lines:
            run(scenario, lambda below: next(left, 0) % below)
        lines.check()
        assert lines.records
        assert measured
        assert all(says_what_it_is_about(json.loads(line)) for line in measured)
        twice = {fact: count for fact, count in _counts(measured).items() if count > 1}
        assert not twice

    with functions.functions_on_stage():
        holds()


def _counts(lines: list[str]) -> Counter[tuple[str, ...]]:
    """How often each fact of each attempt counts."""
    return Counter(
        (each.name, *(str(document.get(key)) for key in ("execution_arn", "pipeline")))
        for line in lines
        for document in [json.loads(line)]
        for each in measured_in(line)
        if each.name in ONCE
    )
