"""The command hands a release in and follows it: on a terminal, in a pipe, as JSON."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.command.command_line import in_pipe, on_terminal, run_command
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write a manifest to a file; answers its path."""

    def to_file(document: dict[str, Any]) -> str:
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return to_file


def test_submit_in_a_pipe(write: Any, estate: Estate, ledger: Ledger, account: Account) -> None:
    """Each change is one line, plain; a good release is exit code 0, and who submitted is known."""
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
    """A manifest that a program writes needs no file; a refused one is exit code 1."""
    document = json.dumps(manifest(unique("r"), estate.catalog, "no-such-pipeline"))
    called = run_command("submit", "-", stdin=document)
    assert called.returncode == 1
    assert "pipelines[1]: there is no pipeline 'no-such-pipeline'" in called.stderr
    assert "release-machine plan" in called.stderr


def test_detach_and_watch(write: Any, pipelines: Pipelines, releases: Releases) -> None:
    """Who hands in may leave at once; who watches in a pipe is told what it waits for."""
    release_id, pipeline = unique("r"), pipelines.make(approval=True)
    called = run_command("submit", write(manifest(release_id, pipeline)), "--detach")
    assert called.returncode == 0, called.stderr
    assert called.stdout.rstrip().endswith(f"release-machine watch {release_id}")
    execution_id = releases.started(release_id, pipeline)
    pipelines.wait_for_approval(pipeline, execution_id)
    shown = run_command("show", release_id)
    assert "waits for manual approval" in shown.stdout
    assert f"to continue {pipeline}, run:" in shown.stdout
    pipelines.approve(pipeline, execution_id)
    watched = run_command("watch", release_id)
    assert watched.returncode == 0
    assert f"release {release_id}: SUCCEEDED" in watched.stdout


def test_watch_on_a_terminal(pipelines: Pipelines, releases: Releases) -> None:
    """The live view draws in place; Ctrl-C restores the cursor, and the release goes on."""
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


def test_watch_as_json(pipelines: Pipelines, releases: Releases) -> None:
    """Each event is one JSON object with its time, the release and what it is about."""
    release_id, pipeline = unique("r"), pipelines.make()
    releases.end(releases.start(manifest(release_id, pipeline)))
    called = run_command("watch", release_id, "--json")
    assert called.returncode == 0, called.stderr
    events = [json.loads(line) for line in called.stdout.splitlines()]
    assert {each["releaseId"] for each in events} == {release_id}
    assert [each["event"] for each in events] == ["releaseFound", "pipelineMoved", "releaseClosed"]
    found, moved, closed = events
    assert found["pipelines"] == [{"name": pipeline, "status": "SUCCEEDED", "dependsOn": []}]
    assert (moved["pipeline"], moved["status"], moved["failure"]) == (pipeline, "SUCCEEDED", None)
    assert max(moved["startedAt"], moved["endedAt"]) <= moved["at"]
    assert closed["status"] == "SUCCEEDED"


def test_what_waits_is_followed_to_its_end(
    write: Any, pipelines: Pipelines, releases: Releases
) -> None:
    """Who holds the pipeline since when is told in lines and as JSON, and then what comes of it."""
    held, holder, waiting = pipelines.make(approval=True), unique("holder"), unique("waiting")
    first = releases.start(manifest(holder, held))
    execution_id = releases.started(holder, held)
    with in_pipe("submit", write(manifest(waiting, held, onBusy="wait"))) as submitted:
        submitted.wait_for("cancel it with: release-machine cancel ")
        (name,) = re.findall(r"release-machine cancel (\S+)", submitted.text)
        with in_pipe("watch", name, "--json") as watched:
            watched.wait_for("releaseWaits")
            pipelines.approve(held, execution_id)
            pipelines.approve(held, releases.started(waiting, held))
            assert (submitted.end(), watched.end()) == (0, 0)
            events = [json.loads(line) for line in watched.text.splitlines()]
        lines = submitted.text.splitlines()
    assert f"waits for busy pipelines: {held} is held by release {holder} since 20" in lines[2]
    assert f"release {waiting}: SUCCEEDED after " in lines[-1]
    # A look may fall between the end of the holder and the opening: then nobody holds it any more.
    waits, *freed = [each for each in events if each["event"] == "releaseWaits"]
    assert [each["holds"] for each in freed] in ([], [[]])
    found, *_, closed = events[1 + len(freed) :]
    (hold,) = waits["holds"]
    assert waits["executionArn"].endswith(f":{name}")
    assert (hold["pipeline"], hold["releaseId"], hold["executionArn"]) == (held, holder, first)
    assert [each["event"] for each in (waits, found)] == ["releaseWaits", "releaseFound"]
    assert (closed["event"], closed["status"]) == ("releaseClosed", "SUCCEEDED")
