"""Starts and stops the embedded platform."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from tools.platform import services
from tools.platform.health import is_healthy, service_states
from tools.platform.layout import LAMBDA_RUNTIME, LIBRARIES, LOCALSTACK_PYTHON, Home
from tools.platform.processes import MARKER, Record, end_all, read_record, write_record

DEFAULT_PORT = 4566
START_SECONDS = 90.0
POLL_SECONDS = 0.1
LOG_LINES = 30
# Set: the platform records which permissions the calls of roles need (docs/permissions.md).
RECORD_CALLS = "RECORD_CALLS"
# The variables that the platform takes over from the shell. LAMBDA_RETRY_BASE_DELAY: seconds before
# Lambda's first retry of an asynchronous invocation (default 60, as on AWS).
INHERITED = ("PATH", "HOME", "LANG", "JAVA_HOME", "LAMBDA_PROCESS_LIMIT", "LAMBDA_RETRY_BASE_DELAY")


class PlatformError(Exception):
    """The platform cannot start or does not run; the message says what to do."""


def up(home: Home, wanted_port: int | None) -> tuple[Record, float]:
    """Starts the platform if it does not run; returns it and the seconds it took (0: it ran).

    Raises PlatformError if the port is taken, if a service of SERVICES does not exist, or with the
    end of the log if the platform does not start.
    """
    try:
        wanted = services.wanted(os.environ.get(services.VARIABLE, ""))
    except ValueError as error:
        raise PlatformError(str(error)) from error
    home.path.mkdir(parents=True, exist_ok=True)
    with locked(home):
        record = read_record(home)
        if record and is_healthy(record.port):
            if wanted_port not in {None, 0, record.port}:
                raise PlatformError(
                    f"The platform already runs on port {record.port}. Stop it first: make down"
                )
            check_services(record.port, wanted, hint="Stop the platform first: make down.")
            return record, 0.0
        end_all(home)
        started = time.monotonic()
        port = choose_port(wanted_port)
        prepare(home)
        process = start(home, port, wanted)
        wait_until_healthy(home, process, port)
        try:
            check_services(port, wanted, hint="")
        except PlatformError:
            end_all(home)
            raise
        record = read_record(home)
        if record is None:
            raise PlatformError(f"The platform ended right after its start. Its log:\n{tail(home)}")
        return record, time.monotonic() - started


def down(home: Home) -> int:
    """Stops the platform; returns the number of processes that were stopped."""
    if not home.path.is_dir():
        return 0
    with locked(home):
        return end_all(home)


def running(home: Home) -> Record:
    """The running platform.

    Raises PlatformError if it does not run, with the end of its log if it died.
    """
    record = read_record(home)
    if record is None:
        died = f" It died; its log ends:\n{tail(home)}" if home.record.exists() else ""
        raise PlatformError(f"The platform is not running. Start it: make up.{died}")
    return record


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Makes a second start or stop of the same platform wait."""
    with home.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def choose_port(wanted: int | None) -> int:
    """The wanted port (0: any), or else the default port if it is free, or else any.

    Raises PlatformError if the wanted port is taken.
    """
    for port in (DEFAULT_PORT, 0) if wanted is None else (wanted,):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as probe:
            free: int = probe.getsockname()[1]
            return free
    raise PlatformError(
        f"Port {wanted} is taken. Set another PLATFORM_PORT, or 0 for any free port."
    )


def prepare(home: Home) -> None:
    """Removes the files of an earlier platform, especially Terraform's state of it."""
    for folder in (home.filesystem, home.temporary, home.terraform):
        shutil.rmtree(folder, ignore_errors=True)
    for outputs in home.path.glob("*outputs.json"):
        outputs.unlink()
    home.calls.unlink(missing_ok=True)
    home.temporary.mkdir()
    # Set-up has installed DynamoDB Local. LocalStack looks for it below its own root, and would
    # otherwise download it.
    libraries = home.filesystem / "var/lib/localstack/lib"
    libraries.parent.mkdir(parents=True)
    libraries.symlink_to(LIBRARIES)


def check_services(port: int, wanted: tuple[str, ...], *, hint: str) -> None:
    """Raises PlatformError if the platform does not serve all these services."""
    states = service_states(port)
    if lacking := services.missing(wanted, states):
        known = ", ".join(services.available(states))
        raise PlatformError(
            f"The platform does not serve: {', '.join(lacking)} ({services.VARIABLE})."
            f" LocalStack has: {known}. {hint}".rstrip()
        )


def start(home: Home, port: int, wanted: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Starts LocalStack detached from this terminal; it writes to its log."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= {
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        "DYNAMODB_IN_MEMORY": "1",
        # Functions then call DynamoDB Local directly (executor.py).
        "DYNAMODB_SHARE_DB": "1",
        "EAGER_SERVICE_LOADING": "1",
        "FILESYSTEM_ROOT": str(home.filesystem),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LAMBDA_PROCESS_RUNTIME": str(LAMBDA_RUNTIME),
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        # LocalStack may mistake this machine for its own container and write to /var/lib.
        "OVERRIDE_IN_DOCKER": "0",
        "SERVICES": ",".join(wanted),
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "TMPDIR": str(home.temporary),
        MARKER: str(home.path),
    }
    if os.environ.get(RECORD_CALLS):
        environment["CALL_RECORD"] = str(home.calls)
    with home.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [LOCALSTACK_PYTHON, "-m", "localstack.runtime.main"],
            cwd=home.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    write_record(home, process.pid, port)
    return process


def wait_until_healthy(home: Home, process: subprocess.Popen[bytes], port: int) -> None:
    """Waits until the platform answers.

    Raises PlatformError with the end of its log if it dies or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(port):
        if process.poll() is not None:
            raise PlatformError(f"The platform died during its start; its log ends:\n{tail(home)}")
        if time.monotonic() > deadline:
            end_all(home)
            raise PlatformError(
                f"The platform did not answer within {START_SECONDS:.0f} s; its log ends:\n"
                f"{tail(home)}"
            )
        time.sleep(POLL_SECONDS)


def tail(home: Home) -> str:
    """The last lines of the platform's log, indented."""
    try:
        lines = home.log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "    (there is no log)"
    return "\n".join(f"    {line}" for line in lines[-LOG_LINES:])


def memory_mb(record: Record) -> int:
    """The memory of the platform's processes, in MB."""
    leader = psutil.Process(record.pid)
    processes = (leader, *leader.children(recursive=True))
    return sum(process.memory_info().rss for process in processes) // 2**20
