"""The bill of materials: what each source delivered, what was asked for, what was good before."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from operator_cli.model import Good, Pin, Pipeline, Release, Revision
from operator_cli.report.markup import Content, Markup, element, told
from operator_cli.report.parts import Column, moment, table
from release_core.shipped import KEY_TYPE

COLUMNS = (
    Column("Pipeline"),
    Column("Source"),
    Column("Revision that ran", "wide"),
    Column("Pinned to"),
    Column("Good before"),
    Column("Variables set"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One source action of a pipeline, as far as the ledger knows it."""

    name: str
    ran: Revision | None = None
    pin: Pin | None = None
    before: Revision | None = None


def revisions(release: Release) -> Markup | None:
    """One row for each source; None where nothing is known yet."""
    rows = [(None, cells) for each in release.pipelines for cells in _rows(each)]
    if not rows:
        return None
    note = element(
        "p", "Of variables only the names are told: their values may be secret.", class_="note"
    )
    has_variables = any(each.variables for each in release.pipelines)
    return element("div", table("What ran", COLUMNS, rows), note if has_variables else None)


def _rows(pipeline: Pipeline) -> Iterator[Sequence[Content]]:
    names = told(", ".join(pipeline.variables))
    sources = list(_sources(pipeline))
    if not sources and not pipeline.variables:
        return
    for source in sources or [_Source(name="")]:
        yield [
            told(pipeline.name),
            told(source.name),
            _revision(source.ran) if source.ran else None,
            _pin(source) if source.pin else None,
            _before(source, pipeline.previous_good),
            names,
        ]


def _sources(pipeline: Pipeline) -> Iterator[_Source]:
    good = pipeline.previous_good.revisions if pipeline.previous_good else ()
    ran = _by_source((each.action or each.artifact, each) for each in pipeline.revisions)
    pins = _by_source((each.action, each) for each in pipeline.source_revisions)
    before = _by_source((each.action or each.artifact, each) for each in good)
    for name in dict.fromkeys([*ran, *pins, *before]):
        yield _Source(name=name, ran=ran.get(name), pin=pins.get(name), before=before.get(name))


def _by_source[Told: (Pin, Revision)](named: Iterable[tuple[str, Told]]) -> dict[str, Told]:
    """What is told of each source; the key of an object does not hide the version of it."""
    found: dict[str, Told] = {}
    for name, each in named:
        if each.type != KEY_TYPE or name not in found:
            found[name] = each
    return found


def _revision(revision: Revision) -> Content:
    kind = revision.type.replace("_", " ").lower() if revision.type else None
    return [
        element("code", told(revision.revision)),
        element("small", f" {kind}") if kind else None,
        element("p", told(_message(revision)), class_="said"),
    ]


def _message(revision: Revision) -> str | None:
    """What the summary tells beside the revision.

    Connections to Git providers write JSON that holds the commit's message; S3 says the version
    once more.
    """
    summary = revision.summary
    if summary is None or summary == f"Amazon S3 version id: {revision.revision}":
        return None
    if not summary.startswith("{"):
        return summary
    try:
        message = json.loads(summary).get("CommitMessage")
    except ValueError:
        return summary
    return message if isinstance(message, str) else summary


def _pin(source: _Source) -> Content:
    if source.pin is None:
        return None
    if source.ran and source.ran.revision == source.pin.revision:
        return "this revision"
    return element("code", told(source.pin.revision))


def _before(source: _Source, good: Good | None) -> Content:
    if good is None or source.before is None:
        return "nothing known"
    release = [element("small", "release ", told(good.release_id), " ", moment(good.at))]
    if source.ran and source.ran.revision == source.before.revision:
        return [element("p", "the same"), release]
    return [element("code", told(source.before.revision)), element("p", release)]
