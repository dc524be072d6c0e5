"""--json of submit, cancel, retry and rollback: one object at the end, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from click.testing import Result

from release_core.domain.release import ReleaseStatus
from release_machine.errors import OperatorError, UnansweredError, UsageError
from release_machine.terminal import asking
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws, refusal
from tools.operator.tests.samples.fake_rollbacks import RELEASE, ROLLBACK, Core
from tools.operator.tests.terminal.test_commands import ALREADY_RELEASED, HOLD, PLANNED

KEYS = ["state", "executionArn", "releaseId", "next", "release"]


def told(result: Result) -> Any:
    """The object; standard output has nothing else."""
    document = json.loads(result.stdout)
    assert [key for key in document if key in KEYS] == KEYS
    return document


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("FAILED", 1), ("CANCELLED", 1)])
@pytest.mark.parametrize("command", ["submit", "rollback", "retry"])
def test_a_release_that_was_followed(
    aws: FakeAws,
    core: Core,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    status: str,
    code: int,
) -> None:
    """The state is the outcome, and the release is that of show --json; people read the rest."""
    aws.set_status("FAILED" if command == "retry" else status)
    start = aws.start_execution

    def start_and_end(**asked: str) -> dict[str, str]:
        aws.set_status(status)
        return start(**asked)

    monkeypatch.setattr(aws, "start_execution", start_and_end)
    words = ("manifest.json",) if command == "submit" else (RELEASE,)
    result = run(command, *words, "--json")
    assert result.exit_code == code, result.output
    document = told(result)
    assert (document["state"], document["releaseId"]) == (status.lower(), RELEASE)
    assert document["release"]["status"] == status
    assert [each["name"] for each in document["release"]["pipelines"]] == ["catalog", "orders"]
    assert bool(document["next"]) is (code == 1)
    assert f"execution {EXECUTION}" in result.stderr
    assert f"release {RELEASE}: {status}" in result.stderr


def test_detached(aws: FakeAws, run: Run) -> None:
    """An open release is accepted; a release that waits says for what."""
    aws.set_status("RUNNING")
    document = told(run("submit", "manifest.json", "--detach", "--json"))
    assert (document["state"], document["releaseId"]) == ("accepted", RELEASE)
    assert document["next"] == [f"follow it with: release-machine watch {RELEASE}"]
    assert document["release"] is None
    aws.execution, aws.pointer, aws.holds = {"status": "RUNNING"}, None, [HOLD]
    result = run("submit", "manifest.json", "--detach", "--json")
    document = told(result)
    assert (document["state"], document["executionArn"]) == ("waiting", EXECUTION)
    assert [each["releaseId"] for each in document["holds"]] == ["5.9"]
    assert document["heldUntil"] is None
    assert "a is held by release 5.9" in result.stderr


def test_nothing_new_was_started(aws: FakeAws, run: Run) -> None:
    """Of a manifest that was released before, the state is the outcome of that release."""
    aws.execution, aws.pointer = ALREADY_RELEASED, None
    document = told(run("submit", "manifest.json", "--json"))
    assert (document["state"], document["releasedBy"]) == ("succeeded", "arn:first")
    document = told(run("submit", "manifest.json", "--json", "--detach"))
    assert (document["state"], document["releasedBy"]) == ("alreadyReleased", "arn:first")
    aws.execution = PLANNED
    document = told(run("submit", "manifest.json", "--json"))
    assert (document["state"], document["plan"]["valid"]) == ("planned", True)


def test_rejected(aws: FakeAws, run: Run) -> None:
    """The error and the cause are those of the execution; people read them, too."""
    aws.execution = {"status": "FAILED", "error": "ManifestInvalid", "cause": "pipelines: missing"}
    aws.pointer = None
    result = run("submit", "manifest.json", "--json")
    assert result.exit_code == 1
    document = told(result)
    assert (document["state"], document["error"]) == ("rejected", "ManifestInvalid")
    assert document["cause"] == "pipelines: missing"
    assert "release-machine plan FILE" in document["next"][0]
    assert "Rejected, nothing was started." in result.stderr


def test_cancel(aws: FakeAws, run: Run) -> None:
    """The state is the outcome; of a release that was cancelled before it is unchanged."""
    aws.set_status("RUNNING", closed_at=None)
    result = run("cancel", RELEASE, "--json")
    assert result.exit_code == 0
    document = told(result)
    assert (document["state"], document["release"]["status"]) == ("cancelled", "CANCELLED")
    assert "succeeded before: catalog" in result.stderr
    again = told(run("cancel", RELEASE, "--json"))
    assert (again["state"], again["release"]["status"]) == ("unchanged", "CANCELLED")


def test_cancel_too_late(aws: FakeAws, run: Run) -> None:
    """The outcome is told, with exit code 1."""
    aws.set_status("RUNNING", closed_at=None)
    aws.stop_does = "SUCCEEDED"
    result = run("cancel", RELEASE, "--json")
    assert (result.exit_code, told(result)["state"]) == (1, "succeeded")
    assert "was already SUCCEEDED when the stop" in result.stderr


def test_cancel_before_the_opening(aws: FakeAws, run: Run) -> None:
    """Nothing had been opened, so there is no release."""
    aws.pointer, aws.execution = None, {"status": "RUNNING"}
    document = told(run("cancel", "mine", "--json"))
    assert (document["state"], document["executionArn"]) == ("withdrawn", EXECUTION)
    assert document["release"] is None


def test_what_is_so_already(aws: FakeAws, core: Core, run: Run) -> None:
    """Nothing is left to retry, or to roll back."""
    document = told(run("retry", RELEASE, "--json"))
    assert (document["state"], document["release"]["status"]) == ("unchanged", "SUCCEEDED")
    aws.same = ("catalog",)
    core.rollback = replace(ROLLBACK, unchanged=("mail",))
    document = told(run("rollback", RELEASE, "--json"))
    assert (document["state"], document["plan"]["valid"]) == ("unchanged", True)
    assert document["leftOut"] == {
        "orders": "no release had succeeded in it before",
        "mail": "it changed nothing",
        "search": "it did not run",
    }
    release = aws.releases[RELEASE]
    earlier = replace(release, release_id="earlier", status=ReleaseStatus.SUCCEEDED)
    aws.releases = {RELEASE: replace(release, rolled_back_by="earlier"), "earlier": earlier}
    document = told(run("rollback", RELEASE, "--json"))
    assert (document["state"], document["releaseId"]) == ("unchanged", "earlier")
    assert aws.started == []


def test_a_dry_run_of_a_rollback(aws: FakeAws, core: Core, run: Run) -> None:
    """The plan is that of plan --json; its drawing goes to standard error."""
    result = run("rollback", RELEASE, "--dry-run", "--json")
    document = told(result)
    assert (document["state"], document["releaseId"]) == ("planned", f"{RELEASE}-rollback")
    assert document["plan"]["releaseId"] == f"{RELEASE}-rollback"
    assert "✔ would be released" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("retry", "nothing"), 2, "There is no release nothing in the ledger."),
        (("cancel", RELEASE), 2, f"Release {RELEASE} is SUCCEEDED, closed at"),
        (("submit", "absent.json"), 2, "absent.json cannot be read"),
        (("rollback", RELEASE), 1, "Nothing was started, because others have run"),
    ],
)
def test_what_was_not_done(
    aws: FakeAws, core: Core, run: Run, words: tuple[str, ...], code: int, problem: str
) -> None:
    """The problem and the next step are in the object, and on standard error as without --json."""
    core.rollback = replace(ROLLBACK, conflicts={"catalog": "v3"})
    result = run(*words, "--json")
    assert result.exit_code == code
    document = told(result)
    assert document["state"] == "notDone"
    assert document["problem"].startswith(problem)
    assert "\n".join(document["next"]) in result.stderr


def test_aws_does_not_answer(aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is told as well, with exit code 3."""

    monkeypatch.setattr(aws, "get_manifest", failing(UNREACHED))
    aws.set_status("FAILED")
    result = run("retry", RELEASE, "--json")
    assert (result.exit_code, told(result)["state"]) == (3, "notDone")


