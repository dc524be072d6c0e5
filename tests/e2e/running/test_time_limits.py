"""A pipeline that takes too long is stopped and becomes TIMED_OUT, which fails its release."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = [pytest.mark.platform, pytest.mark.minute]


# Seconds: a slow machine takes longer to start the first pipelines of a release.
LONG_ENOUGH_TO_START = (8, 16, 32, 64)
# Without the deadline, the next look is an hour away.
LATE = timedelta(minutes=1)


def in_seconds(seconds: float) -> str:
    """Return a deadline for a manifest, in seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def started_in_time(
    releases: Releases, pipeline: str, *others: Any, machine: str | None = None
) -> tuple[str, str, str]:
    """Start releases with ever later deadlines until one starts the pipeline in time.

    Returns the workflow execution, the release and the pipeline's execution.
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


def test_a_deadline_ends_running_and_waiting_pipelines(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """At the deadline running pipelines are stopped and TIMED_OUT, waiting ones SKIPPED."""
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


def test_a_deadline_counts_while_a_release_waits(releases: Releases, pipelines: Pipelines) -> None:
    """A release that waits for a locked pipeline is rejected within seconds of its deadline."""
    name, holder = pipelines.make(approval=True), unique("holder")
    first = releases.start(manifest(holder, name))
    execution_id = releases.started(holder, name)
    for seconds in LONG_ENOUGH_TO_START:
        deadline = in_seconds(seconds)
        arn = releases.start(manifest(unique("busy"), name, onBusy="wait", deadline=deadline))
        ended = releases.end(arn)
        assert (ended["status"], ended["error"]) == ("FAILED", "ManifestInvalid")
        if "WaitForPipelines" in releases.visited(arn):
            break
    else:
        pytest.fail(f"no release opens within {LONG_ENOUGH_TO_START[-1]} s")

    assert "deadline" in ended["cause"]
    assert ended["stopDate"] - datetime.fromisoformat(deadline) < LATE
    pipelines.approve(name, execution_id)
    assert releases.end(first)["status"] == "SUCCEEDED"


def test_a_timed_out_pipeline_fails_its_task(
    releases: Releases, pipelines: Pipelines, machines: Machines
) -> None:
    """The task fails with PipelineTimedOut; LookAgain has set the time of the look."""
    name, machine = pipelines.make(approval=True), machines.inline()
    arn, _, _ = started_in_time(releases, name, machine=machine)
    releases.end(arn)

    error, cause = releases.failed_tasks(arn)[-1]
    assert error == "PipelineTimedOut"
    assert f"{name} timed out" in cause


def test_timeout_minutes_count_from_the_start_of_the_pipeline(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """A pipeline with timeoutMinutes 1 is stopped a minute after its start, without any event."""
    name, release_id = pipelines.make(approval=True), unique("timed")
    arn = releases.start(
        manifest(release_id, {"name": name, "timeoutMinutes": 1}, stopMode="abandon")
    )

    ended = releases.end(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    assert f"{name} timed out" in ended["cause"]
    node = ledger.pipeline(release_id, name)
    assert node["status"] == "TIMED_OUT"
    started = datetime.fromisoformat(node["started_at"])
    stopped = datetime.fromisoformat(node["stop_requested_at"])
    assert stopped - started >= timedelta(minutes=1)
    assert pipelines.status(name, node["execution_id"]) == "Stopped"
