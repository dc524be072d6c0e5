"""The command cancels a release, retries it, shows it and lists it."""

import json

import pytest

from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_cancel_retry_show_and_list(pipelines: Pipelines, releases: Releases) -> None:
    """A release is cancelled and retried by its id, and its record shows both."""
    release_id, plain, gated = unique("r"), pipelines.make(), pipelines.make(approval=True)
    document = manifest(
        release_id, plain, {"name": gated, "dependsOn": [plain]}, stopMode="abandon"
    )
    releases.start(document)
    releases.started(release_id, gated)

    cancelled = run_command("cancel", release_id, "--reason", "wrong build")
    assert cancelled.returncode == 0, cancelled.stderr
    assert f"succeeded before: {plain}" in cancelled.stdout
    listed = run_command("list", "--status", "cancelled", "--limit", "1000", "--json")
    (mine,) = [each for each in json.loads(listed.stdout) if each["releaseId"] == release_id]
    assert mine["status"] == "CANCELLED"
    assert mine["why"].startswith("wrong build, by ")

    retried = run_command("retry", release_id, "--detach")
    assert retried.returncode == 0, retried.stderr
    first = json.loads(run_command("show", release_id, "--json").stdout)["pipelines"][1]
    pipelines.approve(gated, releases.started(release_id, gated))
    assert run_command("watch", release_id).returncode == 0

    shown = run_command("show", release_id, "--audit")
    assert shown.returncode == 0
    for part in ("SUCCEEDED in attempt 1", "TIMELINE of attempt 2", "wrong build", "AUDIT"):
        assert part in shown.stdout
    found = json.loads(run_command("show", release_id, "--json").stdout)
    assert (found["status"], found["attempt"]) == ("SUCCEEDED", 2)
    assert [each["attempt"] for each in found["pipelines"]] == [1, 2]
    assert found["pipelines"][1]["changes"][-1]["state"] == "SUCCEEDED"
    assert first["attempts"][0]["attempt"] == 1
    assert release_id in run_command("list", "--limit", "1000").stdout


@pytest.mark.parametrize("command", ["retry", "rollback"])
def test_an_unknown_release(command: str) -> None:
    """An unknown release is exit code 2, with the command that lists the releases."""
    called = run_command(command, unique("none"))
    assert called.returncode == 2
    assert "release-machine list" in called.stderr