UNREACHED = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
UNANSWERED = ReadTimeoutError(endpoint_url="http://127.0.0.1:1")
FOUR_EYES = {"releaseId": RELEASE, "pipelines": ["a"], "approvals": [{"name": "go-live"}]}


def failing(problem: Exception) -> Callable[..., Any]:
    """A call that ends with this problem."""

    def fails(*_: object, **__: object) -> None:
        raise problem

    return fails


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(
    ("words", "begins", "read", "release_id"),
    [
        (("submit", "manifest.json"), "put_object", "release_opened_by", "5.10"),
        (("submit", "manifest.json"), "put_object", "get_release", RELEASE),
        (("retry", RELEASE), "start_execution", "release_opened_by", RELEASE),
        (("retry", RELEASE), "start_execution", "get_release", RELEASE),
        (("rollback", RELEASE), "start_execution", "release_opened_by", f"{RELEASE}-rollback"),
        (("rollback", RELEASE), "start_execution", "get_release", RELEASE),
        (("cancel", RELEASE), "stop_execution", "get_release", RELEASE),
        (("cancel", "mine"), "stop_execution", "release_opened_by", None),
    ],
)
def test_the_outcome_is_lost(
    aws: FakeAws,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    begins: str,
    read: str,
    release_id: str | None,
) -> None:
    """AWS does not answer any more: what was started or stopped before is not undone by that.

    The release is the one that was asked for, until the one is known that was opened.
    """
    status = "RUNNING" if words[0] == "cancel" else "FAILED"
    aws.set_status(status, closed_at=None, execution_arn=EXECUTION)
    if words[1] == "mine":
        aws.pointer, aws.execution = None, {"status": "RUNNING"}
    begin = getattr(aws, begins)

    def begin_and_be_away(**asked: Any) -> Any:
        monkeypatch.setattr(aws, read, failing(UNREACHED))
        return begin(**asked)

    monkeypatch.setattr(aws, begins, begin_and_be_away)
    result = run(*words, "--json")
    assert result.exit_code == 3, result.output
    document = told(result)
    assert (document["state"], document["executionArn"]) == ("lost", EXECUTION)
    assert document["releaseId"] == release_id
    assert document["problem"].startswith("AWS does not answer")
    assert document["release"] is None
    if words[1] != "mine":
        assert "release-machine watch" in "\n".join(document["next"])


