"""The dashboard with its real server, over a deployment in memory, for a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from release_core.clock import now
from release_machine.dashboard.actions import Actions
from release_machine.dashboard.door import Door
from release_machine.dashboard.loop import ReadLoop
from release_machine.dashboard.reading import Readers
from release_machine.dashboard.server import Dashboard, Parts, render
from release_machine.dashboard.serving import ADDRESS, Server, listen, port_of
from release_machine.dashboard.state import Site
from release_machine.dashboard.stream import Streams

SECONDS = 30.0


@dataclass
class Running:
    """A dashboard that serves; ``faults`` is what it has reported."""

    base: str
    door: Door
    loop: ReadLoop
    server: Server
    thread: Thread
    faults: list[Exception] = field(default_factory=list)

    def end(self) -> None:
        """End it as Ctrl-C does: the tabs are told; nothing when it has ended."""
        if not self.thread.is_alive():
            return
        self.loop.stop()
        self.server.should_exit = True
        self.thread.join(timeout=SECONDS)
        assert not self.thread.is_alive()


@contextmanager
def running(open_session: Callable[[], Any], *, allows_actions: bool = False) -> Iterator[Running]:
    """A dashboard at a free port, until the block ends."""
    site = Site(
        deployment="release-machine",
        region="us-east-1",
        console_region="us-east-1",
        caller="alice",
        allows_actions=allows_actions,
    )
    faults: list[Exception] = []
    with closing(listen(0)) as listening, closing(Readers(open_session, clock=now)) as reader:
        port = port_of(listening)
        base = f"http://{ADDRESS}:{port}"
        door = Door(base, let_in=lambda _: None)
        loop = ReadLoop(
            reader, lambda topic, seen: render(site, topic, seen), clock=now, report=faults.append
        )
        parts = Parts(
            site=site,
            port=port,
            door=door,
            loop=loop,
            streams=Streams(loop, clock=now),
            actions=Actions(open_session, clock=now) if allows_actions else None,
            report=faults.append,
        )
        server = Server(
            Dashboard(parts).app(), stop=loop.stop, ended=lambda: loop.failure is not None
        )
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        made = Running(base, door, loop, server, thread, faults)
        try:
            yield made
        finally:
            made.end()
