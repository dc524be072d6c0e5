"""The report of one release: a single HTML page that needs nothing else and tells no secret."""

from release_machine.report.page import html

__all__ = ["html"]
