"""The command hands a release in and follows it, in a pipe and on a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.command.command_line import on_terminal, run_command
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a manifest to a file; return its path."""

    def to_file(document: dict[str, Any]) -> str:
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return to_file


def test_submit_in_a_pipe(write: Any, estate: Estate, ledger: Ledger, account: Account) -> None:
    """Each change is a plain line; success is exit code 0; the header names the caller."""
    release_id = unique("r")
    entries = (estate.catalog, {"name": estate.orders, "dependsOn": [estate.catalog]})
    called = run_command("submit", write(manifest(release_id, *entries)))
    assert called.returncode == 0, called.stderr
    assert "\x1b" not in called.stdout
    lines = called.stdout.splitlines()
    assert lines[-1].partition(" ")[2].startswith(f"release {release_id}: SUCCEEDED after ")
    ended = [line.split()[1] for line in lines if " SUCCEEDED after" in line][:2]
    assert ended == [estate.catalog, estate.orders]
    assert ledger.header(release_id)["requester"] == account.caller


def test_submit_from_the_standard_input(estate: Estate) -> None:
    """A manifest may come from the standard input; a rejected one is exit code 1."""
    document = json.dumps(manifest(unique("r"), estate.catalog, "no-such-pipeline"))
    called = run_command("submit", "-", stdin=document)
    assert called.returncode == 1
    assert "pipelines[1]: there is no pipeline 'no-such-pipeline'" in called.stderr
    assert "release-machine plan" in called.stderr


def test_watch_on_a_terminal(pipelines: Pipelines, releases: Releases) -> None:
    """The live view redraws in place; Ctrl-C restores the cursor and the release continues."""
    release_id, pipeline = unique("r"), pipelines.make(approval=True)
    releases.start(manifest(release_id, pipeline))
    execution_id = releases.started(release_id, pipeline)
    with on_terminal("watch", release_id) as terminal:
        terminal.wait_for("waits for manual approval")
        assert "0 of 1 ended" in terminal.text
        assert HIDE_CURSOR in terminal.written
        terminal.interrupt()
        assert terminal.end() == 130
        assert f"the release continues. Follow it again: release-machine watch {release_id}" in (
            " ".join(terminal.text.split())
        )
        written = terminal.written
    assert written.rindex(SHOW_CURSOR) > written.rindex(HIDE_CURSOR)
    assert "Traceback" not in written
    with on_terminal("watch", release_id) as terminal:
        terminal.wait_for("waits for manual approval")
        pipelines.approve(pipeline, execution_id)
        assert terminal.end() == 0
        assert "✔ SUCCEEDED" in terminal.text
