"""One loop reads for all tabs, only what they show, and nothing while none is open."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from release_machine.dashboard.loop import ReadLoop
from release_machine.dashboard.pace import HISTORY, OVER, RUNNING, TROUBLED, tempo_of
from release_machine.dashboard.pages.times import age
from release_machine.dashboard.state import History, Seen
from release_machine.dashboard.stream import EventStream, Streams, event
from release_machine.dashboard.topics import (
    AboutApprovals,
    AboutEstate,
    AboutHistory,
    AboutMetrics,
    AboutRelease,
    Topic,
)
from release_machine.errors import OperatorError, UnreachableError, UsageError
from release_machine.release.searching import Filters
from tools.operator.tests.conftest import at

ESTATE, APPROVALS = AboutEstate(), AboutApprovals()
SOON = 5.0


@dataclass
class World:
    """What is read, how often, and the time, which passes only when a test says so."""

    values: dict[Topic, Any] = field(default_factory=dict)
    reads: list[Topic] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    seconds: float = 0.0
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self, topic: Topic) -> Any:
        """Read once."""
        self.reads.append(topic)
        value = self.values.get(topic, "nothing")
        if isinstance(value, Exception):
            raise value
        return value

    def loop(self) -> ReadLoop:
        """The loop over this world."""
        return ReadLoop(
            self.read,
            _render,
            clock=lambda: at(self.seconds),
            report=self.faults.append,
            timer=lambda: self.seconds,
        )


def _render(_: Topic, seen: Seen[Any]) -> str:
    trouble = seen.trouble
    words = f" ({trouble.problem} since {trouble.since:%M:%S})" if trouble else ""
    return f"<p>{seen.value}{words}</p>"


@asynccontextmanager
async def running(loop: ReadLoop) -> AsyncGenerator[None]:
    """The loop, as the server runs it."""
    task = asyncio.create_task(loop.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def in_time(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test that must not hang."""

    async def limited() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(limited())


def test_many_tabs_share_one_read() -> None:
    """However many tabs show a page, it is read and rendered once."""
    world = World()

    async def test() -> None:
        loop = world.loop()
        async with running(loop):
            seen = await asyncio.gather(*(loop.first(ESTATE, within=SOON) for _ in range(20)))
            assert {frame.html for _, frame in seen if frame} == {"<p>nothing</p>"}
        assert world.reads == [ESTATE]

    in_time(test)


def test_nothing_is_read_while_no_tab_is_open() -> None:
    """The loop pauses; a tab that is opened later is served at once."""
    world = World()

    async def test() -> None:
        loop = world.loop()
        async with running(loop):
            await loop.first(ESTATE, within=SOON)
            world.seconds += 3600
            loop.hurry()
            # By now the estate would be due first.
            await loop.first(APPROVALS, within=SOON)
            assert world.reads == [ESTATE, APPROVALS]

    in_time(test)


def test_what_was_just_read_is_not_read_again() -> None:
    """A tab that is loaded again within the pause gets what is known."""
    world = World()

    async def test() -> None:
        loop = world.loop()
        async with running(loop):
            _, first = await loop.first(ESTATE, within=SOON)
            _, again = await loop.first(ESTATE, within=SOON)
            assert first == again
            assert world.reads == [ESTATE]

    in_time(test)


def test_lost_reads_keep_the_last_state() -> None:
    """The page keeps what was read before, says since when nothing is read, and recovers."""
    world = World({ESTATE: "all good"})

    async def test() -> None:
        loop = world.loop()
        async with running(loop):
            with loop.watching(ESTATE) as board:
                await board.wait(0, seconds=SOON)
                world.values[ESTATE] = UnreachableError("AWS does not answer", "Check the network")
                for minute in (1, 2):
                    world.seconds = minute * 60
                    loop.hurry()
                    await board.wait(minute, seconds=SOON)
                    assert board.frame
                    assert board.frame.html == "<p>all good (AWS does not answer since 01:00)</p>"
                    assert board.seen.read_at == at(0)
                world.values[ESTATE] = "good again"
                world.seconds = 180
                loop.hurry()
                await board.wait(3, seconds=SOON)
                assert board.frame
                assert board.frame.html == "<p>good again</p>"
                assert board.seen.trouble is None
        assert world.faults == []

    in_time(test)


def test_a_release_that_does_not_exist_is_absent() -> None:
    """The server answers 404 for it."""
    world = World({AboutRelease("x"): UsageError("There is no release x", "List them")})

    async def test() -> None:
        loop = world.loop()
        async with running(loop):
            seen, _ = await loop.first(AboutRelease("x"), within=SOON)
            assert seen.trouble
            assert seen.trouble.absent

    in_time(test)


