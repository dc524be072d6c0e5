"""Server-sent events: the content of a page, each time it has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING

from release_core.clock import to_iso
from release_machine.dashboard.loop import Board, ReadLoop
from release_machine.dashboard.topics import Topic

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

BEAT_SECONDS = 10.0
# A tab that takes nothing for so long is disconnected; its browser connects again.
SEND_SECONDS = 30.0
RETRY_MILLISECONDS = 2000


def event(kind: str, data: str, *, event_id: str | None = None) -> bytes:
    """An event of a stream; each line of the data has a line of its own."""
    lines = [f"id: {event_id}"] if event_id else []
    lines += [f"event: {kind}", *(f"data: {line}" for line in _lines(data)), "", ""]
    return "\n".join(lines).encode(errors="replace")


def _lines(data: str) -> list[str]:
    # Of all line breaks of Unicode, these end a line of a stream.
    return data.replace("\r\n", "\n").replace("\r", "\n").split("\n")


# A browser tells a page nothing of an answer that is refused, so this is a stream, too.
FULL = event("full", "Too many tabs are open.")


class Streams:
    """The streams of all tabs; at most ``most`` are open at once."""

    def __init__(self, loop: ReadLoop, *, clock: Callable[[], datetime], most: int = 64) -> None:
        self.open = 0
        self._loop = loop
        self._clock = clock
        self._most = most

    @property
    def full(self) -> bool:
        """Whether no other stream can be opened."""
        return self.open >= self._most

    async def events(self, topic: Topic, *, after: str | None) -> AsyncGenerator[bytes, None]:
        """The events of a topic until the server stops; ``after`` is the id that the tab has."""
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        with self._loop.watching(topic) as board:
            while not self._loop.stopped:
                looks, frame, beat = board.looks, board.frame, self._beat(board)
                if frame is not None and frame.id != after:
                    after = frame.id
                    yield event("state", frame.html, event_id=frame.id)
                # After each look, also one that has changed the page: it tells when that was.
                yield beat
                await board.wait(looks, seconds=BEAT_SECONDS)
        yield event("end", "The server was stopped.")

    def _beat(self, board: Board) -> bytes:
        read_at = board.seen.read_at
        told = {
            "now": to_iso(self._clock()),
            "readAt": to_iso(read_at) if read_at else None,
            "late": self._loop.is_late(board),
        }
        return event("beat", json.dumps(told))


class EventStream:
    """The answer that sends the events of a topic to one tab, until either side ends it."""

    def __init__(self, streams: Streams, topic: Topic, *, after: str | None) -> None:
        self._streams = streams
        self._topic = topic
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events; returns when the tab is gone, too slow, or the server stops."""
        self._streams.open += 1
        tasks = [asyncio.create_task(self._write(send)), asyncio.create_task(_left(receive))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.wait(tasks)
            self._streams.open -= 1
        for each in done:
            each.result()

    async def _write(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        # Closed at once when the tab is gone: what nobody looks at is not read.
        async with aclosing(self._streams.events(self._topic, after=self._after)) as events:
            async for each in events:
                try:
                    async with asyncio.timeout(SEND_SECONDS):
                        await send({"type": "http.response.body", "body": each, "more_body": True})
                except TimeoutError:
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    """Wait until the tab is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
