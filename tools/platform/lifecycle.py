"""Up, down and status of the embedded platform."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tools.platform.health import is_healthy
from tools.platform.layout import LAMBDA_RUNTIME, LIBRARIES, LOCALSTACK_PYTHON, Home
from tools.platform.processes import MARKER, Record, end_all, read_record, write_record

USUAL_PORT = 4566
START_SECONDS = 90.0
POLL_SECONDS = 0.1
LOG_LINES = 30
# All that the project uses, loaded at the start: the first call of each then costs nothing.
SERVICES = (
    "apigateway",
    "cloudwatch",
    "codepipeline",
    "dynamodb",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "s3",
    "sns",
    "sqs",
    "stepfunctions",
    "sts",
)
# What the platform may know of the shell it is started from. LAMBDA_RETRY_BASE_DELAY: seconds
# before Lambda's first retry of an asynchronous invocation, 60 as on AWS when it is not set.
INHERITED = ("PATH", "HOME", "LANG", "JAVA_HOME", "LAMBDA_PROCESS_LIMIT", "LAMBDA_RETRY_BASE_DELAY")


class PlatformError(Exception):
    """The platform cannot be started or is not there; the message says what to do."""


def up(home: Home, wanted_port: int | None) -> tuple[Record, float]:
    """Starts the platform if it does not run; returns it and the seconds it took (0: it ran).

    Raises PlatformError when the wanted port is taken, or with the end of the log when it does not
    come up.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    with locked(home):
        record = read_record(home)
        if record and is_healthy(record.port):
            if wanted_port not in {None, 0, record.port}:
                raise PlatformError(
                    f"The platform runs on port {record.port}. End it first: make down"
                )
            return record, 0.0
        end_all(home)
        started = time.monotonic()
        port = choose_port(wanted_port)
        prepare(home)
        process = start(home, port)
        wait_until_healthy(home, process, port)
        record = read_record(home)
        if record is None:
            raise PlatformError(f"The platform ended as soon as it was up.\n{tail(home)}")
        return record, time.monotonic() - started


def down(home: Home) -> int:
    """Ends the platform; returns how many processes that ended, 0 when nothing ran."""
    if not home.path.is_dir():
        return 0
    with locked(home):
        return end_all(home)


def running(home: Home) -> Record:
    """The platform that runs.

    Raises PlatformError when there is none, with its last words if it died.
    """
    record = read_record(home)
    if record is None:
        died = f" It died; its log ends:\n{tail(home)}" if home.record.exists() else ""
        raise PlatformError(f"The platform is not running. Start it: make up.{died}")
    return record


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Keeps a second up or down of the same platform waiting."""
    with home.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def choose_port(wanted: int | None) -> int:
    """The wanted port (0: any), else the usual one if it is free, else any.

    Raises PlatformError when the wanted one is taken.
    """
    if wanted:
        if not is_free(wanted):
            raise PlatformError(f"Port {wanted} is taken. Choose another PLATFORM_PORT, or none.")
        return wanted
    if wanted is None and is_free(USUAL_PORT):
        return USUAL_PORT
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of loopback."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def prepare(home: Home) -> None:
    """Removes what an earlier platform left; Terraform's state of it above all."""
    for folder in (home.filesystem, home.temporary, home.terraform):
        shutil.rmtree(folder, ignore_errors=True)
    for outputs in home.path.glob("*outputs.json"):
        outputs.unlink()
    home.temporary.mkdir()
    # DynamoDB Local, put there by set-up. LocalStack looks below its own root and would else
    # download it.
    libraries = home.filesystem / "var/lib/localstack/lib"
    libraries.parent.mkdir(parents=True)
    libraries.symlink_to(LIBRARIES)


def start(home: Home, port: int) -> subprocess.Popen[bytes]:
    """Starts LocalStack, detached from this terminal and writing to its log."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment |= {
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        "DYNAMODB_IN_MEMORY": "1",
        # Functions then reach DynamoDB Local itself: half of all requests here (executor.py).
        "DYNAMODB_SHARE_DB": "1",
        "EAGER_SERVICE_LOADING": "1",
        "FILESYSTEM_ROOT": str(home.filesystem),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LAMBDA_PROCESS_RUNTIME": str(LAMBDA_RUNTIME),
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        # LocalStack takes many a machine for its own container, and would write to /var/lib there.
        "OVERRIDE_IN_DOCKER": "0",
        "SERVICES": ",".join(SERVICES),
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "TMPDIR": str(home.temporary),
        MARKER: str(home.path),
    }
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
    """Polls until the platform answers.

    Raises PlatformError with the end of its log when it dies or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(port):
        if process.poll() is not None:
            raise PlatformError(f"The platform died while it started; its log ends:\n{tail(home)}")
        if time.monotonic() > deadline:
            end_all(home)
            raise PlatformError(
                f"The platform was not up after {START_SECONDS:.0f} s; its log ends:\n{tail(home)}"
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
    """What the platform's processes hold, in MB."""
    leader = psutil.Process(record.pid)
    return (
        sum(process.memory_info().rss for process in (leader, *leader.children(recursive=True)))
        // 2**20
    )
