"""`make verify`: what a capture holds, how two captures differ, and that nothing stays behind."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.e2e.account.recording import Recording
from tools.deploy.target import Target
from tools.deploy.terraform import TerraformError
from tools.verify import __main__ as verify
from tools.verify import capture
from tools.verify.comparison import differences
from tools.verify.masking import masked

ID = "12345678-1234-5678-abcd-12345678abcd"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("arn:aws:iam::123456789012:role/pipelines", "arn:aws:iam::(account):role/(name)"),
        (
            "arn:aws:sts::123456789012:assumed-role/Admin/maria",
            "arn:aws:sts::(account):assumed-role/(name)",
        ),
        (
            "arn:aws:codepipeline:eu-west-1:123456789012:web",
            "arn:aws:codepipeline:eu-west-1:(account):web",
        ),
        ("bucket-123456789012-eu-west-1/app.zip", "bucket-(account)-eu-west-1/app.zip"),
        (f"execution {ID} failed", "execution (id) failed"),
        ("key AKIAIOSFODNN7EXAMPLE", "key (key)"),
        ({"token": ID, "status": "InProgress"}, {"token": "(text)", "status": "InProgress"}),
        (
            {"variables": [{"name": "colour", "resolvedValue": "red"}]},
            {"variables": [{"name": "colour", "resolvedValue": "(text)"}]},
        ),
        (
            {"configuration": {"Retries": 3, "Name": "x"}},
            {"configuration": {"Retries": "(int)", "Name": "(text)"}},
        ),
        (
            {"version": 1.0, "enabled": True, "none": None},
            {"version": 1.0, "enabled": True, "none": None},
        ),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        ({"ResponseMetadata": {"RequestId": ID}, "name": "web"}, {"name": "web"}),
    ],
)
def test_a_capture_holds_no_secret(value: Any, shown: Any) -> None:
    """Accounts, identifiers, principals, tokens and values are replaced; statuses are kept."""
    assert masked(value) == shown


def seen(name: str, answer: Any) -> dict[str, Any]:
    """An answer of a capture."""
    return {"name": name, "answer": answer}


def test_equal_shapes_do_not_differ() -> None:
    """Other identifiers, times, numbers and repetitions are no difference."""
    ours = [seen("Get", {"id": "a", "version": 1, "status": "Failed", "at": "2026"})] * 2
    theirs = [seen("Get", {"id": "b", "version": 7.0, "status": "Failed", "at": "2027"})]
    assert differences(ours, theirs) == []


def test_every_difference_names_its_side() -> None:
    """A member, a status, an error, a kind and an operation that only one side showed."""
    ours = [
        seen("Get", {"status": "Succeeded", "executionType": "STANDARD", "runs": [{"n": 1}]}),
        {"name": "Stop", "error": "Conflict", "message": "busy"},
        seen("Put", {}),
    ]
    theirs = [
        seen("Get", {"status": "InProgress", "runs": [{"n": "1"}]}),
        {"name": "Stop", "error": "NotStoppable", "message": "too late"},
    ]
    assert differences(ours, theirs) == [
        "Get: executionType = STANDARD: only in the emulator",
        "Get: runs[].n is a number: only in the emulator",
        "Get: runs[].n is a text: only on AWS",
        "Get: status = InProgress: only on AWS",
        "Get: status = Succeeded: only in the emulator",
        "Put: seen only in the emulator",
        "Stop: error Conflict: only in the emulator",
        "Stop: error NotStoppable: only on AWS",
    ]


def test_names_that_authors_choose_are_no_difference() -> None:
    """The keys of a configuration belong to a pipeline, not to CodePipeline."""
    ours, theirs = ({"configuration": {key: "(text)"}} for key in ("Bucket", "Url"))
    assert differences([seen("Get", ours)], [seen("Get", theirs)]) == []


def test_answers_and_errors_are_recorded_once_each(tmp_path: Path) -> None:
    """A file per test lists every answer of the client, with how often it came."""
    client: Any = boto3.client(
        "codepipeline", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    answers: Iterator[tuple[int, str]] = iter(
        [(200, json.dumps({"pipelineExecutionId": ID}))] * 2
        + [(400, json.dumps({"__type": "ConflictException", "message": "wait 123456789012"}))]
    )

    def answer(**_: Any) -> SimpleNamespace:
        status, body = next(answers)
        return SimpleNamespace(status_code=status, content=body.encode(), headers={})

    client.meta.events.register("before-send.codepipeline", answer)
    recording = Recording(folder=str(tmp_path))
    recording.attach(client)
    for _ in range(2):
        client.start_pipeline_execution(name="web")
    with pytest.raises(client.exceptions.ConflictException):
        client.start_pipeline_execution(name="web")
    recording.write("test_it[one two]")
    recording.write("test_without_calls")

    (file,) = tmp_path.iterdir()
    assert file.name == "test_it-one-two.json"
    assert capture.read(tmp_path) == [
        {"name": "StartPipelineExecution", "answer": {"pipelineExecutionId": "(id)"}, "times": 2},
        {
            "name": "StartPipelineExecution",
            "error": "ConflictException",
            "message": "wait (account)",
            "times": 1,
        },
    ]


def test_events_are_written_beside_the_answers(tmp_path: Path) -> None:
    """An event is named after its kind and state; a new capture begins empty."""
    event = {"detail-type": "Pipeline", "account": "123456789012", "detail": {"state": "FAILED"}}
    capture.begin(tmp_path / "new")
    capture.write_events(tmp_path / "new", [event])
    assert capture.read(tmp_path / "new") == [
        seen("Pipeline FAILED", {**event, "account": "(account)"})
    ]
    capture.begin(tmp_path / "new")
    assert capture.read(tmp_path / "new") == []


class FakeCopy:
    """A copy that records what is done with it; ``broken`` is what fails."""

    done: list[str]
    broken: str

    def __init__(self, target: Target) -> None:
        self.target, self.outputs = target, Path("outputs.json")

    def deploy(self) -> int:
        """Deploy."""
        self._do("deploy")
        return 7

    def events(self) -> list[Any]:
        """Find no events."""
        self._do("events")
        return []

    def destroy(self) -> None:
        """Destroy."""
        self._do("destroy")

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what == self.broken:
            raise TerraformError(f"cannot {what}")


type Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command with a fake copy, fake tests and a fake account; return code and deeds."""
    target = Target(
        name="aws",
        description="AWS account 1, Region r, as me",
        architecture="arm64",
        command=Path("terraform"),
        environment={},
        state=None,
        backend=None,
        outputs=tmp_path,
        settings={},
    )
    done: list[str] = []

    def call(command: list[str], **_: Any) -> SimpleNamespace:
        what = "platform" if "tools.verify" in command else command[-1]
        done.append(what)
        return SimpleNamespace(returncode=int(what == FakeCopy.broken))

    monkeypatch.setattr(verify, "Copy", FakeCopy)
    monkeypatch.setattr(verify, "BUILD", tmp_path)
    monkeypatch.setattr(verify, "on_aws", lambda: target)
    monkeypatch.setattr(verify, "check_packages", lambda _: None)
    monkeypatch.setattr(subprocess, "run", call)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    FakeCopy.done, FakeCopy.broken = done, ""

    def command(*arguments: str, broken: str = "") -> tuple[int, list[str]]:
        FakeCopy.broken = broken
        return verify.main(["--target", "aws", *arguments]), done

    return command


