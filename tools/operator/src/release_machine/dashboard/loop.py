"""The only reader of the dashboard: for all tabs, for what they show."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from release_machine.dashboard.pace import LATE_SECONDS, TROUBLED, Lane, lane_of, tempo_of
from release_machine.dashboard.reporting import Report, safely
from release_machine.dashboard.state import Seen, Trouble, facts
from release_machine.dashboard.topics import Topic
from release_machine.errors import OperatorError, UsageError

# Topics that are remembered after their last tab was closed.
_REMEMBERED = 30
_FAULT = "Run the command again with RELEASE_MACHINE_DEBUG=1 and report what it prints."


@dataclass(frozen=True, slots=True)
class Frame:
    """The content of a page after a read; another content has another id."""

    id: str
    html: str


class Board:
    """What is known about a topic, and the tabs that show it.

    Tabs take the newest frame when they are ready for it. So there is no queue, and a tab that is
    slow misses frames and delays nobody.
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.seen: Seen[Any] = Seen()
        self.frame: Frame | None = None
        self.looks = 0
        self.watchers = 0
        self.pause: float | None = None
        self.due = 0.0
        self._looked = asyncio.Event()

    async def wait(self, looks: int, *, seconds: float) -> None:
        """Wait for the next read after so many, at most so long."""
        if self.looks > looks:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._looked.wait()
        except TimeoutError:
            return

    def wake(self) -> None:
        """Let all tabs look again."""
        self._looked.set()
        self._looked = asyncio.Event()


class ReadLoop:
    """Reads what open pages show, one topic of a lane after the other, and nothing for no page.

    ``read`` gives the value of a topic, ``render`` the content of its page; both run in the thread
    of the lane. ``read`` raises OperatorError for what a person can solve: pages then keep the last
    value. Any other error is a fault, shown as such and given to ``report``. ``failure`` is why the
    loop has ended by itself, which it never should.
    """

    def __init__(
        self,
        read: Callable[[Topic], Any],
        render: Callable[[Topic, Seen[Any]], str],
        *,
        clock: Callable[[], datetime],
        report: Report,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stopped = False
        self._read = read
        self._render = render
        self._clock = clock
        self.failure: Exception | None = None
        self._report = safely(report)
        self._timer = timer
        self._hurries = 0
        self._boards: dict[Topic, Board] = {}
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._name = secrets.token_urlsafe(6)
        self._frames = 0

    async def run(self) -> None:
        """Read until the task is cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as lanes:
                for lane in Lane:
                    lanes.create_task(self._serve(lane))
        except ExceptionGroup as group:
            # Otherwise pages would stay as they are, and look as if they were up to date.
            (self.failure, *_) = group.exceptions
            self._stop()

    async def _serve(self, lane: Lane) -> None:
        pool = ThreadPoolExecutor(1, thread_name_prefix=f"dashboard-reads-{lane}")
        try:
            while True:
                self._woken.clear()
                board = min(self._watched(lane), key=lambda each: each.due, default=None)
                left = None if board is None else board.due - self._timer()
                if board is None or left is None or left > 0:
                    await self._rest(left)
                else:
                    await self._look(board, pool)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """Tell all tabs that nothing more comes; may be called from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop)

    @contextmanager
    def watching(self, topic: Topic) -> Iterator[Board]:
        """Have a topic read as long as the context lasts."""
        board = self._boards.pop(topic, None) or Board(topic)
        # Back at the end: the boards are in the order of their last use.
        self._boards[topic] = board
        if not board.watchers:
            # It is late from now on, and not for the time in which nobody looked.
            board.due = max(board.due, self._timer())
        board.watchers += 1
        self._woken.set()
        try:
            yield board
        finally:
            board.watchers -= 1
            self._forget()

    async def first(self, topic: Topic, *, within: float) -> tuple[Seen[Any], Frame | None]:
        """The state of a topic that is as new as a watched one, or what there is in this time."""
        with self.watching(topic) as board:
            if board.frame is None or board.due <= self._timer():
                await board.wait(board.looks, seconds=within)
            return board.seen, board.frame

    def hurry(self) -> None:
        """Read everything that is watched now: something was done."""
        self._hurries += 1
        for board in self._boards.values():
            board.due, board.pause = min(board.due, self._timer()), None
        self._woken.set()

    def is_late(self, board: Board) -> bool:
        """Whether a page that is watched should long have been read again."""
        return board.looks > 0 and self._timer() > board.due + LATE_SECONDS

    def _watched(self, lane: Lane) -> list[Board]:
        found = self._boards.values()
        return [each for each in found if each.watchers and lane_of(each.topic) is lane]

    def _forget(self) -> None:
        idle = [topic for topic, board in self._boards.items() if not board.watchers]
        for topic in idle[: max(0, len(idle) - _REMEMBERED)]:
            del self._boards[topic]

    def _stop(self) -> None:
        self.stopped = True
        for board in self._boards.values():
            board.wake()

    async def _rest(self, seconds: float | None) -> None:
        """Wait until a topic is due, or a tab is opened."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _look(self, board: Board, pool: ThreadPoolExecutor) -> None:
        before, hurries = board.seen, self._hurries
        loop = asyncio.get_running_loop()
        seen, html = await loop.run_in_executor(pool, self._see, board.topic, before)
        changed = seen.trouble != before.trouble or facts(seen.value) != facts(before.value)
        # Also when nothing but the time has changed: a page says how long ago something was.
        if html is not None and (board.frame is None or board.frame.html != html):
            self._frames += 1
            board.frame = Frame(f"{self._name}-{self._frames}", html)
        tempo = TROUBLED if seen.trouble else tempo_of(board.topic, seen.value)
        board.pause = tempo.pause(board.pause, changed=changed)
        # Race: something was done during this read, which may not have seen it.
        misses_something = self._hurries != hurries
        board.due = self._timer() + (0.0 if misses_something else board.pause)
        board.seen = seen
        board.looks += 1
        board.wake()

    def _see(self, topic: Topic, before: Seen[Any]) -> tuple[Seen[Any], str | None]:
        """Read and render once, in a thread."""
        try:
            seen: Seen[Any] = Seen(value=self._read(topic), read_at=self._clock())
            return seen, self._render(topic, seen)
        except OperatorError as error:
            trouble = self._trouble(before, error.problem, error.next_step)
            trouble = replace(trouble, absent=isinstance(error, UsageError))
            seen = replace(before, trouble=trouble)
        except Exception as error:  # the loop goes on for the other pages
            seen = self._faulty(before, error)
        try:
            return seen, self._render(topic, seen)
        except Exception as error:
            # The page stays as it is, and is read again as one in trouble.
            return self._faulty(before, error), None

    def _faulty(self, before: Seen[Any], error: Exception) -> Seen[Any]:
        self._report(error)
        problem = f"A fault of this command: {type(error).__name__}."
        return Seen(trouble=self._trouble(before, problem, _FAULT))

    def _trouble(self, before: Seen[Any], problem: str, next_step: str) -> Trouble:
        since = before.trouble.since if before.trouble else self._clock()
        return Trouble(problem=problem, next_step=next_step, since=since)
