"""The release machine's own code, reading with the caller's credentials what the functions read."""

from collections.abc import Callable, Sequence

from botocore.exceptions import ClientError

from release_core.apply.wiring import ReadingParts
from release_core.aws.clients import in_parallel
from release_core.clock import now
from release_core.domain.declarations import Declared, NotFound, matches
from release_core.ledger.reader import LedgerTables
from release_core.manifest.nearest import NearestName
from release_core.plan.planner import Planner
from release_core.rollback.reader import RollbackReader
from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session


def look_up(session: Session) -> Callable[[Sequence[str]], Declared]:
    """Looks up how pipelines are declared; raises OperatorError when AWS cannot be asked."""

    def declarations(names: Sequence[str]) -> Declared:
        with explained():
            declared = _parts(session).codepipeline.declarations(names)
            missing = [name for name in names if name not in declared]
            return {**declared, **_not_found(missing, session)} if missing else declared

    return declarations


def _not_found(names: Sequence[str], session: Session) -> dict[str, NotFound]:
    """The pipelines that do not exist, each with the nearest pipeline that may be released."""
    try:
        pages = session.codepipeline.get_paginator("list_pipelines").paginate()
        existing = [each["name"] for page in pages for each in page["pipelines"]]
    except ClientError:
        # The caller may lack codepipeline:ListPipelines: the list only helps to suggest a name.
        existing = []
    patterns = session.settings.pipeline_name_patterns
    nearest = NearestName(name for name in existing if matches(patterns, name))
    return {name: NotFound(name=name, nearest=nearest(name)) for name in names}


def planner(session: Session) -> Planner:
    """What plans a manifest."""
    parts = _parts(session)
    return Planner(
        ledger=parts.reader,
        declarations=look_up(session),
        step_functions=parts.step_functions,
        client=parts.client,
        clock=parts.clock,
        in_parallel=parts.in_parallel,
    )


def rollbacks(session: Session) -> RollbackReader:
    """What makes the manifest of a rollback."""
    parts = _parts(session)
    return RollbackReader(ledger=parts.reader, codepipeline=parts.codepipeline)


def _parts(session: Session) -> ReadingParts:
    return ReadingParts(
        client=session.client,
        tables=LedgerTables(
            releases=session.deployment.releases_table,
            executions=session.deployment.executions_table,
            pipelines=session.deployment.pipelines_table,
        ),
        clock=now,
        patterns=session.settings.pipeline_name_patterns,
        in_parallel=in_parallel,
    )
