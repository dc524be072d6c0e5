"""The command stops a release, runs the rest of it again, and shows and lists what became of it."""

import json

import pytest

from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_cancel_retry_show_and_list(pipelines: Pipelines, releases: Releases) -> None:
    """A release is stopped and gone on with by its id alone, and its record tells both."""
    release_id, plain, gated = unique("r"), pipelines.make(), pipelines.make(approval=True)
    document = manifest(
        release_id, plain, {"name": gated, "dependsOn": [plain]}, stopMode="abandon"
    )
    releases.start(document)
    releases.started(release_id, gated)

    cancelled = run_command("cancel", release_id, "--reason", "wrong build")
    assert cancelled.returncode == 0, cancelled.stderr
    assert f"succeeded before: {plain}" in cancelled.stdout
    listed = run_command("list", "--status", "cancelled", "--json")
    (mine,) = [each for each in json.loads(listed.stdout) if each["releaseId"] == release_id]
    assert mine["status"] == "CANCELLED"
    assert mine["why"].endswith("wrong build")

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
    assert release_id in run_command("list", "--limit", "50").stdout


def test_bill_of_materials(pipelines: Pipelines, releases: Releases) -> None:
    """What shipped is told for people and programs."""
    release_id, pipeline = unique("r"), pipelines.make()
    releases.end(releases.start(manifest(release_id, pipeline)))
    (told,) = json.loads(run_command("show", release_id, "--bom", "--json").stdout)["pipelines"]
    (revision,) = told["revisions"]
    assert (told["name"], revision["action"]) == (pipeline, "Source")
    assert revision["type"] == "S3_OBJECT_VERSION_ID"
    assert revision["revision"] in run_command("show", release_id, "--bom").stdout


def test_what_is_not_there() -> None:
    """A release that nobody knows is exit code 2, with what to do next."""
    for command in ("watch", "show", "cancel", "retry", "rollback"):
        called = run_command(command, unique("none"))
        assert called.returncode == 2, command
        assert "release-machine list" in called.stderr, command
