"""The command asks on a terminal, answers programs with one object, and takes short names."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.command.command_line import CTRL_C, on_terminal, run_command
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

ASKS = "[y/N]"


def in_file(folder: Path, document: dict[str, Any]) -> str:
    """Write a manifest to a file; return its path."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_submit_shows_the_plan_and_asks(tmp_path: Path, estate: Estate, ledger: Ledger) -> None:
    """After no nothing is handed in; after yes the release is followed to its end."""
    release_id = unique("asked")
    path = in_file(tmp_path, manifest(release_id, estate.catalog))
    with on_terminal("submit", path) as terminal:
        terminal.wait_for(ASKS)
        assert f"Plan of release {release_id}" in terminal.text
        assert f"Submit release {release_id} to " in " ".join(terminal.text.split())
        terminal.press("n\n")
        assert terminal.end() == 1
        assert "Nothing was changed." in terminal.text
    assert ledger.header(release_id) == {}
    with on_terminal("submit", path) as terminal:
        terminal.wait_for(ASKS)
        terminal.press("y\n")
        assert terminal.end() == 0
    assert ledger.header(release_id)["status"] == "SUCCEEDED"
    with on_terminal("submit", path) as terminal:
        assert terminal.end() == 0
        assert ASKS not in terminal.text  # it was released already


def test_cancel_shows_what_it_stops_and_asks(
    pipelines: Pipelines, releases: Releases, ledger: Ledger
) -> None:
    """Ctrl-C at the question leaves the release as it is; in a pipe the command does not ask."""
    release_id, gated, after = unique("asked"), pipelines.make(approval=True), pipelines.make()
    document = manifest(release_id, gated, {"name": after, "dependsOn": [gated]})
    releases.start({**document, "stopMode": "abandon"})
    releases.started(release_id, gated)
    with on_terminal("cancel", release_id) as terminal:
        terminal.wait_for(ASKS)
        assert f"would be stopped at once: {gated}" in terminal.text
        assert f"would be skipped: {after}" in terminal.text
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert "Interrupted. Nothing was changed." in terminal.text
    assert ledger.header(release_id)["status"] == "RUNNING"
    cancelled = run_command("cancel", release_id, "--json", "--reason", "wrong build")
    assert cancelled.returncode == 0, cancelled.stderr
    told = json.loads(cancelled.stdout)
    assert (told["state"], told["release"]["status"]) == ("cancelled", "CANCELLED")
    assert {each["name"]: each["status"] for each in told["release"]["pipelines"]} == {
        gated: "STOPPED",
        after: "SKIPPED",
    }


def test_programs_get_one_object(tmp_path: Path, estate: Estate) -> None:
    """submit and rollback tell the outcome, and the same exit code as without --json."""
    release_id = unique("object")
    path = in_file(tmp_path, manifest(release_id, estate.catalog))
    submitted = run_command("submit", path, "--json")
    assert submitted.returncode == 0, submitted.stderr
    told = json.loads(submitted.stdout)
    assert (told["state"], told["releaseId"], told["next"]) == ("succeeded", release_id, [])
    assert f"release {release_id}: SUCCEEDED" in submitted.stderr
    again = json.loads(run_command("retry", release_id, "--json").stdout)
    assert again["state"] == "unchanged"
    refused = run_command("cancel", release_id, "--json")
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["state"] == "notDone"


def test_a_rollback_in_which_nothing_would_change(
    tmp_path: Path, pipelines: Pipelines, ledger: Ledger
) -> None:
    """Both releases shipped the same: nothing is started, unless --force says so."""
    one, two, name = unique("same"), unique("same"), pipelines.make()
    for release_id in (one, two):
        path = in_file(tmp_path, manifest(release_id, name))
        assert run_command("submit", path, "--json").returncode == 0
    idle = run_command("rollback", two)
    assert idle.returncode == 0, idle.stderr
    assert f"Plan of release {two}-rollback  = nothing would change" in idle.stdout
    assert ledger.header(f"{two}-rollback") == {}
    assert json.loads(run_command("rollback", two, "--json").stdout)["state"] == "unchanged"
    with on_terminal("rollback", two) as terminal:
        assert terminal.end() == 0
        assert ASKS not in terminal.text
    forced = run_command("rollback", two, "--force", "--json")
    assert forced.returncode == 0, forced.stderr
    assert ledger.header(f"{two}-rollback")["status"] == "SUCCEEDED"


def test_no_retry_is_proposed_after_a_pin_that_does_not_exist(
    tmp_path: Path, pipelines: Pipelines
) -> None:
    """The manifest has to be corrected; a retry would pin the same version."""
    release_id, name = unique("gone"), pipelines.make()
    gone = {
        "actionName": "Source",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": "0123456789abcdef",
    }
    document = manifest(release_id, {"name": name, "sourceRevisions": [gone]})
    submitted = run_command("submit", in_file(tmp_path, document))
    assert submitted.returncode == 1
    assert f"correct the pins of {name} in the manifest" in submitted.stdout
    told = submitted.stdout + submitted.stderr + run_command("show", release_id).stdout
    assert "release-machine retry" not in told


def test_a_rejected_manifest_by_its_short_name(tmp_path: Path) -> None:
    """The name of its execution is long; the beginning is enough, if it is the only one."""
    document = manifest(unique("short"), "no-such-pipeline")
    rejected = json.loads(run_command("submit", in_file(tmp_path, document), "--json").stdout)
    assert rejected["state"] == "rejected"
    name = rejected["executionArn"].rpartition(":")[2]
    shown = json.loads(run_command("show", name[:8], "--json").stdout)
    assert (shown["status"], shown["executionArn"]) == ("REJECTED", rejected["executionArn"])
