"""The ledger and the advance of one invocation, put together from the function's settings."""

from datetime import timedelta

from release_core.advance import Advance
from release_core.clients import client, function_name
from release_core.clock import now
from release_core.codepipeline import CodePipeline
from release_core.ledger import Ledger, LedgerTables
from release_core.settings import LedgerSettings
from release_core.tokens import Tokens


def make_ledger(settings: LedgerSettings) -> Ledger:
    """The ledger, as this function writes it."""
    tables = LedgerTables(
        releases=settings.releases_table,
        executions=settings.executions_table,
        pipelines=settings.pipelines_table,
        retention=timedelta(days=settings.record_retention_days),
    )
    return Ledger(client("dynamodb"), tables, clock=now, who=function_name())


def make_advance(ledger: Ledger, request_id: str) -> Advance:
    """What one invocation of this function decides and applies with."""
    return Advance(
        ledger=ledger,
        codepipeline=CodePipeline(client("codepipeline")),
        tokens=Tokens(client("stepfunctions")),
        clock=now,
        actor=f"{function_name()}/{request_id}",
    )
