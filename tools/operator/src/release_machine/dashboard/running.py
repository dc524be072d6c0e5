"""Puts the dashboard together, and runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC

from release_core.clock import now
from release_machine.dashboard.actions import Actions
from release_machine.dashboard.door import Door
from release_machine.dashboard.loop import ReadLoop
from release_machine.dashboard.reading import Readers
from release_machine.dashboard.reporting import Report, safely
from release_machine.dashboard.server import Dashboard, Parts, render
from release_machine.dashboard.serving import ADDRESS, Server, listen, port_of
from release_machine.dashboard.state import Site
from release_machine.dashboard.stream import Streams
from release_machine.deployment.session import Session
from release_machine.text.wording import times_in


def run(
    open_session: Callable[[], Session],
    *,
    port: int,
    allows_actions: bool,
    tell: Callable[[str], None],
    opened: Callable[[str], None],
    entered: Callable[[str], None],
    report: Report,
) -> None:
    """Serve the dashboard until it is interrupted: then KeyboardInterrupt is raised.

    ``tell`` prints a line, ``opened`` gets the link of the first browser, ``entered`` the next link
    when a browser was let in, ``report`` a fault, after which the dashboard goes on. Raises
    OperatorError when the port cannot be used, or the deployment cannot be read.
    """
    with (
        closing(listen(port)) as listening,
        parts_of(
            open_session,
            port=port_of(listening),
            allows_actions=allows_actions,
            entered=entered,
            report=report,
        ) as parts,
    ):
        may = "may change releases" if allows_actions else "only reads"
        site = parts.site
        tell(f"the dashboard of {site.deployment} in {site.region} {may}; to end it: Ctrl-C")
        opened(parts.door.link)
        # The pages are in UTC, as the report; a script shows the zone of the browser.
        with times_in(UTC):
            server_of(parts).run(sockets=[listening])
        if parts.loop.failure is not None:
            raise parts.loop.failure


@contextmanager
def parts_of(
    open_session: Callable[[], Session],
    *,
    port: int,
    allows_actions: bool,
    entered: Callable[[str], None],
    report: Report,
) -> Iterator[Parts]:
    """The parts of a dashboard at this port, which read until the block ends.

    ``entered`` and ``report`` are those of ``run``. Raises OperatorError when the deployment cannot
    be read.
    """
    session = open_session()
    site = Site(
        deployment=session.deployment.name_prefix,
        region=session.deployment.region,
        console_region=session.console_region,
        caller=session.caller,
        allows_actions=allows_actions,
    )

    def let_in(link: str) -> None:
        try:
            entered(link)
        except Exception as error:  # the browser is in all the same
            safely(report)(error)

    with closing(Readers(open_session, clock=now)) as reader:
        loop = ReadLoop(
            reader,
            lambda topic, seen: render(site, topic, seen),
            clock=now,
            report=report,
        )
        yield Parts(
            site=site,
            port=port,
            door=Door(f"http://{ADDRESS}:{port}", let_in=let_in),
            loop=loop,
            streams=Streams(loop, clock=now),
            actions=Actions(open_session, clock=now) if allows_actions else None,
            report=report,
        )


def server_of(parts: Parts) -> Server:
    """The server of the pages, which ends when nothing is read any more."""
    loop = parts.loop
    return Server(Dashboard(parts).app(), stop=loop.stop, ended=lambda: loop.failure is not None)
