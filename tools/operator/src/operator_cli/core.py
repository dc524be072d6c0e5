"""The release machine's own code, reading with the caller's credentials what the functions read."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from operator_cli.aws_problems import explained
from operator_cli.session import Session
from release_core.clients import in_parallel
from release_core.clock import now
from release_core.codepipeline import CodePipeline
from release_core.declarations import Declared
from release_core.ledger import Ledger, LedgerTables
from release_core.planning import Planner
from release_core.rollback_reader import RollbackReader
from release_core.survey import RevisionSources, Survey
from release_core.tokens import Tokens


def look_up(session: Session) -> Callable[[Sequence[str]], Declared]:
    """What tells how pipelines are declared; raises OperatorError when AWS cannot be asked."""

    def declarations(names: Sequence[str]) -> Declared:
        with explained():
            return _codepipeline(session).declarations(names)

    return declarations


def planner(session: Session) -> Planner:
    """What plans a manifest."""
    ledger = _ledger(session)
    return Planner(
        codepipeline=_codepipeline(session),
        survey=Survey(session.codepipeline, in_parallel=in_parallel),
        revisions=RevisionSources(session.client),
        ledger=ledger,
        holders=ledger.holders,
        tokens=Tokens(session.sfn),
        clock=now,
        in_parallel=in_parallel,
    )


def rollbacks(session: Session) -> RollbackReader:
    """What makes the manifest of a rollback."""
    return RollbackReader(ledger=_ledger(session), codepipeline=_codepipeline(session))


def _codepipeline(session: Session) -> CodePipeline:
    return CodePipeline(
        session.codepipeline,
        patterns=session.settings.pipeline_name_patterns,
        in_parallel=in_parallel,
    )


def _ledger(session: Session) -> Ledger:
    tables = LedgerTables(
        releases=session.deployment.releases_table,
        executions=session.deployment.executions_table,
        pipelines=session.deployment.pipelines_table,
        retention=timedelta(),
    )
    # Nothing is written by it, so that neither its name nor the retention matters.
    return Ledger(session.dynamodb, tables, clock=now, who="release-machine")
