"""Reports faults without a new one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

Report = Callable[[Exception], None]


def safely(report: Report) -> Report:
    """The report, which never raises: what it writes to may be closed, and the pages go on."""

    def told(error: Exception) -> None:
        with suppress(Exception):
            report(error)

    return told
