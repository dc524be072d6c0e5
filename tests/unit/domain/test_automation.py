"""What CodePipeline may do by itself, from the declaration of a pipeline."""

from typing import Any

import pytest

from release_core.domain.automation import Automation, read_automation


def of(**stage: Any) -> Automation:
    """The automation of a pipeline whose stage Deploy has these members."""
    return read_automation({"stages": [{"name": "Source"}, {"name": "Deploy", **stage}]})


def condition(result: str) -> dict[str, Any]:
    """A condition with this result."""
    return {"conditions": [{"result": result, "rules": []}]}


@pytest.mark.parametrize(
    ("stage", "retried", "rolled_back"),
    [
        ({}, False, False),
        ({"onFailure": {"result": "RETRY"}}, True, False),
        ({"onFailure": condition("RETRY")}, True, False),
        ({"onFailure": {"result": "ROLLBACK"}}, False, True),
        ({"onFailure": condition("ROLLBACK")}, False, True),
        ({"onSuccess": condition("ROLLBACK")}, False, True),
        ({"onFailure": {"result": "RETRY", **condition("ROLLBACK")}}, True, True),
        ({"beforeEntry": condition("FAIL"), "onSuccess": condition("FAIL")}, False, False),
    ],
)
def test_each_place_of_a_result_is_read(
    stage: dict[str, Any], retried: bool, rolled_back: bool
) -> None:
    """A stage declares its automation for a failure, or for a condition that fails."""
    stages = frozenset({"Deploy"})
    found = of(**stage)
    assert found.retried == (stages if retried else frozenset())
    assert found.rolled_back == (stages if rolled_back else frozenset())


@pytest.mark.parametrize(
    "stage",
    [
        {"beforeEntry": condition("SKIP")},
        {"onFailure": {"result": "SKIP"}},
        {"onFailure": condition("SKIP")},
    ],
)
def test_stages_that_may_be_skipped(stage: dict[str, Any]) -> None:
    """A stage is skipped by its entry condition, or after a failure."""
    assert of(**stage) == Automation(skipped=frozenset({"Deploy"}))
