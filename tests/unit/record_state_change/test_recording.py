"""Every event is recorded, or ignored with a reason; none makes the function fail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from record_state_change.recording import STATE_CHANGE, StateChange, read_state_change
from release_core.domain.execution import ExecutionState
from tests.fakes.clock import FakeClock
from tests.worlds.release_world import ReleaseWorld

CLOCK = FakeClock()


def an_event(**detail: Any) -> dict[str, Any]:
    """A STARTED event with parts of its detail replaced."""
    return {
        "source": "aws.codepipeline",
        "detail-type": STATE_CHANGE,
        "time": "2020-01-24T22:03:07Z",
        "detail": {"pipeline": "orders", "execution-id": "e1", "state": "STARTED"} | detail,
    }


@pytest.mark.parametrize(
    ("written", "attempt"),
    [
        (2, 2),
        (2.0, 2),
        (None, 1),
        ("2", 1),
        (float("nan"), 1),
        (float("inf"), 1),
        (-3, 1),
        (0, 1),
        (1e39, 1),
    ],
)
def test_an_attempt_is_read_liberally(written: object, attempt: int) -> None:
    """Positive integers and whole floats are accepted; anything else counts as attempt 1."""
    read = read_state_change(an_event(**{"pipeline-execution-attempt": written}), clock=CLOCK)
    assert isinstance(read, StateChange)
    assert read.change.attempt == attempt


def test_the_time_is_when_it_happened() -> None:
    """The time of a change is that of its event, or the time of receipt if unreadable."""
    read = read_state_change(an_event(), clock=CLOCK)
    assert isinstance(read, StateChange)
    assert read.change.at.isoformat() == "2020-01-24T22:03:07+00:00"
    for unreadable in ("yesterday", "0001-01-01T00:00:00+23:59"):
        late = read_state_change(an_event() | {"time": unreadable}, clock=CLOCK)
        assert isinstance(late, StateChange)
        assert late.change.at == CLOCK()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, "names no pipeline"),
        ([], "names no pipeline"),
        ("text", "names no pipeline"),
        (5, "names no pipeline"),
        ({}, "names no pipeline"),
        ({"source": "aws.codepipeline", "detail-type": 5}, "names no pipeline"),
        (an_event() | {"detail": "text"}, "names no pipeline"),
        (an_event(pipeline=None), "names no pipeline"),
        (an_event(**{"execution-id": ""}), "names no pipeline"),
        (an_event(**{"execution-id": 5}), "names no pipeline"),
        (an_event(**{"execution-id": "e" * 3000}), "names no pipeline"),
        (an_event(pipeline="\ud800"), "names no pipeline"),
        (an_event(state="EXPLODED"), "unknown state 'EXPLODED'"),
        (an_event(state=None), "unknown state None"),
        (an_event(state=["STARTED"]), "unknown state"),
        (an_event() | {"detail-type": "CodePipeline Stage Execution State Change"}, "is not a"),
        (an_event() | {"source": "aws.s3"}, "names no pipeline"),
    ],
)
def test_an_unusable_event_is_ignored_with_its_reason(event: object, reason: str) -> None:
    """The reason names the missing or unknown field."""
    read = read_state_change(event, clock=CLOCK)
    assert isinstance(read, str)
    assert reason in read


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "pipeline": st.just("orders") | _JSON,
        "execution-id": st.just("e1") | _JSON,
        "state": st.sampled_from(ExecutionState).map(str) | _JSON,
        "pipeline-execution-attempt": _JSON,
        "stop-execution-comments": _JSON,
    },
)


@given(detail=_DETAILS, time=_JSON | st.just("2020-01-24T22:03:07Z"))
def test_no_event_makes_the_function_fail(detail: dict[str, Any], time: object) -> None:
    """An event with any JSON in any field is recorded or ignored."""
    world = ReleaseWorld()
    world.record_state_change(an_event() | {"detail": detail, "time": time})
    assert len(world.items("executions")) <= 1
    assert world.items("releases") == []


def test_an_event_of_another_execution_touches_no_release() -> None:
    """An execution that no release started is recorded without a release."""
    world = ReleaseWorld()
    world.begin("orders")
    before = world.items("releases")
    world.record_state_change(an_event(pipeline="catalog", state="FAILED"))
    assert world.items("releases") == before
    (record,) = world.items("executions")
    assert "release_id" not in record
