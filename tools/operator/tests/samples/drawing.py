"""Drawings as text."""

import io

from rich.console import Console, RenderableType


def drawn(*parts: RenderableType, width: int = 100) -> str:
    """Draw without colours and without trailing spaces."""
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    console.print(*parts, sep="\n")
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"
