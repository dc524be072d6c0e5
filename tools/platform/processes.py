"""Finds and stops the processes of a platform."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tools.platform.layout import Home

# Every process of a platform inherits this variable, so all of them can be found: also Java and the
# functions' processes after LocalStack was killed. A process id in a file could belong to another
# process by then.
MARKER = "PLATFORM_MARKER"
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Record:
    """The content of platform.json: process id, its start (seconds since 1970), and port."""

    pid: int
    created: float
    port: int


def read_record(home: Home) -> Record | None:
    """The record of a running platform.

    None if there is none, if its process has ended, or if another process has its id now.
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
    """Writes the record of a process that was just started.

    Raises psutil.NoSuchProcess if the process has already ended.
    """
    record = Record(pid=pid, created=psutil.Process(pid).create_time(), port=port)
    home.record.write_text(json.dumps(asdict(record)) + "\n")


def marked(home: Home) -> list[psutil.Process]:
    """Every process that belongs to the platform of this home."""
    return [process for process in psutil.process_iter() if _marker_of(process) == home.path]


def _marker_of(process: psutil.Process) -> Path | None:
    try:
        name = process.environ().get(MARKER)
    except (psutil.Error, OSError):  # it has ended, or belongs to another user
        return None
    return Path(name) if name else None


def end_all(home: Home) -> int:
    """Stops every process of the platform, LocalStack first.

    Returns the number of processes.
    """
    record = read_record(home)
    found = marked(home)
    if record:
        leader = psutil.Process(record.pid)
        if leader not in found:
            found.append(leader)
        _terminate(leader)
    # LocalStack's own shutdown ends Java and the fork server, which ends the functions. Kill what
    # is left.
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
        process.kill()  # psutil checks that the pid still belongs to this process
    except psutil.NoSuchProcess:
        return
