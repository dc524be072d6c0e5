"""Each fact is measured once, when it is recorded."""

from contextlib import suppress
from datetime import timedelta

import pytest

from release_core.errors import Rejection
from release_core.ledger.executions import Executions
from tests.fakes.service import Refused
from tests.worlds.faults import FAILURE, meanwhile, refuse
from tests.worlds.measured import totals
from tests.worlds.release_world import ReleaseWorld, after
from tests.worlds.votes import ADA, answer, approval

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def measured(world: ReleaseWorld) -> dict[str, float]:
    """The sum of each metric since the last call."""
    sums = totals(world.metric_lines)
    world.metric_lines.clear()
    return sums


def test_a_release_is_measured_from_its_opening_to_its_end(world: ReleaseWorld) -> None:
    """Counts and durations of a release that succeeds."""
    arn = world.begin("orders")
    assert measured(world) == {"ReleasesOpened": 1, "ReleaseWait": 0}
    world.clock.advance(2 * MINUTE)
    world.wait(arn)
    assert measured(world) == {"PipelinesStarted": 1, "PipelineWait": 120}
    world.clock.advance(5 * MINUTE)
    world.complete("orders")
    assert measured(world) == {
        "PipelinesEnded": 1,
        "PipelinesEnded/SUCCEEDED": 1,
        "PipelineDuration": 300,
        "SettleLatency": 0,
    }
    world.clock.advance(MINUTE)
    world.close(arn)
    assert measured(world) == {
        "ReleasesEnded": 1,
        "ReleasesEnded/SUCCEEDED": 1,
        "ReleaseDuration": 480,
    }


def test_the_settle_latency_is_the_lateness_of_the_event(world: ReleaseWorld) -> None:
    """It is the time from the end that the event tells to the token that is sent."""
    world.wait(world.begin("orders"))
    world.play("orders")
    world.clock.advance(timedelta(seconds=7))
    world.deliver()
    assert measured(world)["SettleLatency"] == pytest.approx(7, abs=1)


def test_the_settle_latency_of_a_failure_is_measured(world: ReleaseWorld) -> None:
    """A failure is settled as a success is."""
    world.wait(world.begin("orders"))
    world.play("orders", fail=FAILURE)
    world.clock.advance(timedelta(seconds=7))
    world.deliver()
    assert measured(world)["SettleLatency"] == pytest.approx(7, abs=1)


def test_repeats_are_not_measured(world: ReleaseWorld) -> None:
    """Events that come twice, a second close and the event of a stop count nothing again."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    events = world.undelivered()
    for event in events:
        world.record_state_change(event)
    world.close(arn)
    measured(world)
    for event in events:
        world.record_state_change(event)
    world.close_release().at_end("r", arn)
    assert measured(world) == {}


def test_a_pipeline_that_never_starts_has_no_duration(world: ReleaseWorld) -> None:
    """The dependent of a failed pipeline counts as skipped; nothing is said of its time."""
    arn = world.begin("orders", after("catalog", "orders"))
    world.wait_for_all(arn)
    world.clock.advance(MINUTE)
    measured(world)
    world.complete("orders", fail=FAILURE)
    sums = measured(world)
    assert (sums["PipelinesEnded/FAILED"], sums["PipelinesEnded/SKIPPED"]) == (1, 1)
    assert sums["PipelineDuration"] == 60


def test_a_look_that_finds_an_end_is_counted(world: ReleaseWorld) -> None:
    """The event was lost; there is no settle latency, because no event told the end."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    world.undelivered()
    measured(world)
    world.clock.advance(HOUR)
    world.wait(arn)
    sums = measured(world)
    assert sums["LooksThatFound"] == 1
    assert sums["PipelinesEnded/SUCCEEDED"] == 1
    assert "SettleLatency" not in sums


def test_a_look_that_comes_after_the_event_is_not_counted(world: ReleaseWorld) -> None:
    """The event is recorded while the function looks."""
    arn = world.begin("orders")
    world.wait(arn)
    world.play("orders")
    token = world.step_functions.wait_for_token(arn)
    measured(world)
    with meanwhile(Executions, "record_change", before=world.deliver):
        world.run_pipeline("r", "orders", token)
    sums = measured(world)
    assert sums["PipelinesEnded/SUCCEEDED"] == 1
    assert "LooksThatFound" not in sums