def test_a_manifest_is_lost(aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the bucket, where it starts a release that the command does not find."""
    monkeypatch.setattr(aws, "get_object", failing(UNREACHED))
    result = run("submit", "manifest.json", "--json")
    document = told(result)
    assert (result.exit_code, document["state"]) == (3, "lost")
    assert (document["executionArn"], document["releaseId"]) == (None, "5.10")
    assert "the release starts by itself" in "".join(document["next"])


def test_a_release_that_is_left_open_is_lost(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its outcome is unknown, with exit code 1."""
    aws.set_status("RUNNING", closed_at=None)
    ended = {"status": "FAILED", "stopDate": datetime(2026, 11, 22, tzinfo=UTC)}
    monkeypatch.setattr(aws, "describe_execution", lambda **_: ended)
    result = run("submit", "manifest.json", "--json")
    document = told(result)
    assert (result.exit_code, document["state"]) == (1, "lost")
    assert (document["executionArn"], document["releaseId"]) == (EXECUTION, RELEASE)
    assert "is still RUNNING in the ledger" in document["problem"]


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(
    ("words", "operation"),
    [
        (("submit", "manifest.json"), "put_object"),
        (("retry", RELEASE), "start_execution"),
        (("rollback", RELEASE), "start_execution"),
        (("cancel", RELEASE), "stop_execution"),
    ],
)
@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (UNANSWERED, "lost"),
        (UNREACHED, "lost"),
        (refusal("AccessDeniedException", "It"), "notDone"),
    ],
)
def test_a_request_that_is_not_answered(
    aws: FakeAws,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    operation: str,
    problem: Exception,
    state: str,
) -> None:
    """It may have been carried out, unlike one that AWS refuses.

    That the last try has not reached AWS says nothing about the tries before.
    """
    aws.set_status("RUNNING" if words[0] == "cancel" else "FAILED", closed_at=None)
    monkeypatch.setattr(aws, operation, failing(problem))
    result = run(*words, "--json")
    document = told(result)
    assert (result.exit_code, document["state"]) == (3, state)
    assert bool(document["releaseId"]) is (state == "lost")
    see = f"See whether it was carried out with: release-machine show {document['releaseId']}"
    assert (document["next"][-1] == see) is (state == "lost")


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (UnansweredError("POST /releases was sent, but not answered.", "Again."), "lost"),
        (UsageError("pipelines: missing", "Nothing was submitted."), "notDone"),
    ],
)
def test_the_api_does_not_answer(
    aws: FakeAws, run: Run, problem: OperatorError, state: str
) -> None:
    """It may have handed the manifest in, unless it refuses the manifest."""
    Path("manifest.json").write_text(json.dumps(FOUR_EYES))
    aws.answer = problem
    assert told(run("submit", "manifest.json", "--json"))["state"] == state


