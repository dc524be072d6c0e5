"""Messages of dead-letter queues are listed, shown, sent again and deleted."""

import json
import sys
from dataclasses import replace
from io import StringIO

import pytest
from click.testing import CliRunner

from release_core.domain.execution import Execution
from release_machine.cli import cli
from release_machine.release.dead_letters import HIDDEN
from release_machine.terminal import asking
from tools.operator.tests.conftest import EXECUTION, Run
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.fake_queues import (
    CALENDARS,
    DROPPED,
    ENDED,
    FAILED,
    MANIFESTS,
    STATE_CHANGED,
    UNDELIVERED,
    FakeQueues,
    failed,
    undelivered,
)

NAMES = {
    "record_state_change": "release-machine-record-state-change",
    "close_release": "release-machine-close-release",
}
CHANGE = "1a2b3c4d-1111-4000-8000-000000000001"
END = "2b3c4d5e-1111-4000-8000-000000000002"
UPLOAD = "2b99aaaa-1111-4000-8000-000000000003"
OTHER = "3c4d5e6f-1111-4000-8000-000000000004"


@pytest.fixture
def queues(aws: FakeAws) -> FakeQueues:
    """Queues with a state change, a workflow end and an uploaded manifest."""
    queues = FakeQueues()
    aws.services = {"sqs": queues, "lambda": queues}
    aws.deployment = replace(aws.deployment, function_names=NAMES)
    queues.put(FAILED, CHANGE, failed(STATE_CHANGED))
    queues.put(UNDELIVERED, END, undelivered(ENDED))
    queues.put(MANIFESTS, UPLOAD, undelivered(DROPPED))
    return queues


def test_list(aws: FakeAws, queues: FakeQueues, run: Run) -> None:
    """Each message with its queue, since when, of what, and why; the oldest first."""
    execution_id = STATE_CHANGED["detail"]["execution-id"]
    aws.executions[execution_id] = Execution(
        execution_id=execution_id, pipeline="shop-orders", release_id="2026.11.22-7"
    )
    aws.pointer = None
    result = run("dead-letters")
    assert result.exit_code == 0, result.output
    blocks = result.stdout.split("\n\n")
    assert blocks[0].splitlines() == [
        f"2026-11-22T10:00:00Z  {FAILED}",
        f"    id         {CHANGE}",
        "    event      CodePipeline Pipeline Execution State Change: SUCCEEDED",
        "    release    2026.11.22-7",
        "    pipeline   shop-orders",
        f"    execution  {execution_id}",
        "    why        the function failed: StartUnresolved: a start may come (after 3 tries)",
    ]
    assert blocks[1].splitlines()[0] == f"2026-11-22T10:01:00Z  {UNDELIVERED}"
    assert "s3://manifests/release.json (version v1)" in blocks[2]
    assert "release-machine dead-letters replay ID" in blocks[3]
    assert not queues.hidden
    assert len(queues.left) == 3


def test_list_as_json(aws: FakeAws, queues: FakeQueues, run: Run) -> None:
    """The keys of the reference; the release of a workflow end is the one that it opened."""
    aws.execution = {}
    aws.looks_before_opening = 0
    monitored = json.loads(run("dead-letters", "list", "--json").stdout)
    assert [each["id"] for each in monitored] == [CHANGE, END, UPLOAD]
    assert monitored[0]["releaseId"] is None
    assert list(monitored[1]) == [
        *("id", "queue", "since", "event", "releaseId", "pipeline", "executionId"),
        *("executionArn", "manifest", "why"),
    ]
    assert monitored[1]["executionArn"] == EXECUTION


def test_nothing_to_list(queues: FakeQueues, run: Run) -> None:
    """Empty queues are said to be empty."""
    for queue in queues.messages.values():
        queue.clear()
    for words in ([], ["replay", "--all"], ["delete", "--all", "--yes"]):
        result = run("dead-letters", *words)
        assert (result.exit_code, result.stdout) == (0, "the dead-letter queues are empty\n")
    assert json.loads(run("dead-letters", "--json").stdout) == []


def test_many_messages(queues: FakeQueues, run: Run) -> None:
    """A queue is read in batches to the limit, and the command says that there are more."""
    for number in range(25):
        queues.put(FAILED, f"{number:08}", failed(STATE_CHANGED))
    assert len(json.loads(run("dead-letters", "--json").stdout)) == 28
    assert not queues.hidden
    limited = run("dead-letters", "--limit", "12").stdout
    assert limited.count("id      ") == 14
    assert f"{FAILED} has about 14 more: read them with --limit 120" in limited
    assert not queues.hidden


