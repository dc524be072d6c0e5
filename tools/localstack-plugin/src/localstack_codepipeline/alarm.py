"""Runs callbacks at a later time."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime


class Alarm:
    """One thread that passes each callback to `submit` when its time has come."""

    def __init__(self, submit: Callable[[Callable[[], None]], object]) -> None:
        self._submit = submit
        self._changed = threading.Condition()
        self._callbacks: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="codepipeline-alarm", daemon=True)
        self._thread.start()

    def at(self, moment: datetime, callback: Callable[[], None]) -> None:
        """Run the callback at that moment, or at once if the moment has passed."""
        with self._changed:
            heapq.heappush(self._callbacks, (moment, next(self._order), callback))
            self._changed.notify()

    def stop(self) -> None:
        """Drop all callbacks and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._stopped:
                now = datetime.now(UTC)
                while self._callbacks and self._callbacks[0][0] <= now:
                    self._submit(heapq.heappop(self._callbacks)[2])
                wait = (self._callbacks[0][0] - now).total_seconds() if self._callbacks else None
                # A wait of days would overflow the lock's timeout on some systems.
                self._changed.wait(None if wait is None else min(wait, 3600))