def test_a_stop_of_an_unknown_release_is_not_answered(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the stop was carried out is seen in the list."""
    aws.pointer, aws.execution = None, {"status": "RUNNING"}
    monkeypatch.setattr(aws, "stop_execution", failing(UNANSWERED))
    document = told(run("cancel", "mine", "--json"))
    assert (document["state"], document["releaseId"]) == ("lost", None)
    see = "See whether it was carried out with: release-machine list"
    assert document["next"][-1] == see


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("submit", "caller"),
        ("submit", "api"),
        ("retry", "get_release"),
        ("retry", "caller"),
        ("retry", "api"),
        ("rollback", "get_release"),
        ("rollback", "caller"),
        ("cancel", "get_release"),
        ("cancel", "caller"),
    ],
)
def test_a_read_that_is_not_answered(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch, command: str, read: str
) -> None:
    """Nothing was asked for yet: what the request needs is read before."""
    aws.set_status("RUNNING" if command == "cancel" else "FAILED", closed_at=None)
    if read == "api":
        Path("manifest.json").write_text(json.dumps(FOUR_EYES))
        aws.stored = json.dumps(FOUR_EYES)
    fails = failing(UNANSWERED)
    # A session reads its caller and its API when they are needed first.
    lazily = property(fails) if read in {"caller", "api"} else fails
    monkeypatch.setattr(FakeAws, read, lazily, raising=False)
    result = run(command, "manifest.json" if command == "submit" else RELEASE, "--json")
    document = told(result)
    assert (result.exit_code, document["state"], document["releaseId"]) == (3, "notDone", None)


def test_a_manifest_is_no_object_of_a_call(aws: FakeAws, core: Core, run: Run) -> None:
    """--manifest writes JSON of its own."""
    assert run("rollback", RELEASE, "--manifest", "-", "--json").exit_code == 2


def test_a_person_is_asked_on_standard_error(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal --json asks, too; the answer no leaves standard output empty."""
    monkeypatch.setattr(asking, "is_terminal", lambda **_: True)
    aws.set_status("RUNNING", closed_at=None)
    result = run("cancel", RELEASE, "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "would be skipped" in result.stderr or "stays as it is: catalog" in result.stderr
    assert result.stderr.endswith("Nothing was changed.\n")


@pytest.mark.parametrize(
    "words",
    [("cancel", RELEASE), ("submit", "manifest.json"), ("rollback", RELEASE), ("retry", "2026")],
)
def test_nobody_is_asked_where_standard_error_is_a_file(
    aws: FakeAws, core: Core, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """The question would be in that file, and the call would wait for ever."""
    monkeypatch.setattr(asking, "is_terminal", lambda *, on_stderr=False: not on_stderr)
    monkeypatch.setattr(asking, "_agrees", None)
    if words[0] == "cancel":
        aws.set_status("RUNNING", closed_at=None)
    result = run(*words, "--json")
    assert "[y/N]" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