def test_a_fault_of_one_page_leaves_the_others() -> None:
    """It is reported and shown, without its words, and the loop goes on."""
    world = World({ESTATE: ZeroDivisionError("a secret")})

    async def test() -> None:
        loop = world.loop()
        async with running(loop):
            seen, frame = await loop.first(ESTATE, within=SOON)
            assert seen.trouble
            assert "ZeroDivisionError" in seen.trouble.problem
            assert frame
            assert "a secret" not in frame.html
            _, other = await loop.first(APPROVALS, within=SOON)
            assert other
        assert [type(each) for each in world.faults] == [ZeroDivisionError]

    in_time(test)


def test_a_page_that_cannot_be_made_ends_nothing() -> None:
    """Neither a fault of the page nor one of the report: the other pages are read on."""
    world = World()

    def refuse(_: object) -> None:
        raise OSError("the terminal is closed")

    def render(topic: Topic, seen: Seen[Any]) -> str:
        if topic == ESTATE:
            raise ZeroDivisionError
        return _render(topic, seen)

    async def test() -> None:
        loop = ReadLoop(world.read, render, clock=lambda: at(0), report=refuse)
        async with running(loop):
            seen, frame = await loop.first(ESTATE, within=SOON)
            assert seen.trouble
            assert "ZeroDivisionError" in seen.trouble.problem
            assert frame is None
            _, other = await loop.first(APPROVALS, within=SOON)
            assert other
        assert loop.failure is None

    in_time(test)


