"""Readers over an account in memory, in which the functions run."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from release_core.aws.clients import in_parallel
from release_core.aws.execution_history import ExecutionHistory
from release_core.ledger.history import HistoryReader
from release_machine.release.busy import BusyPipelines
from release_machine.release.estate_reader import EstateReader
from tests.worlds.ledger_world import TABLES
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import run


def world_after_a_release() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders`` a minute ago."""
    world = ReleaseWorld()
    run(world, "v1", "orders")
    world.clock.advance(timedelta(minutes=1))
    return world


def estate_reader(world: ReleaseWorld, **parts: Any) -> EstateReader:
    """The reader, as a session creates it."""
    client: Any = parts.pop("dynamodb", world.client)
    codepipeline: Any = parts.pop("codepipeline", world.codepipeline)
    ledger = HistoryReader(client, TABLES)
    live = replace(
        world.parts("release-machine").live,
        ledger=ledger,
        history=ExecutionHistory(codepipeline),
        in_parallel=in_parallel,
    )
    known: dict[str, Any] = {
        "ledger": ledger,
        "busy": BusyPipelines(ledger=ledger, clock=world.clock),
        "live": live,
        "history": ExecutionHistory(codepipeline),
        "codepipeline": codepipeline,
        "patterns": lambda: ("*",),
        "pipelines_of": lambda _: (),
        "clock": world.clock,
        "in_parallel": in_parallel,
    }
    return EstateReader(**{**known, **parts})


@dataclass(frozen=True, kw_only=True)
class EstateSession:
    """The parts of a session from which the estate is read."""

    ledger: HistoryReader
    estate: EstateReader
    busy: BusyPipelines


def estate_session(world: ReleaseWorld, **parts: Any) -> Any:
    """The session of a user of this account."""
    reader = estate_reader(world, **parts)
    return EstateSession(ledger=reader.ledger, estate=reader, busy=reader.busy)
