"""--json of submit, cancel, retry and rollback: one object at the end, and nothing else."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import Result

from release_core.domain.release import ReleaseStatus
from release_machine.terminal import asking
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws
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

    def away(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(aws, "start_execution", away)
    aws.set_status("FAILED")
    result = run("retry", RELEASE, "--json")
    assert (result.exit_code, told(result)["state"]) == (3, "notDone")


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
