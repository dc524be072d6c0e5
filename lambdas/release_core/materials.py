"""The bill of materials: what a succeeded execution shipped, so that it can be shipped again."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from botocore.exceptions import ClientError

from release_core.codepipeline import CodePipeline, Seen, is_refusal
from release_core.declarations import SourceAction, revision_types
from release_core.model import Pipeline
from release_core.shipped import Pin, Revision, Shipped

log = logging.getLogger(__name__)

_KEY = "S3_OBJECT_KEY"


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
    """The revisions with their actions, given by artifact, and the types they can be pinned as."""
    named: list[Revision] = []
    for revision in revisions:
        source = sources.get(revision.artifact)
        if source is None:
            named.append(revision)
            continue
        types = revision_types(source.provider)
        named.append(replace(revision, action=source.name, type=types[0] if types else None))
        # A version is one of an object: of which, when it is not the one that the action declares.
        named += (
            Revision(
                artifact=revision.artifact, revision=pin.revision, action=pin.action, type=_KEY
            )
            for pin in pins
            if (pin.action, pin.type) == (source.name, _KEY)
        )
    return named