def test_messages_that_somebody_else_reads(queues: FakeQueues, run: Run) -> None:
    """They are hidden for a moment, and not silently left out."""
    queues.read_elsewhere = 2
    assert f"{FAILED} has about 2 more that somebody else reads" in run("dead-letters").stdout


def test_messages_that_are_shown_again_soon(queues: FakeQueues, run: Run) -> None:
    """Another person lists the messages at the same moment: the command waits for them."""
    queues.hidden = queues.shown_soon = {f"{FAILED}/{CHANGE}"}
    listed = run("dead-letters").stdout
    assert CHANGE in listed
    assert "somebody else" not in listed


def test_show(queues: FakeQueues, run: Run) -> None:
    """A message is shown whole, without values of variables; the beginning of its id is enough."""
    result = run("dead-letters", "show", END[:8])
    assert result.exit_code == 0, result.output
    assert "ERROR_CODE  NO_PERMISSIONS" in result.stdout
    assert '"status": "ABORTED"' in result.stdout
    assert "hunter2" not in result.stdout
    (shown,) = json.loads(run("dead-letters", "show", END, "--json").stdout)
    assert shown["attributes"]["RETRY_ATTEMPTS"] == "185"
    assert shown["message"]["detail"]["input"] == HIDDEN
    assert not queues.hidden


@pytest.mark.parametrize("action", ["show", "replay", "delete"])
@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ("ffff", "No dead-letter queue has a message ffff."),
        ("2b", "2 messages have an id that begins with 2b."),
        ("", "ID is empty."),
    ],
)
def test_unknown_ids(queues: FakeQueues, run: Run, action: str, wanted: str, problem: str) -> None:
    """Nothing is done, and the message names what there is."""
    result = run("dead-letters", action, CHANGE, wanted)
    assert result.exit_code == 2
    assert result.stderr.startswith(problem)
    assert len(queues.left) == 3
    assert not queues.hidden
    assert not queues.invoked


def test_replay(queues: FakeQueues, run: Run) -> None:
    """The event goes to its function as it was; then the message is deleted."""
    result = run("dead-letters", "replay", CHANGE, END)
    assert result.exit_code == 0, result.output
    assert queues.invoked == [
        (NAMES["record_state_change"], "Event", STATE_CHANGED),
        (NAMES["close_release"], "Event", ENDED),
    ]
    assert f"{CHANGE} sent to {NAMES['record_state_change']}" in result.stdout
    assert queues.left == {UPLOAD}
    assert not queues.hidden - {f"{FAILED}/{CHANGE}", f"{UNDELIVERED}/{END}"}


def test_replay_of_a_manifest(aws: FakeAws, queues: FakeQueues, run: Run) -> None:
    """It starts the workflow under a name of its own, so two replays start one execution."""
    result = run("dead-letters", "replay", UPLOAD)
    assert result.exit_code == 0, result.output
    assert aws.started == [DROPPED]
    assert aws.names == [f"replay-{UPLOAD}"]
    assert f"execution:release-machine:replay-{UPLOAD}" in result.stdout
    queues.put(MANIFESTS, UPLOAD, undelivered(DROPPED))
    assert "already replayed as execution" in run("dead-letters", "replay", UPLOAD).stdout
    assert aws.started == [DROPPED]
    assert UPLOAD not in queues.left


def test_replay_all(aws: FakeAws, queues: FakeQueues, run: Run) -> None:
    """All but manifests, which would start releases, and what is not an event."""
    queues.put(FAILED, OTHER, {"Body": "text"})
    result = run("dead-letters", "replay", "--all")
    assert result.exit_code == 0, result.output
    assert queues.left == {UPLOAD, OTHER}
    assert f"{UPLOAD} left out: it would start a release now" in result.stdout
    assert f"{OTHER} left out: it holds no event" in result.stdout
    assert not aws.started
    assert not queues.hidden & {f"{MANIFESTS}/{UPLOAD}", f"{FAILED}/{OTHER}"}


