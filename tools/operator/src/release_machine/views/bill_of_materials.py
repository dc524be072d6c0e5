"""The bill of materials of a release: the revisions that each pipeline shipped."""

from rich.table import Table
from rich.text import Text

from release_core.domain.release import Release
from release_machine.text.wording import colored_status


def materials_table(release: Release) -> Table:
    """Draw a row for each revision, and one for a pipeline without known revisions."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("PIPELINE", "STATUS", "ACTION", "REVISION"):
        table.add_column(name, no_wrap=name != "REVISION", overflow="fold")
    table.add_column("SUMMARY", overflow="fold")
    for pipeline in release.of_codepipeline.values():
        if not pipeline.revisions:
            unknown = Text("none on record", style="dim")
            table.add_row(pipeline.name, colored_status(pipeline.status), "", unknown, "")
        for number, revision in enumerate(pipeline.revisions):
            table.add_row(
                "" if number else pipeline.name,
                "" if number else colored_status(pipeline.status),
                revision.action or revision.artifact,
                revision.revision,
                " ".join((revision.summary or "").split()),
            )
    return table
