"""The command as people call it: output, exit codes, no traceback for what was expected."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner, Result

from operator_cli import commands
from operator_cli.deployment import Deployment
from operator_cli.function_logs import LogLine
from operator_cli.model import Activity, Pipeline, Release, Snapshot

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:mine"


@dataclass
class FakeAws:
    """One deployment whose machine takes what is dropped, and a ledger with some releases."""

    releases: dict[str, Release]
    pointer: str | None
    execution: dict[str, Any]
    interrupted: bool = False
    dropped: bytes = b""
    event: str = ""

    deployment = Deployment(
        state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:release-machine",
        manifest_bucket="manifests",
        releases_table="releases",
        function_names={},
    )

    def __post_init__(self) -> None:
        # The session's parts are this one object: it answers for each of them.
        self.sfn = self.s3 = self.ledger = self.activity = self.logs = self

    def put_object(self, **asked: Any) -> dict[str, str]:
        self.dropped = asked["Body"]
        dropped = {"key": asked["Key"], "version-id": "v1"}
        self.event = json.dumps({"detail": {"bucket": {"name": "manifests"}, "object": dropped}})
        return {"VersionId": "v1"}

    def get_paginator(self, operation: str) -> FakeAws:
        assert operation == "list_executions"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        if self.interrupted:
            raise KeyboardInterrupt
        return [{"executions": [{"executionArn": EXECUTION, "startDate": datetime.now(UTC)}]}]

    def describe_execution(self, **_: str) -> dict[str, Any]:
        return {"input": self.event, **self.execution}

    def release_opened_by(self, execution_arn: str) -> str | None:
        assert execution_arn == EXECUTION
        return self.pointer

    def release(self, release_id: str) -> Release | None:
        return self.releases.get(release_id)

    def latest(self, limit: int) -> list[Release]:
        return list(self.releases.values())[:limit]

    def read(self, what: tuple[Pipeline, ...] | datetime) -> Any:
        if isinstance(what, datetime):
            return [LogLine(0, "e", "open_release", '{"level": "INFO", "message": "opened"}')]
        return {pipeline.name: Activity(stage="Deploy") for pipeline in what}


type Run = Callable[..., Result]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, running: Snapshot) -> FakeAws:
    """A deployment that has just released 2026.11.22-1 well."""
    pipelines = tuple(each for each in running.release.pipelines if each.ended)
    released = replace(
        running.release, status="SUCCEEDED", closed_at=running.at, pipelines=pipelines
    )
    aws = FakeAws({"2026.11.22-1": released}, "2026.11.22-1", {"status": "SUCCEEDED", "output": ""})
    monkeypatch.setattr(commands, "Session", lambda **_: aws)
    return aws


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in a folder that holds manifest.json."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manifest.json").write_bytes(b'{"releaseId": 5.10, "pipelines": ["a"]}')
    runner = CliRunner()
    return lambda *arguments: runner.invoke(commands.cli, arguments)


def set_status(aws: FakeAws, status: str) -> None:
    aws.releases = {name: replace(release, status=status) for name, release in aws.releases.items()}


def test_released(aws: FakeAws, run: Run) -> None:
    """A release that succeeds is exit code 0, told in plain lines where the output is piped."""
    result = run("release", "manifest.json")
    assert result.exit_code == 0, result.output
    assert aws.dropped == b'{"releaseId": 5.10, "pipelines": ["a"]}'
    lines = result.stdout.splitlines()
    assert "dropped s3://manifests/manifest-" in lines[0]
    assert lines[1].endswith(f"execution {EXECUTION}")
    assert "release 2026.11.22-1: SUCCEEDED after 0:42" in lines[-1]
    assert "\x1b" not in result.output


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_not_released(aws: FakeAws, run: Run, status: str) -> None:
    """A release that ends in any other way is exit code 1."""
    set_status(aws, status)
    result = run("release", "manifest.json")
    assert result.exit_code == 1
    assert f"release 2026.11.22-1: {status}" in result.stdout


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("FAILED", 1)])
def test_already_released(aws: FakeAws, run: Run, status: str, code: int) -> None:
    """A manifest released before says so, and exits with what became of it then."""
    set_status(aws, status)
    output = json.dumps({"release_id": "2026.11.22-1", "released_by": "arn:first"})
    aws.execution, aws.pointer = {"status": "SUCCEEDED", "output": output}, None
    result = run("release", "manifest.json")
    assert result.exit_code == code
    assert "already released" in result.stdout
    assert "run by arn:first; nothing was started now" in result.stdout
    assert f"release 2026.11.22-1: {status}" in result.stdout


def test_rejected(aws: FakeAws, run: Run) -> None:
    """A rejected manifest is exit code 1, with the machine's error and what to do next."""
    aws.execution = {"status": "FAILED", "error": "ManifestInvalid", "cause": "pipelines: missing"}
    aws.pointer = None
    result = run("release", "manifest.json")
    assert result.exit_code == 1
    assert "Rejected, nothing was started. ManifestInvalid: pipelines: missing" in result.stderr
    assert "Correct the manifest" in result.stderr