def test_what_is_not_an_event_cannot_be_replayed(queues: FakeQueues, run: Run) -> None:
    """The command says what to do instead."""
    queues.put(FAILED, OTHER, {"Body": "text"})
    result = run("dead-letters", "replay", OTHER)
    assert result.exit_code == 1
    assert f"release-machine dead-letters delete {OTHER}" in result.stderr
    assert OTHER in queues.left


def test_a_replay_that_is_refused_keeps_the_message(queues: FakeQueues, run: Run) -> None:
    """A message is deleted only after its event was accepted."""
    queues.refused = True
    result = run("dead-letters", "replay", CHANGE)
    assert result.exit_code == 3
    assert "You may not call Invoke" in result.stderr
    assert len(queues.left) == 3
    assert not queues.hidden


def test_delete(queues: FakeQueues, run: Run) -> None:
    """Without a terminal it needs --yes."""
    result = run("dead-letters", "delete", CHANGE)
    assert result.exit_code == 2
    assert result.stderr.startswith("Nothing was deleted")
    assert len(queues.left) == 3
    result = run("dead-letters", "delete", CHANGE, "--yes")
    assert result.exit_code == 0, result.output
    assert queues.left == {END, UPLOAD}
    assert run("dead-letters", "delete", "--all", "--yes").exit_code == 0
    assert queues.left == set()


def test_delete_does_not_ask_in_a_file(queues: FakeQueues, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would see the question."""

    class Keyboard(StringIO):
        def isatty(self) -> bool:
            return True

    def is_asked(*_: object, **__: object) -> None:
        pytest.fail("a question was asked")

    monkeypatch.setattr("click.confirm", is_asked)
    monkeypatch.setattr(sys, "stdin", Keyboard())
    monkeypatch.setattr(sys, "stdout", StringIO())
    with pytest.raises(SystemExit) as ended:
        cli(["dead-letters", "delete", CHANGE])
    assert ended.value.code == 2
    assert len(queues.left) == 3


@pytest.mark.parametrize(("answer", "left"), [("y", 1), ("n", 3), ("", 3)])
def test_delete_asks(
    queues: FakeQueues, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    """On a terminal it names what it deletes, and asks."""
    monkeypatch.setattr(asking, "is_terminal", lambda: True)
    words = ["dead-letters", "delete", CHANGE, END]
    result = CliRunner().invoke(cli, words, input=f"{answer}\n")
    assert f"{CHANGE} {FAILED}: CodePipeline Pipeline Execution State Change" in result.stdout
    assert result.exit_code == (0 if answer == "y" else 1)
    assert len(queues.left) == left


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["list", CHANGE], "list takes no ID."),
        (["list", "--all"], "list takes neither --all nor --yes."),
        (["show"], "show needs ID."),
        (["show", CHANGE, "--yes"], "show takes neither --all nor --yes."),
        (["replay"], "replay needs ID or --all."),
        (["replay", CHANGE, "--all"], "--all and ID both choose messages."),
        (["replay", CHANGE, "--yes"], "replay does not ask"),
        (["delete", CHANGE, "--json"], "delete takes no --json."),
    ],
)
def test_wrong_usage(queues: FakeQueues, run: Run, words: list[str], problem: str) -> None:
    """What does not belong together is refused before anything is read."""
    result = run("dead-letters", *words)
    assert result.exit_code == 2
    assert result.stderr.startswith(problem)


def test_a_deployment_without_calendars(queues: FakeQueues, run: Run) -> None:
    """It lacks two queues; one that lacks others is of another version."""
    queues.missing = frozenset({CALENDARS, "release-machine-change-freeze-failures"})
    assert run("dead-letters").exit_code == 0
    queues.missing = frozenset({FAILED})
    result = run("dead-letters")
    assert result.exit_code == 3
    assert f"There is no queue {FAILED}." in result.stderr


def test_no_permission(queues: FakeQueues, run: Run) -> None:
    """The operation that is missing is named."""
    queues.denied = True
    result = run("dead-letters")
    assert result.exit_code == 3
    assert "You may not call GetQueueUrl" in result.stderr


def test_hostile_texts(queues: FakeQueues, run: Run) -> None:
    """No text of a message writes control characters to the terminal."""
    queues.put(FAILED, OTHER, failed({"detail-type": "a\x1b[31m\nb", "detail": {"x": "\x1b"}}))
    for words in (["list"], ["show", OTHER]):
        assert "\x1b" not in run("dead-letters", *words).stdout
