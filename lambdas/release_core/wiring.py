"""The ledger of a function, put together from its settings."""

from datetime import timedelta

from release_core.clients import client, function_name
from release_core.clock import now
from release_core.ledger import Ledger, LedgerTables
from release_core.settings import LedgerSettings


def make_ledger(settings: LedgerSettings) -> Ledger:
    """The ledger, as this function writes it."""
    tables = LedgerTables(
        releases=settings.releases_table,
        executions=settings.executions_table,
        pipelines=settings.pipelines_table,
        retention=timedelta(days=settings.record_retention_days),
    )
    return Ledger(client("dynamodb"), tables, clock=now, who=function_name())
