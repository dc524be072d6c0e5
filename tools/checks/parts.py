"""Runs the parts of a check: side by side where they can, and none after the first that fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".platform/checks"


@dataclass(frozen=True)
class Part:
    """A bash command that starts when the parts named in ``after`` have passed."""

    name: str
    command: str
    after: tuple[str, ...] = ()

    @property
    def log(self) -> Path:
        """The file that holds what the part has printed so far."""
        return LOGS / f"{self.name.lower().replace(' ', '-')}.log"


def run(parts: Sequence[Part]) -> int:
    """Run all parts; the exit code is 1 when one failed.

    The output of a part is printed in one piece when the part ends. The first failure is printed
    at once and ends all other parts.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    waiting, passed = list(parts), set[str]()
    futures: dict[Future[int], tuple[Part, float]] = {}
    # Processes before threads: a thread waits for its process until that is ended.
    with ThreadPoolExecutor(len(parts)) as threads, _processes() as processes:
        while waiting or futures:
            for part in [each for each in waiting if passed.issuperset(each.after)]:
                waiting.remove(part)
                _say(f"== {part.name}: started (log: {part.log.relative_to(ROOT)})")
                processes.append(_start(part))
                futures[threads.submit(processes[-1].wait)] = (part, time.monotonic())
            for future in wait(futures, return_when=FIRST_COMPLETED).done:
                part, began = futures.pop(future)
                _say(part.log.read_text(encoding="utf-8", errors="replace").rstrip())
                outcome = "FAILED" if future.result() else "passed"
                _say(f"== {part.name}: {outcome} ({time.monotonic() - began:.0f} s)")
                if future.result():
                    return 1
                passed.add(part.name)
    _say(f"== All passed ({time.monotonic() - started:.0f} s)")
    return 0


def _start(part: Part) -> subprocess.Popen[bytes]:
    """Start a part in a session of its own, so that it can be ended with all its processes."""
    with part.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            ["bash", "-euo", "pipefail", "-c", part.command],  # noqa: S607 - as the Makefile does
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def _processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Collect the processes; end those that still run when the block ends, however it ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        yield processes
    finally:
        _end(processes)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
