"""Things to do at a later moment."""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime


class Alarm:
    """One thread that hands each errand to `submit` when its moment has come."""

    def __init__(self, submit: Callable[[Callable[[], None]], object]) -> None:
        self._submit = submit
        self._changed = threading.Condition()
        self._errands: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="codepipeline-alarm", daemon=True)
        self._thread.start()

    def at(self, moment: datetime, errand: Callable[[], None]) -> None:
        """Run the errand at that moment, or at once if it has passed."""
        with self._changed:
            heapq.heappush(self._errands, (moment, next(self._order), errand))
            self._changed.notify()

    def stop(self) -> None:
        """Forget all errands and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._stopped:
                now = datetime.now(UTC)
                while self._errands and self._errands[0][0] <= now:
                    self._submit(heapq.heappop(self._errands)[2])
                wait = (self._errands[0][0] - now).total_seconds() if self._errands else None
                # A wait of days would overflow the lock's timeout on some systems.
                self._changed.wait(None if wait is None else min(wait, 3600))
