"""Runs callbacks at a later time."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime


class Alarm:
    """One thread that passes each callback to `submit` when its time has come."""

    def __init__(self, submit: Callable[[Callable[[], None]], object]) -> None:
        self._submit = submit
        self._loop = asyncio.new_event_loop()
        run = self._loop.run_forever
        self._thread = threading.Thread(target=run, name="codepipeline-alarm", daemon=True)
        self._thread.start()

    def at(self, moment: datetime, callback: Callable[[], None]) -> None:
        """Run the callback at that moment, or at once if the moment has passed."""
        wait = (moment - datetime.now(UTC)).total_seconds()
        self._loop.call_soon_threadsafe(self._loop.call_later, wait, self._submit, callback)

    def stop(self) -> None:
        """Drop all callbacks and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
