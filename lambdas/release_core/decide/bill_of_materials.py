"""The bill of materials of a succeeded execution: all that is needed to ship it again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from release_core.domain.actions import ActionRun
from release_core.domain.declarations import OBJECT_KEY, SourceAction, revision_types
from release_core.domain.revisions import KEY_TYPE, Commit, Pin, Revision, Shipped


def bill_of_materials(
    shipped: Shipped, actions: Sequence[ActionRun], pins: Sequence[Pin] = ()
) -> Shipped:
    """What an execution shipped, each revision with its source action.

    ``actions`` are those of the execution, the newest first, and ``pins`` those of its start. A
    revision whose action AWS does not name has none.
    """
    delivered = {
        artifact: run for run in reversed(actions) if run.source for artifact in run.artifacts
    }
    sources = {artifact: run.source for artifact, run in delivered.items() if run.source}
    commits = {artifact: run.commit for artifact, run in delivered.items() if run.commit}
    known = [_with_commit(each, commits.get(each.artifact)) for each in shipped.revisions]
    return replace(shipped, revisions=name_sources(known, sources, pins))


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


def _with_commit(revision: Revision, commit: Commit | None) -> Revision:
    if commit is None:
        return revision
    return replace(revision, committed_at=commit.at, author=commit.author)


def _named(revision: Revision, source: SourceAction, key: str | None) -> Revision:
    types = revision_types(source.provider)
    origin = source.origin | ({OBJECT_KEY: key} if key else {})
    return replace(
        revision, action=source.name, type=types[0] if types else None, origin=origin or None
    )