def test_the_end_of_the_loop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it ends all the same, the tabs and the server are told: nothing looks up to date."""
    monkeypatch.setattr("release_machine.dashboard.loop.tempo_of", lambda *_: 1 / 0)

    async def test() -> None:
        loop = World().loop()
        async with running(loop):
            streams = Streams(loop, clock=lambda: at(0))
            async with aclosing(streams.events(ESTATE, after=None)) as events:
                kinds = [parsed(each)[0] async for each in events]
            assert kinds[-1] == "end"
        assert isinstance(loop.failure, ZeroDivisionError)

    in_time(test)


@pytest.mark.parametrize("slow", [AboutMetrics(365), AboutHistory(Filters(requester="alice"))])
def test_a_slow_page_holds_up_no_other(slow: Topic) -> None:
    """The metrics of a year take minutes; what happens now is read meanwhile."""
    world = World()
    goes_on = threading.Event()

    def read(topic: Topic) -> Any:
        if topic == slow:
            assert goes_on.wait(30)
        return world.read(topic)

    async def test() -> None:
        loop = ReadLoop(read, _render, clock=lambda: at(0), report=world.faults.append)
        async with running(loop):
            with loop.watching(slow) as board:
                await asyncio.sleep(0)
                seen, frame = await loop.first(ESTATE, within=1)
                goes_on.set()
                assert (seen.value, frame is None) == ("nothing", False)
                await board.wait(0, seconds=SOON)
                assert board.looks == 1

    in_time(test)


def test_a_page_whose_read_takes_long_is_late() -> None:
    """The beat of its stream says so, for the page to say it is not up to date."""
    world = World()

    async def test() -> None:
        loop = world.loop()
        streams = Streams(loop, clock=lambda: at(world.seconds))
        async with running(loop):
            await loop.first(ESTATE, within=SOON)
        # Nothing is read any more. A tab that is opened is not late at once.
        world.seconds = 60
        loop.hurry()
        with loop.watching(ESTATE):
            for seconds, late in ((60.0, False), (120.0, True)):
                world.seconds = seconds
                async with aclosing(streams.events(ESTATE, after=None)) as events:
                    beats = (parsed(each) async for each in events)
                    data = await anext(data async for kind, data, _ in beats if kind == "beat")
                    assert json.loads(data)["late"] == late

    in_time(test)


def test_what_was_done_during_a_read_is_read_again() -> None:
    """The read may have missed it, so the page is due at once."""
    world = World()
    began, goes_on = threading.Event(), threading.Event()

    def read(topic: Topic) -> Any:
        began.set()
        assert goes_on.wait(30)
        return world.read(topic)

    async def test() -> None:
        loop = ReadLoop(
            read, _render, clock=lambda: at(0), report=world.faults.append, timer=lambda: 0.0
        )
        async with running(loop):
            with loop.watching(ESTATE) as board:
                assert await asyncio.to_thread(began.wait, 30)
                loop.hurry()
                goes_on.set()
                await board.wait(0, seconds=SOON)
                await board.wait(1, seconds=1)
                assert board.looks == 2

    in_time(test)


def test_a_slow_first_read_does_not_hold_the_page() -> None:
    """The page comes without content; its stream brings that later."""

    async def test() -> None:
        loop = World().loop()
        seen, frame = await loop.first(ESTATE, within=0.01)
        assert (seen.value, frame) == (None, None)

    in_time(test)


def test_pauses_grow_while_nothing_changes() -> None:
    """From the first to the longest; a change begins anew."""
    pauses = [RUNNING.pause(None, changed=False)]
    for _ in range(5):
        pauses.append(RUNNING.pause(pauses[-1], changed=False))
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (RUNNING.first, RUNNING.longest)
    assert RUNNING.pause(pauses[-1], changed=True) == RUNNING.first
    assert TROUBLED.longest > RUNNING.longest
    assert OVER.first > RUNNING.first
    assert tempo_of(AboutRelease("x"), None) is RUNNING


def test_a_search_for_pipelines_is_repeated_rarely() -> None:
    """It reads much: a pattern may match hundreds of pipelines."""
    assert tempo_of(AboutHistory(Filters(statuses=("FAILED",))), None) is HISTORY
    tempo = tempo_of(AboutHistory(Filters(pipelines=("shop-*",))), None)
    assert tempo.first >= 30
    assert tempo.longest >= 300


def test_only_a_page_that_has_changed_is_sent_again() -> None:
    """Not one that is the same later; but one that says how long ago something was."""
    world = World({APPROVALS: History(at=at(0))})

    def render(_: Topic, seen: Seen[Any]) -> str:
        assert seen.value
        return f"asked {age(seen.value.at - at(0))} ago"

    async def test() -> None:
        loop = ReadLoop(
            world.read, render, clock=lambda: at(0), report=world.faults.append, timer=lambda: 0.0
        )
        async with running(loop):
            with loop.watching(APPROVALS) as board:
                frames = []
                for looks, seconds in enumerate((60, 90, 150)):
                    world.values[APPROVALS] = History(at=at(seconds))
                    loop.hurry()
                    await board.wait(looks, seconds=SOON)
                    assert board.frame
                    frames.append(board.frame)
        first, second, third = frames
        assert first is second
        assert first.html == "asked 1\N{NO-BREAK SPACE}min ago"
        assert third.html == "asked 2\N{NO-BREAK SPACE}min ago"
        assert first.id != third.id

    in_time(test)


def parsed(text: bytes) -> tuple[str, str, str | None]:
    """Kind, data and id of an event, as a browser reads them."""
    fields = [line.partition(": ") for line in text.decode().splitlines() if line]
    data = "\n".join(value for name, _, value in fields if name == "data")
    known = {name: value for name, _, value in fields}
    return known.get("event", ""), data, known.get("id")


def test_events_of_a_stream() -> None:
    """The content at once, then each change, each with the time of its read, and the end."""
    world = World({ESTATE: "one\ntwo"})

    async def test() -> None:
        loop = world.loop()
        streams = Streams(loop, clock=lambda: at(world.seconds))
        async with running(loop), aclosing(streams.events(ESTATE, after=None)) as events:
            assert (await anext(events)).startswith(b"retry: ")
            kind, data, _ = parsed(await anext(events))
            assert (kind, json.loads(data)["readAt"]) == ("beat", None)
            kind, data, first = parsed(await anext(events))
            assert (kind, data) == ("state", "<p>one\ntwo</p>")
            kind, data, _ = parsed(await anext(events))
            assert (kind, json.loads(data)["readAt"]) == ("beat", "2026-11-22T10:00:00.000Z")
            loop.hurry()
            kind, data, _ = parsed(await anext(events))
            assert (kind, json.loads(data)["readAt"]) == ("beat", "2026-11-22T10:00:00.000Z")
            world.values[ESTATE] = "three"
            world.seconds = 60
            loop.hurry()
            kind, data, second = parsed(await anext(events))
            assert (kind, data) == ("state", "<p>three</p>")
            assert first
            assert second
            assert first != second
            kind, data, _ = parsed(await anext(events))
            assert (kind, json.loads(data)["readAt"]) == ("beat", "2026-11-22T10:01:00.000Z")
            loop.stop()
            kind, _, _ = parsed(await anext(events))
            assert kind == "end"
            assert [each async for each in events] == []

    in_time(test)


def test_a_tab_gets_nothing_twice() -> None:
    """After a new connection it names what it has, and gets only a beat."""
    world = World()

    async def test() -> None:
        loop = world.loop()
        streams = Streams(loop, clock=lambda: at(0))
        async with running(loop):
            _, frame = await loop.first(ESTATE, within=SOON)
            assert frame
            async with aclosing(streams.events(ESTATE, after=frame.id)) as events:
                await anext(events)
                await anext(events)
                loop.hurry()
                assert parsed(await anext(events))[0] == "beat"
            async with aclosing(streams.events(ESTATE, after="of another start")) as events:
                await anext(events)
                assert parsed(await anext(events))[0] == "state"

    in_time(test)


class Tab:
    """A tab of a browser, as a server sees it: it takes what is sent, until it is told not to."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.gone = asyncio.Event()
        self.ended = False

    async def send(self, message: Any) -> None:
        """Take a part of the answer; a slow tab takes none for now."""
        if message["type"] == "http.response.body":
            await self.takes.wait()
            self.got.append(message["body"])
            self.ended = not message["more_body"]

    async def receive(self) -> Any:
        """Nothing comes from a tab but that it is gone."""
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def has(self, text: bytes) -> None:
        """Wait until it got a text."""
        while not any(text in each for each in self.got):
            await asyncio.sleep(0.005)


