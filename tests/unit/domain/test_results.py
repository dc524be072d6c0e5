"""Which of two results the file beside a manifest keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from release_core.domain.dropped import ManifestObject
from release_core.domain.release import ReleaseStatus
from release_core.domain.results import Result, ResultState

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECEIVED = Result(
    manifest=ManifestObject(bucket="manifests", key="a.json", version_id="v1"),
    execution_arn="first",
    started_at=NOON,
    state=ResultState.RECEIVED,
    at=NOON,
)
WAITING = replace(RECEIVED, state=ResultState.WAITING)
REJECTED = replace(RECEIVED, state=ResultState.REJECTED)
ALREADY = replace(RECEIVED, state=ResultState.ALREADY_RELEASED)
NEVER_OPENED = replace(RECEIVED, state=ResultState.CANCELLED, started_at=None)
ACCEPTED = replace(RECEIVED, state=ResultState.ACCEPTED, attempt=1)
CLOSED = replace(RECEIVED, state=ResultState.FAILED, attempt=1, started_at=None)
RETRIED = replace(CLOSED, state=ResultState.SUCCEEDED, attempt=2, execution_arn="retry")
# Each is later than those before it, but for the ends without a release.
STEPS = [RECEIVED, WAITING, REJECTED, ACCEPTED, CLOSED, RETRIED]


def of_second(result: Result) -> Result:
    """The same, of an execution that the same event has started, too."""
    return replace(result, execution_arn="second", started_at=NOON + timedelta(seconds=1))


def newer(result: Result) -> Result:
    """The same, of a newer version of the object."""
    manifest = replace(result.manifest, version_id="v2")
    return replace(result, manifest=manifest, execution_arn="newer", started_at=NOON + MINUTE)


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("result", STEPS)
def test_the_first_result_is_written(result: Result) -> None:
    """Also the outcome of a release whose earlier results could not be written."""
    assert result.over(None) is result


@pytest.mark.parametrize("of_mine", [lambda result: result, of_second])
def test_each_step_replaces_the_ones_before_it(of_mine: type) -> None:
    """And none after it: functions are retried, and write late; an event may come twice."""
    for place, later in enumerate(STEPS):
        for earlier in STEPS[:place]:
            assert of_mine(later).over(earlier) is not None, (later.state, earlier.state)
            assert of_mine(earlier).over(later) is None, (later.state, earlier.state)


@pytest.mark.parametrize("result", STEPS)
def test_a_repeated_result_is_not_written_again(result: Result) -> None:
    """A retry of a function changes nothing."""
    assert result.over(result) is None
    assert of_second(result).over(result) is None


@pytest.mark.parametrize("end", [REJECTED, ALREADY, NEVER_OPENED])
def test_an_end_without_a_release_stays_until_there_is_one(end: Result) -> None:
    """The event of the failed execution comes after its rejection, and adds nothing."""
    for other in (REJECTED, ALREADY, NEVER_OPENED, WAITING):
        assert other.over(end) is None
    assert of_second(ACCEPTED).over(end)


def test_the_end_of_a_twin_is_not_told() -> None:
    """The execution that the file names still goes on."""
    of_twin = replace(NEVER_OPENED, execution_arn="second")
    for earlier in (RECEIVED, WAITING):
        assert of_twin.over(earlier) is None
        assert NEVER_OPENED.over(earlier) == replace(NEVER_OPENED, started_at=NOON)
    assert of_twin.over(None) is of_twin


def test_the_outcome_keeps_the_execution_that_the_object_started() -> None:
    """A retry is another execution."""
    for outcome in (CLOSED, RETRIED):
        written = outcome.over(ACCEPTED)
        assert written
        assert (written.execution_arn, written.started_at) == ("first", NOON)
        assert written.state is outcome.state


@pytest.mark.parametrize("result", STEPS)
def test_the_file_belongs_to_the_newer_version(result: Result) -> None:
    """Whatever became of the older one; the order is that of the executions."""
    received = newer(RECEIVED)
    assert received.over(replace(result, started_at=NOON)) is received
    assert result.over(received) is None


def test_a_version_replaces_a_result_without_a_start() -> None:
    """Such a result was written by a close, after no earlier one could be written."""
    assert newer(RECEIVED).over(CLOSED) == newer(RECEIVED)


def test_each_outcome_of_a_release_is_a_state() -> None:
    """Only closed releases have a result."""
    closed = {ReleaseStatus.SUCCEEDED, ReleaseStatus.FAILED, ReleaseStatus.CANCELLED}
    assert {ResultState.of(status) for status in closed} == {
        ResultState.SUCCEEDED,
        ResultState.FAILED,
        ResultState.CANCELLED,
    }
