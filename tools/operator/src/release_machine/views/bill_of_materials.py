"""The bill of materials of a release: the revisions that each pipeline shipped."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from release_core.domain.release import Pipeline, Release
from release_core.domain.revisions import Revision
from release_machine.text.wording import colored_status
from release_machine.views.rows import GAP, Column, Row, Rows

CELLS_OF_SUMMARY = 20
NONE = "none on record"


def materials_table(release: Release, *, width: int) -> RenderableType:
    """Draw a row for each revision, and one for a pipeline without known revisions.

    Where a revision does not fit whole into a column, it stands below its pipeline.
    """
    pipelines = release.of_codepipeline.values()
    columns = [Column(title="PIPELINE", folds=True), Column(title="STATUS")]
    rows = [row for each in pipelines for row in _rows(each)]
    widest = [max(cell.cell_len for cell in column) + GAP for column in _columns(rows)]
    if sum(widest) + CELLS_OF_SUMMARY <= width:
        columns += [Column(title="ACTION"), Column(title="REVISION")]
        return Rows(columns, rows, facts="SUMMARY", room=CELLS_OF_SUMMARY)
    return Rows(columns, [_with_all(each) for each in pipelines], facts="REVISIONS", room=width)


def _columns(rows: Sequence[Row]) -> Iterator[tuple[Text, ...]]:
    return zip(*(row.cells for row in rows), strict=True)


def _rows(pipeline: Pipeline) -> list[Row]:
    head = [Text(pipeline.name), colored_status(pipeline.status)]
    if not pipeline.revisions:
        return [Row(cells=[*head, Text(), Text(NONE, style="dim")])]
    return [
        Row(
            cells=[
                *([Text(), Text()] if number else head),
                Text(each.action or each.artifact),
                Text(each.revision),
            ],
            facts=[Text(summary)] if (summary := _summary(each)) else [],
        )
        for number, each in enumerate(pipeline.revisions)
    ]


def _with_all(pipeline: Pipeline) -> Row:
    facts = [
        fact
        for each in pipeline.revisions
        for fact in (f"{each.action or each.artifact}  {each.revision}", _summary(each))
        if fact
    ]
    return Row(
        cells=[Text(pipeline.name), colored_status(pipeline.status)],
        facts=[Text(fact) for fact in facts] or [Text(NONE, style="dim")],
    )


def _summary(revision: Revision) -> str:
    return " ".join((revision.summary or "").split())
