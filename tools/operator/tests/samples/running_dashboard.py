"""The dashboard with its real server, over a deployment in memory, for a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from release_machine.dashboard.door import Door
from release_machine.dashboard.loop import ReadLoop
from release_machine.dashboard.running import parts_of, server_of
from release_machine.dashboard.serving import ADDRESS, Server, listen, port_of

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
    faults: list[Exception] = []
    with (
        closing(listen(0)) as listening,
        parts_of(
            open_session,
            port=port_of(listening),
            allows_actions=allows_actions,
            entered=lambda _: None,
            report=faults.append,
        ) as parts,
    ):
        server = server_of(parts)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        base = f"http://{ADDRESS}:{parts.port}"
        made = Running(base, parts.door, parts.loop, server, thread, faults)
        try:
            yield made
        finally:
            made.end()
