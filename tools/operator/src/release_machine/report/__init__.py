"""The report of one release: a single HTML page without secrets and external resources."""

from release_machine.report.page import html

__all__ = ["html"]
