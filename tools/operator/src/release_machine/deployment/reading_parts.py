"""The release machine's own checks, run with the caller's credentials."""

from collections.abc import Callable, Sequence

from botocore.exceptions import ClientError

from release_core.apply.wiring import ReadingParts
from release_core.aws.clients import in_parallel
from release_core.clock import now
from release_core.domain.declarations import Declared, NotFound, matches
from release_core.manifest.nearest import NearestName
from release_core.plan.planner import Planner
from release_core.rollback.reader import RollbackReader
from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session


def declaration_lookup(session: Session) -> Callable[[Sequence[str]], Declared]:
    """A function that reads the declarations of pipelines; raises OperatorError."""

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
    """The planner of manifests."""
    parts = _parts(session)
    return Planner(
        ledger=parts.reader,
        declarations=declaration_lookup(session),
        step_functions=parts.step_functions,
        client=parts.client,
        brief_client=parts.brief_client,
        clock=parts.clock,
        rollbacks=parts.rollbacks,
        live=parts.live,
        calendars=parts.calendars,
        in_parallel=parts.in_parallel,
    )


def rollback_reader(session: Session) -> RollbackReader:
    """The reader that makes the manifest of a rollback."""
    return _parts(session).rollbacks


def _parts(session: Session) -> ReadingParts:
    return ReadingParts(
        client=session.client,
        tables=session.deployment.tables,
        clock=now,
        patterns=session.settings.pipeline_name_patterns,
        change_calendars=session.settings.change_calendars,
        in_parallel=in_parallel,
    )
