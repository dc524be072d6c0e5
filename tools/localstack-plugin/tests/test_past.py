"""Earlier states of a model, and the moment that a stale read shows."""

from datetime import UTC, datetime, timedelta

import pytest

from localstack_codepipeline.faults import read_fault
from localstack_codepipeline.model import CodePipelineModel
from localstack_codepipeline.past import Past
from shop import declare

HOME = ("000000000000", "us-east-1")
START = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """Return a moment."""
    return START + timedelta(seconds=seconds)


def test_the_newest_state_that_is_not_later_is_shown() -> None:
    """Each state holds from its own moment to the next one; before the first there is nothing."""
    past, model = Past(), CodePipelineModel(*HOME, starts_on_create=False)
    for second in (10, 20):
        request = {"pipeline": declare() | {"name": f"made-at-{second}"}}
        model.call("CreatePipeline", request, now=after(second))
        past.keep(HOME, model, now=after(second))
    shown = {second: list(past.at(HOME, after(second)).pipelines) for second in (9, 10, 19, 20)}
    assert shown == {
        9: [],
        10: ["made-at-10"],
        19: ["made-at-10"],
        20: ["made-at-10", "made-at-20"],
    }
    past.forget()
    assert past.at(HOME, after(30)).pipelines == {}


@pytest.mark.parametrize(
    ("lag", "now", "shown"), [(None, 50, 0), (5, 50, 45), (5, 3, 0), (0, 50, 50)]
)
def test_a_read_lags_by_seconds_but_not_beyond_its_fault(
    lag: float | None, now: float, shown: float
) -> None:
    """Without seconds a read shows the moment at which the fault was added."""
    given = {"kind": "api", "effect": "stale", "operation": "GetPipelineState"}
    lagging = given | ({} if lag is None else {"seconds": lag})
    fault = read_fault(lagging, fault_id="f", now=START)
    assert fault.shows(after(now)) == after(shown)