def test_a_slow_tab_stalls_nobody() -> None:
    """Another tab gets every change; the slow tab later gets the newest state only."""
    world = World({ESTATE: 0})

    async def test() -> None:
        loop = world.loop()
        streams = Streams(loop, clock=lambda: at(0))
        slow, quick = Tab(), Tab()
        async with running(loop):
            tasks = [
                asyncio.create_task(
                    EventStream(streams, ESTATE, after=None)({}, tab.receive, tab.send)
                )
                for tab in (slow, quick)
            ]
            await slow.has(b"<p>0</p>")
            slow.takes.clear()
            for number in range(1, 30):
                world.values[ESTATE] = number
                loop.hurry()
                await quick.has(b"<p>%d</p>" % number)
            slow.takes.set()
            await slow.has(b"<p>29</p>")
            assert len([each for each in slow.got if b"event: state" in each]) < 5
            loop.stop()
            await asyncio.gather(*tasks)
            assert slow.ended
            assert quick.ended
            assert b"event: end" in b"".join(quick.got)

    in_time(test)


def test_a_closed_tab_is_not_read_for() -> None:
    """When the connection ends, its topic is not watched any more, and its place is free."""
    world = World()

    async def test() -> None:
        loop = world.loop()
        streams = Streams(loop, clock=lambda: at(0), most=1)
        tab = Tab()
        async with running(loop):
            task = asyncio.create_task(
                EventStream(streams, ESTATE, after=None)({}, tab.receive, tab.send)
            )
            await tab.has(b"event: state")
            assert streams.full
            tab.gone.set()
            await task
            assert not streams.full
            world.reads.clear()
            world.seconds += 3600
            loop.hurry()
            await loop.first(APPROVALS, within=SOON)
            assert world.reads == [APPROVALS]

    in_time(test)


def test_a_tab_that_takes_nothing_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the loop would read for it for ever."""
    monkeypatch.setattr("release_machine.dashboard.stream.SEND_SECONDS", 0.01)

    async def test() -> None:
        loop = World().loop()
        streams = Streams(loop, clock=lambda: at(0))
        tab = Tab()
        tab.takes.clear()
        async with running(loop):
            await EventStream(streams, ESTATE, after=None)({}, tab.receive, tab.send)
        assert streams.open == 0

    in_time(test)


@pytest.mark.parametrize("text", ["a\r\nb", "a\rb", "a\nb"])
def test_a_line_break_forges_no_event(text: str) -> None:
    """Each line of a text is a line of data."""
    assert event("state", text) == b"event: state\ndata: a\ndata: b\n\n"
    assert event("beat", "\udc80") == b"event: beat\ndata: ?\n\n"


def test_topics_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of pages that nobody shows any more, only the latest are remembered."""
    monkeypatch.setattr("release_machine.dashboard.loop._REMEMBERED", 2)
    world = World({AboutRelease(f"{each}"): OperatorError("no", "no") for each in range(9)})

    async def test() -> None:
        loop = world.loop()
        async with running(loop):
            for number in range(9):
                await loop.first(AboutRelease(f"{number}"), within=SOON)
            await loop.first(AboutRelease("8"), within=SOON)
            assert len(world.reads) == 9
            await loop.first(AboutRelease("0"), within=SOON)
            assert len(world.reads) == 10

    in_time(test)