def test_a_look_that_finds_nothing_is_not_counted(world: ReleaseWorld) -> None:
    """An execution that still runs is nothing new."""
    arn = world.begin("orders")
    world.wait(arn)
    measured(world)
    world.clock.advance(HOUR)
    world.wait(arn)
    assert measured(world) == {}


def test_a_retry_is_counted(world: ReleaseWorld) -> None:
    """A failed stage that is retried counts, and the pipeline has not ended."""
    world.wait(world.begin({"name": "orders", "retries": 1}))
    measured(world)
    world.complete("orders", fail=FAILURE)
    assert measured(world) == {"Retries": 1}


def test_a_throttled_start_is_counted(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS throttles the start: it counts as throttled, not as started."""
    arn = world.begin("orders")
    measured(world)
    refuse(
        monkeypatch,
        world.codepipeline,
        "start_pipeline_execution",
        Refused("ThrottlingException", "Rate exceeded"),
    )
    world.wait(arn)
    assert measured(world) == {"StartsThrottled": 1}


def test_a_rejected_manifest_is_counted_by_its_error(world: ReleaseWorld) -> None:
    """The error is a dimension: which manifests people get wrong."""
    arn = world.start('{"releaseId": "r", "pipelines": ["nowhere"]}')
    with suppress(Rejection):
        world.open_release(arn)
    assert measured(world) == {"ReleasesRejected": 1, "ReleasesRejected/ManifestInvalid": 1}


def test_a_rejection_counts_once(world: ReleaseWorld) -> None:
    """A retry of the opening finds it on record."""
    arn = world.start('{"releaseId": "r", "pipelines": ["nowhere"]}')
    for _ in range(2):
        with suppress(Rejection):
            world.open_release(arn)
    assert measured(world)["ReleasesRejected"] == 1


def test_the_wait_for_busy_pipelines_is_measured(world: ReleaseWorld) -> None:
    """From when the manifest was handed in until the release is opened."""
    first = world.begin("orders")
    second = world.start('{"releaseId": "s", "pipelines": ["orders"], "onBusy": "wait"}')
    assert world.open_release(second)["outcome"] == "BUSY"
    world.cancel(first)
    world.clock.advance(HOUR)
    measured(world)
    assert world.open_release(second)["outcome"] == "OPENED"
    sums = measured(world)
    assert sums == {"ReleasesOpened": 1, "ReleaseWait": pytest.approx(3600, abs=1)}


def test_a_cancelled_release_is_counted(world: ReleaseWorld) -> None:
    """Its event closes it; the outcome is CANCELLED."""
    arn = world.begin("orders")
    measured(world)
    world.cancel(arn)
    sums = measured(world)
    assert sums["ReleasesEnded/CANCELLED"] == 1
    assert sums["PipelinesEnded/SKIPPED"] == 1


def test_a_missed_end_of_the_workflow_is_counted(world: ReleaseWorld) -> None:
    """The hourly check finds it and closes the release, which counts once."""
    arn = world.begin("orders")
    world.stop(arn)
    measured(world)
    world.clock.advance(HOUR)
    world.parts("close-release").orphans.sweep()
    sums = measured(world)
    assert sums["WorkflowEndsFound"] == 1
    assert sums["ReleasesEnded/CANCELLED"] == 1
    world.parts("close-release").orphans.sweep()
    assert measured(world) == {}


def test_the_wait_for_people_is_measured(world: ReleaseWorld) -> None:
    """From the question to the last answer; an approval is not a pipeline."""
    arn = world.begin("orders", approvals=[approval("go-live")])
    world.wait(arn, "go-live")
    measured(world)
    world.clock.advance(HOUR)
    answer(world, ADA)
    assert measured(world) == {
        "ApprovalsEnded": 1,
        "ApprovalsEnded/SUCCEEDED": 1,
        "ApprovalWait": 3600,
    }
