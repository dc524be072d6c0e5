"""Faults: what can be ordered, what is refused, and when one fires."""

from typing import Any

import pytest

from localstack_codepipeline.faults import Faults, InvalidFaultError

Json = dict[str, Any]
PIPELINE_EVENT = "CodePipeline Pipeline Execution State Change"


def test_fault_fires_as_often_as_it_may() -> None:
    """A fault counts, and is shown with its count when it is spent."""
    faults = Faults()
    made = faults.add({"kind": "event", "effect": "lose", "state": "FAILED", "times": 2})
    facts = {"detailType": PIPELINE_EVENT, "pipeline": "shop", "state": "FAILED"}
    assert faults.take("event", **(facts | {"state": "STARTED"})) is None
    assert [faults.take("event", **facts) is not None for _ in range(3)] == [True, True, False]
    assert faults.shown() == [made | {"fired": 2}]


def test_fault_matches_what_it_names_only() -> None:
    """Pipeline, operation, stage and action all have to fit when they are given."""
    faults = Faults()
    faults.add(
        {"kind": "action", "effect": "fail", "code": "X", "pipeline": "a", "stage": "s", "times": 9}
    )
    assert faults.take("action", pipeline="a", stage="s", action="any")
    assert not faults.take("action", pipeline="b", stage="s", action="any")
    assert not faults.take("action", pipeline="a", stage="t", action="any")
    assert not faults.take("api", operation="GetPipeline", pipeline="a")


def test_first_of_several_fires_first() -> None:
    """Faults that match the same thing fire in the order in which they were added."""
    faults = Faults()
    for code in ("First", "Second"):
        faults.add({"kind": "api", "effect": "fail", "operation": "GetPipeline", "code": code})
    taken = [faults.take("api", operation="GetPipeline", pipeline="a") for _ in range(3)]
    assert [fault and fault.given["code"] for fault in taken] == ["First", "Second", None]


def test_removed_fault_fires_no_more() -> None:
    """One can be lifted by its id, or all."""
    faults = Faults()
    ids = [faults.add({"kind": "event", "effect": "double"})["id"] for _ in range(3)]
    assert faults.remove(ids[0]) == ids[:1]
    assert faults.remove("fault-none") == []
    assert faults.remove() == ids[1:]
    assert faults.shown() == []


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
        ({"kind": "action", "effect": "fail", "code": ""}, "code: must be a string"),
    ],
)
def test_fault_that_makes_no_sense_is_refused(given: Any, reason: str) -> None:
    """Every mistake is named, and nothing is put in force."""
    faults = Faults()
    with pytest.raises(InvalidFaultError, match=reason):
        faults.add(given)
    assert faults.shown() == []
