"""Puts the dashboard together, and runs it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC

from release_core.clock import now
from release_machine.dashboard.actions import Actions
from release_machine.dashboard.door import Door
from release_machine.dashboard.loop import ReadLoop
from release_machine.dashboard.reading import Readers
from release_machine.dashboard.reporting import safely
from release_machine.dashboard.server import Dashboard, Parts, render
from release_machine.dashboard.serving import ADDRESS, listen, port_of, serve
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
    report: Callable[[Exception], None],
) -> None:
    """Serve the dashboard until it is interrupted: then KeyboardInterrupt is raised.

    ``tell`` prints a line, ``opened`` gets the link of the first browser, ``entered`` the next link
    when a browser was let in, ``report`` a fault, after which the dashboard goes on. Raises
    OperatorError when the port cannot be used, or the deployment cannot be read.
    """
    session = open_session()
    site = Site(
        deployment=session.deployment.name_prefix,
        region=session.deployment.region,
        console_region=session.console_region,
        caller=session.caller,
        allows_actions=allows_actions,
    )
    with closing(listen(port)) as listening, closing(Readers(open_session, clock=now)) as reader:
        base = f"http://{ADDRESS}:{port_of(listening)}"

        def let_in(link: str) -> None:
            try:
                entered(link)
            except Exception as error:  # the browser is in all the same
                safely(report)(error)

        door = Door(base, let_in=let_in)
        loop = ReadLoop(
            reader,
            lambda topic, seen: render(site, topic, seen),
            clock=now,
            report=report,
        )
        parts = Parts(
            site=site,
            port=port_of(listening),
            door=door,
            loop=loop,
            streams=Streams(loop, clock=now),
            actions=Actions(open_session, clock=now) if allows_actions else None,
            report=report,
        )
        may = "may change releases" if allows_actions else "only reads"
        tell(f"the dashboard of {site.deployment} in {site.region} {may}; to end it: Ctrl-C")
        opened(door.link)
        # The pages are in UTC, as the report; a script shows the zone of the browser.
        with times_in(UTC):
            serve(
                Dashboard(parts).app(),
                listening,
                stop=loop.stop,
                ended=lambda: loop.failure is not None,
            )
        if loop.failure is not None:
            raise loop.failure
