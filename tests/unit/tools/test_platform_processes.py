"""The platform's tools: how they find its processes, and what they print for a shell."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tools.deploy.terraform import errors_in
from tools.platform import environment, lifecycle
from tools.platform.layout import Home
from tools.platform.processes import MARKER, end_all, marked, read_record, write_record


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The folder of a platform that has never run."""
    return Home(tmp_path)


@pytest.fixture
def member(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """A process that belongs to the platform and runs for a minute."""
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    with subprocess.Popen(command, env={MARKER: str(home.path)}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_a_running_platform_is_found(home: Home, member: subprocess.Popen[bytes]) -> None:
    """A record is valid while its process runs, and not afterwards."""
    write_record(home, member.pid, 4566)
    record = read_record(home)
    assert record
    assert (record.pid, record.port) == (member.pid, 4566)
    member.kill()
    member.wait()
    assert read_record(home) is None


def test_a_record_whose_process_id_was_reused_is_ignored(home: Home) -> None:
    """A record is ignored if its process started at another time; that process stays alive."""
    made = psutil.Process().create_time()
    values = {"pid": os.getpid(), "created": made - 60, "port": 4566}
    home.record.write_text(json.dumps(values))
    assert read_record(home) is None
    end_all(home)
    assert psutil.pid_exists(os.getpid())


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": 1}', "not json"])
def test_a_damaged_record_is_ignored(home: Home, text: str) -> None:
    """A record that cannot be parsed counts as no record."""
    home.record.write_text(text)
    assert read_record(home) is None


def test_processes_are_found_and_ended_without_a_record(
    home: Home, member: subprocess.Popen[bytes]
) -> None:
    """Processes of a killed platform are found by their environment variable, and ended."""
    assert [process.pid for process in marked(home)] == [member.pid]
    assert end_all(home) == 1
    assert not psutil.pid_exists(member.pid)
    assert end_all(home) == 0


def test_a_platform_that_died_shows_its_log(home: Home) -> None:
    """The error about a platform that died contains the end of its log."""
    values = {"pid": os.getpid(), "created": time.time() + 60, "port": 4566}
    home.record.write_text(json.dumps(values))
    home.log.write_text("first\nthe reason\n")
    with pytest.raises(
        lifecycle.PlatformError, match=r"It died; its log ends:\n.*\n    the reason"
    ):
        lifecycle.running(home)


def test_a_shell_reads_back_what_is_exported(tmp_path: Path) -> None:
    """A shell that evaluates the lines gets the values unchanged, even with odd characters."""
    outputs = tmp_path / "it's a $HOME `folder`" / "outputs.json"
    outputs.parent.mkdir()
    outputs.write_text("{}")
    asked = 'printf "%s\n" "$AWS_ENDPOINT_URL" "$RELEASE_MACHINE_OUTPUTS" "$PATH"'
    found = "command -v release-machine; command -v aws"
    script = f"{environment.as_shell(4567, outputs)}\n{asked}\n{found}"
    printed = subprocess.run(
        ["/bin/sh", "-c", script],
        env={"AWS_PROFILE": "mine", "PATH": "/else where"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    commands = environment.COMMANDS
    assert printed.splitlines() == [
        "http://127.0.0.1:4567",
        str(outputs),
        f"{commands}:/else where",
        f"{commands}/release-machine",
        f"{commands}/aws",
    ]


def test_terraform_errors_are_shown_without_the_banner() -> None:
    """Only Terraform's errors are kept, without tflocal's banner and warnings."""
    said = (
        "Initializing...\nError: No such bucket\n\n  on storage.tf line 3\n=====\n WARNING: old\n"
    )
    assert errors_in(said) == "Error: No such bucket\n\n  on storage.tf line 3"
