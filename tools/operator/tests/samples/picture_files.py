"""Views as committed text files; ``RENEW_PICTURES=1 pytest tools/operator`` draws them again."""

import os
from pathlib import Path

from rich.console import RenderableType

from tools.operator.tests.samples.drawing import drawn

FOLDER = Path(__file__).parent / "pictures"


def compare(name: str, *parts: RenderableType, width: int) -> None:
    """Fail when the drawing differs from the committed file of this width."""
    picture = drawn(*parts, width=width)
    path = FOLDER / f"{name}-{width}.txt"
    if os.environ.get("RENEW_PICTURES"):
        path.write_text(picture, encoding="utf-8")
    assert picture == path.read_text(encoding="utf-8")
    assert max(map(len, picture.splitlines())) <= width
