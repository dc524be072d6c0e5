"""What takes too long is stopped, is TIMED_OUT, and its release does what its policy says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.releasing.long_runs import LongRuns
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


# A slow machine may take some seconds to start a release's first pipelines.
LONG_ENOUGH_TO_START = (8, 16, 32, 64)


def in_seconds(seconds: float) -> str:
    """A moment from now, as a manifest's deadline."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def started_in_time(
    releases: Releases, pipeline: str, *others: Any, machine: str | None = None
) -> tuple[str, str, str]:
    """Start releases with ever more time, until one begins a pipeline before its deadline.

    Answers the execution, its release, and the pipeline's execution.
    """
    for seconds in LONG_ENOUGH_TO_START:
        release_id = unique("deadline")
        document = manifest(
            release_id, pipeline, *others, deadline=in_seconds(seconds), stopMode="abandon"
        )
        arn = releases.start(document, machine=machine)
        if execution_id := releases.started_or_ended(arn, release_id, pipeline):
            return arn, release_id, execution_id
    pytest.fail(f"no pipeline starts within {LONG_ENOUGH_TO_START[-1]} s")


def test_a_deadline_ends_what_runs_and_what_waits(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """At the deadline what runs is stopped and TIMED_OUT, what waits is SKIPPED; all on its own."""
    running, after = pipelines.make(approval=True), pipelines.make()
    arn, release_id, execution_id = started_in_time(
        releases, running, {"name": after, "dependsOn": [running]}
    )

    ended = releases.end(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert f"{running} timed out (execution {execution_id})" in ended["cause"]
    assert "the deadline of the release has passed" in ended["cause"]
    assert ledger.pipeline(release_id, running)["status"] == "TIMED_OUT"
    assert ledger.pipeline(release_id, after)["status"] == "SKIPPED"
    assert pipelines.status(running, execution_id) == "Stopped"
    assert pipelines.executions(after) == []


def test_a_timed_out_pipeline_ends_its_task_so(
    releases: Releases, pipelines: Pipelines, machines: Machines
) -> None:
    """Step Functions is told PipelineTimedOut, after LookAgain has set the time to look."""
    name, machine = pipelines.make(approval=True), machines.inline()
    arn, _, _ = started_in_time(releases, name, machine=machine)
    releases.end(arn)

    error, cause = releases.failed_tasks(arn)[-1]
    assert error == "PipelineTimedOut"
    assert f"{name} timed out" in cause


def test_a_release_in_time_is_not_touched(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """Limits that are kept change nothing."""
    release_id = unique("in-time")
    arn = releases.start(
        manifest(release_id, {"name": estate.catalog, "timeoutMinutes": 1}, deadline=in_seconds(60))
    )
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert "stop_requested_at" not in ledger.pipeline(release_id, estate.catalog)


@pytest.mark.parametrize(
    ("deadline", "words"),
    [
        ("2020-01-01T00:00:00Z", "deadline: 2020-01-01T00:00:00Z has passed"),
        ("2099-01-01T00:00:00", "must have a time zone"),
        ("tomorrow", "deadline: "),
    ],
    ids=["past", "no-zone", "text"],
)
def test_a_deadline_that_is_none_is_refused(
    releases: Releases, refusals: Refusals, estate: Estate, deadline: str, words: str
) -> None:
    """A deadline is a moment to come, with its zone."""
    arn = releases.start(manifest(unique("never"), estate.catalog, deadline=deadline))
    assert words in refusals.cause(arn, "ManifestInvalid", "direct")


def test_timeout_minutes_count_from_the_start_of_the_pipeline(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, long_runs: LongRuns
) -> None:
    """A pipeline with timeoutMinutes 1 is stopped a minute after its start, by nobody's event."""
    run = long_runs.timed

    ended = releases.end(releases.adopt(run.execution_arn))

    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert f"{run.pipeline} timed out" in ended["cause"]
    node = ledger.pipeline(run.release_id, run.pipeline)
    assert node["status"] == "TIMED_OUT"
    started = datetime.fromisoformat(node["started_at"])
    stopped = datetime.fromisoformat(node["stop_requested_at"])
    assert timedelta(seconds=60) <= stopped - started < timedelta(seconds=120)
    assert pipelines.status(run.pipeline, node["execution_id"]) == "Stopped"