def test_missing_manifest(aws: FakeAws, run: Run) -> None:
    """A manifest file that is not there is exit code 2, and nothing is dropped."""
    result = run("release", "absent.json")
    assert result.exit_code == 2
    assert "absent.json cannot be read" in result.stderr
    assert aws.dropped == b""


def test_interrupted(aws: FakeAws, run: Run) -> None:
    """Ctrl-C says that the release goes on and how to see it, with exit code 130."""
    aws.interrupted = True
    result = run("release", "manifest.json")
    assert result.exit_code == 130
    assert "the release goes on" in result.stderr
    assert "release-machine status" in result.stderr


def test_aws_away(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """AWS that does not answer is exit code 3 in two lines, without a traceback."""

    def away(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(commands, "Session", away)
    result = run("status")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 2
    assert "make up" in result.stderr


def test_status_lists_the_latest(aws: FakeAws, run: Run) -> None:
    """Without a release the latest ones are listed."""
    result = run("status")
    assert result.exit_code == 0
    assert "2026.11.22-1" in result.stdout


@pytest.mark.parametrize("name", ["2026.11.22-1", "mine"])
def test_status_of_one(aws: FakeAws, run: Run, name: str) -> None:
    """One release, or a rejected execution by its name, is shown with pipelines and audit."""
    aws.releases[EXECUTION] = aws.releases["2026.11.22-1"]
    result = run("status", name)
    assert result.exit_code == 0, result.output
    for part in ("SUCCEEDED", "orders", "no such bucket", "opened through s3"):
        assert part in result.stdout
    assert not [row for row in result.stdout.splitlines() if row != row.rstrip()]
    assert result.stdout.count("\n\n") == 2


def test_status_of_an_unknown_release(aws: FakeAws, run: Run) -> None:
    """An unknown release is exit code 2."""
    result = run("status", "nothing")
    assert result.exit_code == 2
    assert "no release nothing" in result.stderr


def test_status_follows(aws: FakeAws, run: Run) -> None:
    """Following an existing release ends with the code of its outcome."""
    set_status(aws, "FAILED")
    assert run("status", "--follow", "2026.11.22-1").exit_code == 1
    assert run("status", "--follow").exit_code == 2


def test_logs(aws: FakeAws, run: Run) -> None:
    """The functions' lines come out readable."""
    result = run("logs", "--since", "2h")
    assert result.exit_code == 0
    assert "open_release        INFO    opened" in result.stdout


def test_period_that_is_none(aws: FakeAws, run: Run) -> None:
    """A period that cannot be read is exit code 2 and shows how to write one."""
    result = run("logs", "--since", "soon")
    assert result.exit_code == 2
    assert "10m" in result.stderr


def test_help_names_the_exit_codes(run: Run) -> None:
    """The help says what each exit code means."""
    assert "0 released, 1 not released, 2 wrong usage, 3 AWS" in run("--help").stdout


def test_main_ends_in_order_when_terminated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A termination unwinds like any exit, so that the terminal is left in order."""
    handlers: dict[int, Callable[[int, object], None]] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(sys, "argv", ["release-machine", "--help"])
    with pytest.raises(SystemExit):
        commands.main()
    with pytest.raises(SystemExit) as ended:
        handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert ended.value.code == 143
