"""Opens a browser at a secret link, which no list of processes shows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from threading import Thread

_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={link}">
<title>release-machine</title>
<p><a href="{link}">Open the dashboard</a></p>
"""


class Opening:
    """Opens a file of this user that leads to a link: the link itself is no argument of a program.

    ``launch`` gets the address of the file, and returns False if there is no browser: then
    ``missing`` is called.
    """

    def __init__(self, launch: Callable[[str], bool], *, missing: Callable[[], None]) -> None:
        self._launch = launch
        self._missing = missing
        self._file: Path | None = None

    def open(self, link: str) -> None:
        """Open a browser at the link, beside what the caller does next."""
        # The file is readable by its user only.
        number, name = tempfile.mkstemp(prefix="release-machine-", suffix=".html")
        self._file = Path(name)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(_PAGE.format(link=escape(link)))
        # A browser in a terminal returns when it is left, and until then it needs the pages.
        Thread(target=self._show, args=(self._file.as_uri(),), daemon=True).start()

    def _show(self, address: str) -> None:
        if not self._launch(address):
            self._missing()

    def close(self) -> None:
        """Delete the file, if there is one: the link was used, or the dashboard ends."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
            self._file = None
