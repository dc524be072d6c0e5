"""Faults: which ones are valid, and when one fires."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localstack_codepipeline.faults import Faults, InvalidFaultError

Json = dict[str, Any]
PIPELINE_EVENT = "CodePipeline Pipeline Execution State Change"


def test_fault_fires_a_limited_number_of_times() -> None:
    """A fault fires `times` times and stays listed with its count."""
    faults = Faults()
    made = faults.add({"kind": "event", "effect": "lose", "state": "FAILED", "times": 2})
    facts = {"detailType": PIPELINE_EVENT, "pipeline": "shop", "state": "FAILED"}
    assert faults.take("event", **(facts | {"state": "STARTED"})) is None
    assert [faults.take("event", **facts) is not None for _ in range(3)] == [True, True, False]
    assert faults.shown() == [made | {"fired": 2}]


def test_fault_matches_all_members_it_gives() -> None:
    """A fault fires only where every member it gives matches."""
    faults = Faults()
    faults.add(
        {"kind": "action", "effect": "fail", "code": "X", "pipeline": "a", "stage": "s", "times": 9}
    )
    assert faults.take("action", pipeline="a", stage="s", action="any")
    assert not faults.take("action", pipeline="b", stage="s", action="any")
    assert not faults.take("action", pipeline="a", stage="t", action="any")
    assert not faults.take("api", operation="GetPipeline", pipeline="a")


def test_first_of_several_fires_first() -> None:
    """If several faults match, the oldest fires first."""
    faults = Faults()
    for code in ("First", "Second"):
        faults.add({"kind": "api", "effect": "fail", "operation": "GetPipeline", "code": code})
    taken = [faults.take("api", operation="GetPipeline", pipeline="a") for _ in range(3)]
    assert [fault and fault.given["code"] for fault in taken] == ["First", "Second", None]


def test_faults_can_be_removed() -> None:
    """DELETE removes one fault by its id, or all faults."""
    faults = Faults()
    ids = [faults.add({"kind": "event", "effect": "double"})["id"] for _ in range(3)]
    assert faults.remove(ids[0]) == ids[:1]
    assert faults.remove("fault-none") == []
    assert faults.remove() == ids[1:]
    assert faults.shown() == []


LIMIT = {
    "kind": "api",
    "effect": "limit",
    "operation": "StartPipelineExecution",
    "perMinute": 20,
    "burst": 2,
}


class Limited:
    """Faults with a limit of 20 starts per minute and two at once, and their clock."""

    def __init__(self, **more: Any) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.faults = Faults(lambda: self.now)
        self.faults.add(LIMIT | more)

    def passed(self, seconds: float = 0, *, starts: int, pipeline: str = "shop") -> int:
        """Let time pass, and return how many of so many starts are not throttled."""
        self.now += timedelta(seconds=seconds)
        facts = {"operation": "StartPipelineExecution", "pipeline": pipeline}
        return sum(self.faults.take("api", **facts) is None for _ in range(starts))


def test_limit_lets_a_burst_through_and_then_a_rate() -> None:
    """After the burst one start passes every three seconds; an idle minute refills the burst."""
    limited = Limited()
    assert limited.passed(starts=5) == 2
    assert limited.passed(2.999999, starts=1) == 0
    assert limited.passed(0.000001, starts=2) == 1
    assert [limited.passed(1, starts=1) for _ in range(9)] == [0, 0, 1] * 3
    assert limited.passed(60, starts=5) == 2


def test_limit_counts_the_throttled_calls_until_its_times_are_used_up() -> None:
    """Without `times` a limit never ends; with it, it throttles so many calls."""
    limited = Limited()
    limited.passed(starts=50)
    assert [fault["fired"] for fault in limited.faults.shown()] == [48]
    assert Limited(times=3).passed(starts=50) == 47


def test_limit_is_of_one_operation_and_of_all_pipelines_unless_it_names_one() -> None:
    """Other operations pass; the pipelines share the limit."""
    limited, of_one = Limited(), Limited(pipeline="shop")
    assert limited.passed(starts=1) + limited.passed(starts=9, pipeline="web") == 2
    assert limited.faults.take("api", operation="GetPipeline", pipeline="shop") is None
    assert of_one.passed(starts=9, pipeline="web") == 9
    assert of_one.passed(starts=9) == 2


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "a JSON object"),
        ({}, "kind and effect"),
        ({"kind": "event", "effect": "throttle"}, "kind and effect"),
        ({"kind": ["event"], "effect": "lose"}, "kind and effect"),
        ({"kind": "event", "effect": "delay"}, "seconds: missing"),
        ({"kind": "event", "effect": "delay", "seconds": True}, "seconds: must be a number"),
        ({"kind": "event", "effect": "delay", "seconds": -1}, "seconds: must be a number"),
        ({"kind": "event", "effect": "delay", "seconds": float("nan")}, "seconds: must be"),
        ({"kind": "event", "effect": "lose", "times": 0}, "times: must be a whole number"),
        ({"kind": "event", "effect": "lose", "detailType": "x"}, "detailType: must be one of"),
        ({"kind": "event", "effect": "lose", "status": 500}, "status: unknown"),
        ({"kind": "api", "effect": "throttle"}, "operation: missing"),
        ({"kind": "api", "effect": "throttle", "operation": "Nope"}, "operation: must be one of"),
        (
            {"kind": "api", "effect": "fail", "operation": "GetPipeline", "when": "later"},
            "code: missing; when: must be one of",
        ),
        (
            {"kind": "api", "effect": "limit", "operation": "GetPipeline"},
            "perMinute: missing; burst: missing",
        ),
        (LIMIT | {"burst": 0, "when": "after"}, "when: unknown; burst: must be a whole number"),
        ({"kind": "api", "effect": "stale"}, "operation: missing"),
        (
            {"kind": "api", "effect": "stale", "operation": "StartPipelineExecution"},
            "operation: must be one of: GetPipeline, ListPipelines",
        ),
        (
            {"kind": "api", "effect": "stale", "operation": "GetPipeline", "when": "after"},
            "when: unknown",
        ),
        ({"kind": "action", "effect": "fail", "code": ""}, "code: must be a string"),
        ({"kind": "rule", "effect": "fail"}, "code: missing"),
        ({"kind": "rule", "effect": "delay", "action": "x"}, "action: unknown; seconds: missing"),
    ],
)
def test_invalid_fault_is_rejected(given: Any, reason: str) -> None:
    """The error names every mistake, and the fault is not added."""
    faults = Faults()
    with pytest.raises(InvalidFaultError, match=reason):
        faults.add(given)
    assert faults.shown() == []
