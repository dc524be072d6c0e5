"""Finds and stops the processes of a platform."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass

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
        record = Record(**json.loads(home.record.read_text()))
        process = psutil.Process(record.pid)
        same = process.create_time() == record.created
        return record if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (FileNotFoundError, ValueError, TypeError, psutil.NoSuchProcess):
        return None


def write_record(home: Home, pid: int, port: int) -> None:
    """Writes the record of a process that was just started.

    Raises psutil.NoSuchProcess if the process has already ended.
    """
    record = Record(pid=pid, created=psutil.Process(pid).create_time(), port=port)
    home.record.write_text(json.dumps(asdict(record)) + "\n")


def marked(home: Home) -> list[psutil.Process]:
    """Every process that belongs to the platform of this home."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it has ended, or belongs to another user
            if process.environ().get(MARKER) == str(home.path):
                found.append(process)
    return found


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
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            leader.terminate()
            leader.wait(STOP_SECONDS)
    # LocalStack's own shutdown ends Java and the fork server, which ends the functions. Kill what
    # is left.
    for process in {*found, *marked(home)}:
        with suppress(psutil.NoSuchProcess):
            process.kill()  # psutil checks that the pid still belongs to this process
    psutil.wait_procs(found, timeout=STOP_SECONDS)
    home.record.unlink(missing_ok=True)
    return len(found)
