"""The bill of materials of a succeeded execution: all that is needed to ship it again."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from botocore.exceptions import ClientError

from release_core.aws.codepipeline import CodePipeline, ExecutionSnapshot, is_permanent
from release_core.domain.declarations import OBJECT_KEY, SourceAction, revision_types
from release_core.domain.release import Pipeline
from release_core.domain.revisions import KEY_TYPE, Pin, Revision, Shipped

log = logging.getLogger(__name__)


def bill_of_materials(
    codepipeline: CodePipeline, pipeline: Pipeline, seen: ExecutionSnapshot
) -> Shipped:
    """The revisions and variables of the pipeline's execution, each revision with its action.

    A revision whose action AWS does not name has none; the success is recorded all the same. Raises
    ClientError when a retry may help: without its actions, nothing could be rolled back to this
    success.
    """
    shipped = Shipped(revisions=seen.revisions, variables=seen.variables)
    if not seen.revisions or not pipeline.execution_id:
        return shipped
    try:
        sources = codepipeline.source_actions(pipeline.name, pipeline.execution_id)
    except ClientError as error:
        if not is_permanent(error):
            raise
        log.warning(
            "could not list the source actions: %s",
            error,
            extra={"pipeline": pipeline.name, "execution_id": pipeline.execution_id},
        )
        sources = {}
    named = name_sources(seen.revisions, sources, pipeline.source_revisions)
    return replace(shipped, revisions=named)


def name_sources(
    revisions: Sequence[Revision], sources: Mapping[str, SourceAction], pins: Sequence[Pin]
) -> list[Revision]:
    """The revisions, each with its action, revisionType and origin; ``sources`` is by artifact."""
    keys = {pin.action: pin.revision for pin in pins if pin.type == KEY_TYPE}
    named: list[Revision] = []
    for revision in revisions:
        source = sources.get(revision.artifact)
        if source is None:
            named.append(revision)
            continue
        key = keys.get(source.name)
        named.append(_named(revision, source, key))
        if key:
            # The version belongs to the object of this pin, not to the declared object.
            named.append(
                Revision(
                    artifact=revision.artifact, revision=key, action=source.name, type=KEY_TYPE
                )
            )
    return named


def _named(revision: Revision, source: SourceAction, key: str | None) -> Revision:
    types = revision_types(source.provider)
    origin = source.origin | ({OBJECT_KEY: key} if key else {})
    return replace(
        revision, action=source.name, type=types[0] if types else None, origin=origin or None
    )
