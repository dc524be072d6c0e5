"""Finds the processes of a platform, and ends them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tools.platform.layout import Home

# Every process of a platform inherits this variable, so none can be lost: not Java when LocalStack
# is killed, not a function's process, and no number in a file can be mistaken for a process that
# took it over later.
MARKER = "PLATFORM_MARKER"
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Record:
    """What platform.json says: the process, when it was made (seconds since 1970), and its port."""

    pid: int
    created: float
    port: int


def read_record(home: Home) -> Record | None:
    """The record of a platform that runs.

    None when there is none, or when its process is gone or is another's.
    """
    try:
        values = json.loads(home.record.read_text())
        record = Record(pid=values["pid"], created=values["created"], port=values["port"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    try:
        process = psutil.Process(record.pid)
        same = process.create_time() == record.created
        return record if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def write_record(home: Home, pid: int, port: int) -> None:
    """Notes a process that was just started.

    Raises psutil.NoSuchProcess when it has ended already.
    """
    record = Record(pid=pid, created=psutil.Process(pid).create_time(), port=port)
    home.record.write_text(json.dumps(asdict(record)) + "\n")


def marked(home: Home) -> list[psutil.Process]:
    """Every process that belongs to the platform of this home."""
    return [process for process in psutil.process_iter() if _marker_of(process) == home.path]


def _marker_of(process: psutil.Process) -> Path | None:
    try:
        name = process.environ().get(MARKER)
    except (psutil.Error, OSError):  # it has ended, or it is somebody else's
        return None
    return Path(name) if name else None


def end_all(home: Home) -> int:
    """Ends every process of the platform, LocalStack first and in order.

    Returns how many there were.
    """
    record = read_record(home)
    found = marked(home)
    if record:
        leader = psutil.Process(record.pid)
        if leader not in found:
            found.append(leader)
        _terminate(leader)
    # LocalStack's own shutdown ends Java and the fork server, which ends the functions; this is for
    # when it could not.
    for process in {*found, *marked(home)}:
        _kill(process)
    psutil.wait_procs(found, timeout=STOP_SECONDS)
    home.record.unlink(missing_ok=True)
    return len(found)


def _terminate(process: psutil.Process) -> None:
    try:
        process.terminate()
        process.wait(STOP_SECONDS)
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        return


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()  # psutil checks that the pid is still the process it was
    except psutil.NoSuchProcess:
        return