TESTS = ["verify and not alone", "verify and alone"]


def test_aws_is_compared_with_the_platform(run: Run) -> None:
    """The platform runs first; then the copy is deployed, tested, read and destroyed."""
    assert run("--yes") == (0, ["platform", "deploy", *TESTS, "events", "destroy"])


@pytest.mark.parametrize(
    ("broken", "deeds"),
    [
        ("platform", ["platform"]),
        ("deploy", ["platform", "deploy", "destroy"]),
        (TESTS[0], ["platform", "deploy", *TESTS, "events", "destroy"]),
        ("events", ["platform", "deploy", *TESTS, "events", "destroy"]),
        ("destroy", ["platform", "deploy", *TESTS, "events", "destroy"]),
    ],
)
def test_the_copy_is_destroyed_whatever_fails(run: Run, broken: str, deeds: list[str]) -> None:
    """The exit code is 1, and nothing that was begun stays."""
    assert run("--yes", broken=broken) == (1, deeds)


def test_a_copy_that_cannot_be_destroyed_is_reported(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says that something is left, and what to do."""
    run("--yes", broken="destroy")
    assert "The copy is not destroyed. Run the command again" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "code"), [("yes", 0), ("no", 1), ("", 1)])
def test_aws_is_used_only_after_a_yes(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    code: int,
) -> None:
    """The command names account, time and cost, and asks; without a yes it does nothing."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert run()[0] == code
    assert bool(FakeCopy.done) == (code == 0)
    shown = capsys.readouterr().out
    assert "AWS account 1, Region r, as me" in shown
    assert "US dollar" in shown


def test_without_a_terminal_a_yes_is_an_option(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can answer, so the command does nothing and names the option."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    assert run() == (1, [])
    assert "make verify YES=1" in capsys.readouterr().err


def test_the_differences_are_printed(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both captures are compared at the end."""
    platform = tmp_path / "platform-capture"
    capture.begin(platform)
    event = {"detail-type": "Pipeline", "detail": {"state": "FAILED"}}
    capture.write_events(platform, [event])
    verify.report(platform)
    assert "make verify TARGET=aws" in capsys.readouterr().out
    capture.begin(tmp_path / "aws-capture")
    capture.write_events(tmp_path / "aws-capture", [event | {"extra": 1}])
    verify.report(tmp_path / "aws-capture")
    assert "  Pipeline FAILED: extra is a number: only on AWS" in capsys.readouterr().out
