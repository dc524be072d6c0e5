"""What the author of a release says it is about: its title, and whether it is a hotfix."""

from collections.abc import Iterator

from rich.text import Text

from release_core.domain.release import Release, ReleaseKind

HOTFIX = "hotfix"


def about(release: Release) -> Iterator[Text]:
    """What the author says of a release, as ``about_line`` has it."""
    return about_line(release.title, is_hotfix=release.kind is ReleaseKind.HOTFIX)


def about_line(title: str | None, *, is_hotfix: bool) -> Iterator[Text]:
    """The title in a line of its own, after the mark of a hotfix; no line if there is neither."""
    marks = [(HOTFIX, "bold yellow")] if is_hotfix else []
    words = [(title, "italic")] if title else []
    if marks or words:
        gap = [("  ", "")] if marks and words else []
        yield Text.assemble(*marks, *gap, *words, overflow="fold")
