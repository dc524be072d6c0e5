"""The parts that every function works with, put together from its settings."""

from datetime import timedelta

from release_core.bus import Bus
from release_core.clients import client, function_name
from release_core.clock import now
from release_core.ledger import Ledger, LedgerTables
from release_core.orphans import Orphans
from release_core.settings import FunctionSettings
from release_core.tokens import Tokens


def make_ledger(settings: FunctionSettings) -> Ledger:
    """The ledger, as this function writes it."""
    tables = LedgerTables(
        releases=settings.releases_table,
        executions=settings.executions_table,
        pipelines=settings.pipelines_table,
        retention=timedelta(days=settings.record_retention_days),
    )
    return Ledger(client("dynamodb"), tables, clock=now, who=function_name())


def make_bus(settings: FunctionSettings) -> Bus:
    """The bus that this function announces on."""
    return Bus(client("events"), settings.event_bus)


def make_orphans(settings: FunctionSettings, ledger: Ledger) -> Orphans:
    """What this function does when it finds that a workflow execution has ended."""
    return Orphans(
        headers=ledger.headers,
        tokens=Tokens(client("stepfunctions")),
        bus=make_bus(settings),
        clock=now,
    )
