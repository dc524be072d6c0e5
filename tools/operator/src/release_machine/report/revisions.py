"""The bill of materials: the revisions that ran, the pins, and the previous good revisions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from release_core.domain.commit_messages import message_of
from release_core.domain.release import Pipeline, Release
from release_core.domain.revisions import Good, Pin, Revision
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.parts import Column, moment, table, utc

COLUMNS = (
    Column("Pipeline"),
    Column("Source action"),
    Column("Revision that ran", "revision"),
    Column("Pinned to"),
    Column("Previous good"),
    Column("Variables set"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One source action of a pipeline, as far as it is recorded.

    An S3 action may have two revisions: the version of an object, and its key.
    """

    name: str
    ran: Sequence[Revision] = ()
    pins: Sequence[Pin] = ()
    before: Sequence[Revision] = ()


def revisions(release: Release) -> Markup | None:
    """One row for each source action; None when nothing is known yet."""
    rows = [cells for each in release.of_codepipeline.values() for cells in _rows(each)]
    if not rows:
        return None
    note = element(
        "p", "Only the names of variables are shown: their values may be secret.", class_="note"
    )
    has_variables = any(each.variable_names for each in release.of_codepipeline.values())
    return element("div", table("What ran", COLUMNS, rows), note if has_variables else None)


def _rows(pipeline: Pipeline) -> Iterator[Sequence[Content]]:
    names = isolated(", ".join(pipeline.variable_names))
    sources = list(_sources(pipeline))
    if not sources and not pipeline.variable_names:
        return
    for source in sources or [_Source(name="")]:
        yield [
            isolated(pipeline.name),
            isolated(source.name),
            [element("div", _revision(each)) for each in source.ran],
            _pinned(source),
            _before(source, pipeline.previous_good),
            names,
        ]


def _sources(pipeline: Pipeline) -> Iterator[_Source]:
    good = pipeline.previous_good.revisions if pipeline.previous_good else ()
    # The action is recorded when a run succeeds; a failed run has only the artifact.
    actions = {each.artifact: each.action for each in (*pipeline.revisions, *good) if each.action}

    def action(revision: Revision) -> str:
        return revision.action or actions.get(revision.artifact, revision.artifact)

    pins = pipeline.source_revisions
    names = [*map(action, pipeline.revisions), *(pin.action for pin in pins), *map(action, good)]
    for name in dict.fromkeys(names):
        yield _Source(
            name=name,
            ran=[each for each in pipeline.revisions if action(each) == name],
            pins=[pin for pin in pins if pin.action == name],
            before=[each for each in good if action(each) == name],
        )


def _revision(revision: Revision) -> Content:
    kind = revision.type.replace("_", " ").lower() if revision.type else None
    return [
        element("code", isolated(revision.revision)),
        element("small", f" {kind}") if kind else None,
        element("p", isolated(message_of(revision.summary, revision.revision)), class_="said"),
        _committed(revision),
    ]


def _committed(revision: Revision) -> Markup | None:
    """Who committed it and when, where the source tells it."""
    by: Content = ["by ", isolated(revision.author)] if revision.author else None
    at: Content = utc(revision.committed_at)
    parts = [by, ", " if by and at else None, at]
    return element("p", element("small", parts)) if by or at else None


def _pinned(source: _Source) -> Content:
    if not source.pins:
        return None
    if _values(source.pins) <= _values(source.ran):
        return "this revision"
    return _codes(source.pins)


def _before(source: _Source, good: Good | None) -> Content:
    if good is None or not source.before:
        return "unknown"
    # A failed run has no key, but a version belongs to one key.
    same = bool(source.ran) and _values(source.ran) <= _values(source.before)
    return [
        element("p", "the same") if same else _codes(source.before),
        element("p", element("small", "release ", isolated(good.release_id), " ", moment(good.at))),
    ]


def _values(revisions: Sequence[Revision | Pin]) -> set[str]:
    return {each.revision for each in revisions}


def _codes(revisions: Sequence[Revision | Pin]) -> Content:
    return [element("div", element("code", isolated(each.revision))) for each in revisions]
