"""A release with `notBefore` is held until its time, and is known by its id meanwhile."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from release_core.clock import from_iso, to_iso
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def in_seconds(seconds: float) -> str:
    """The time in so many seconds, as in a manifest."""
    return to_iso(datetime.now(UTC) + timedelta(seconds=seconds))


def enters(releases: Releases, arn: str, state: str = "WaitForPipelines") -> None:
    """Wait until an execution is in a state that waits."""
    wait_until(f"it is in {state}", lambda: state in releases.visited(arn))


def shown(release_id: str) -> dict[str, object]:
    """A release as the command shows it."""
    found: dict[str, object] = json.loads(run_command("show", release_id, "--json").stdout)
    return found


def test_a_release_is_held_until_its_time(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Another release runs its pipeline meanwhile; then it starts by itself, not before."""
    name, release_id, start = pipelines.make(), unique("held"), in_seconds(20)
    arn = releases.start(manifest(release_id, name, notBefore=start))
    enters(releases, arn, "WaitForTime")
    assert ledger.holder(name) == ""
    found = shown(release_id)
    assert (found["status"], found["pending"], found["notBefore"]) == ("RUNNING", True, start)
    listed = json.loads(run_command("list", "--limit", "1000", "--json").stdout)
    assert [each["pending"] for each in listed if each["releaseId"] == release_id] == [True]
    other = releases.start(manifest(unique("meanwhile"), name))
    assert releases.end(other)["status"] == "SUCCEEDED"

    assert run_command("watch", release_id).returncode == 0

    assert releases.end(arn)["status"] == "SUCCEEDED"
    executions = pipelines.executions(name)
    assert [each["status"] for each in executions] == ["Succeeded"] * 2
    assert executions[0]["startTime"] >= from_iso(start)
    assert shown(release_id)["pending"] is False


def test_a_held_release_is_cancelled_by_its_id(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """A stop ends the hold at once, and gives the reserved pipelines to the next release."""
    name, release_id, behind = pipelines.make(), unique("held"), unique("behind")
    document = manifest(release_id, name, notBefore=in_seconds(3600), holdLocks=True)
    arn = releases.start(document)
    enters(releases, arn, "WaitForTime")
    second = releases.start(manifest(behind, name, onBusy="wait"))
    enters(releases, second)
    assert ledger.holder(name) == ""
    told = run_command("show", behind).stdout
    assert f"{name} is first reserved for release {release_id}" in told

    cancelled = run_command("cancel", release_id, "--reason", "not today")

    assert cancelled.returncode == 0, cancelled.stderr
    assert "it had not opened a release; nothing is running" in cancelled.stdout
    assert releases.end(second)["status"] == "SUCCEEDED"
    wait_until("it is forgotten", lambda: run_command("show", release_id).returncode == 2)


def test_a_holder_names_who_waits_for_it(releases: Releases, pipelines: Pipelines) -> None:
    """The releases behind it are shown in the order in which they are served."""
    name, holder = pipelines.make(approval=True), unique("holder")
    first = releases.start(manifest(holder, name, stopMode="abandon"))
    pipelines.wait_for_approval(name, releases.started(holder, name))
    ids = [unique("second"), unique("third")]
    for release_id in ids:
        enters(releases, releases.start(manifest(release_id, name, onBusy="wait")))
    found = shown(holder)["behind"]
    assert isinstance(found, list)
    assert [(each["releaseId"], each["pipelines"]) for each in found] == [
        (each, [name]) for each in ids
    ]
    for release_id in ids:
        assert run_command("cancel", release_id).returncode == 0
    releases.stop(first, "enough")


def test_a_time_behind_the_deadline_is_rejected(
    releases: Releases, refusals: Refusals, pipelines: Pipelines
) -> None:
    """The manifest is rejected at once, and nothing is listed."""
    start = "2030-01-01T00:00:00Z"
    document = manifest(unique("late"), pipelines.make(), notBefore=start, deadline=start)
    cause = refusals.cause(releases.start(document), "ManifestInvalid", "direct")
    assert f"- notBefore: must be before the deadline, {start}" in cause
