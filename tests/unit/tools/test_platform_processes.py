"""The platform's tools: which process is ours, and what a shell is told."""

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
    """A process that belongs to that platform and would run for a minute."""
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    with subprocess.Popen(command, env={MARKER: str(home.path)}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_a_running_platform_is_found(home: Home, member: subprocess.Popen[bytes]) -> None:
    """A record is believed while its process lives, and no longer."""
    write_record(home, member.pid, 4566)
    record = read_record(home)
    assert record
    assert (record.pid, record.port) == (member.pid, 4566)
    member.kill()
    member.wait()
    assert read_record(home) is None


def test_a_number_that_another_process_has_now_is_not_believed(home: Home) -> None:
    """A record whose process was made at another time is of a platform that has ended."""
    made = psutil.Process().create_time()
    values = {"pid": os.getpid(), "created": made - 60, "port": 4566}
    home.record.write_text(json.dumps(values))
    assert read_record(home) is None
    end_all(home)
    assert psutil.pid_exists(os.getpid())


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": 1}', "not json"])
def test_a_damaged_record_is_none(home: Home, text: str) -> None:
    """What cannot be read names no process."""
    home.record.write_text(text)
    assert read_record(home) is None


def test_processes_are_found_and_ended_without_a_record(
    home: Home, member: subprocess.Popen[bytes]
) -> None:
    """A process that a killed platform left behind is found by its variable, and ended."""
    assert [process.pid for process in marked(home)] == [member.pid]
    assert end_all(home) == 1
    assert not psutil.pid_exists(member.pid)
    assert end_all(home) == 0


def test_a_platform_that_died_tells_its_last_words(home: Home) -> None:
    """Whoever asks for a platform that died reads the end of its log."""
    values = {"pid": os.getpid(), "created": time.time() + 60, "port": 4566}
    home.record.write_text(json.dumps(values))
    home.log.write_text("first\nthe reason\n")
    with pytest.raises(
        lifecycle.PlatformError, match=r"It died; its log ends:\n.*\n    the reason"
    ):
        lifecycle.running(home)


def test_a_shell_reads_back_what_is_exported(tmp_path: Path) -> None:
    """The lines survive eval, whatever the path of the outputs."""
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


def test_terraform_errors_are_told_without_the_noise() -> None:
    """From Terraform's first error on, and nothing of tflocal's banner."""
    said = (
        "Initializing...\nError: No such bucket\n\n  on storage.tf line 3\n=====\n WARNING: old\n"
    )
    assert errors_in(said) == "Error: No such bucket\n\n  on storage.tf line 3"
