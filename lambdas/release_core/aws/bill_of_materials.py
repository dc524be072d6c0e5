"""The bill of materials: what a succeeded execution shipped, so that it can be shipped again."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from botocore.exceptions import ClientError

from release_core.aws.codepipeline import CodePipeline, Seen, is_refusal
from release_core.domain.declarations import OBJECT_KEY, SourceAction, revision_types
from release_core.domain.release import Pipeline
from release_core.domain.revisions import KEY_TYPE, Pin, Revision, Shipped

log = logging.getLogger(__name__)


def bill_of_materials(codepipeline: CodePipeline, pipeline: Pipeline, seen: Seen) -> Shipped:
    """What an execution shipped that a look has shown, each revision with its source action.

    Where AWS does not tell the action, that revision has none: a success is not lost for it. Raises
    what may pass: a release that was good is not to be one that nobody can go back to.
    """
    shipped = Shipped(revisions=seen.revisions, variables=seen.variables)
    if not seen.revisions or not pipeline.execution_id:
        return shipped
    try:
        sources = codepipeline.source_actions(pipeline.name, pipeline.execution_id)
    except ClientError as trouble:
        if not is_refusal(trouble):
            raise
        log.warning(
            "the source actions are not known: %s",
            trouble,
            extra={"pipeline": pipeline.name, "execution_id": pipeline.execution_id},
        )
        sources = {}
    named = name_sources(seen.revisions, sources, pipeline.source_revisions)
    return replace(shipped, revisions=named)


def name_sources(
    revisions: Sequence[Revision], sources: Mapping[str, SourceAction], pins: Sequence[Pin]
) -> list[Revision]:
    """The revisions with their actions, given by artifact, their types as pins, and origins."""
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
            # A version is one of an object: of which, when it is not the one that is declared.
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
