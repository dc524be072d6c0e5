"""The report of one release: a single HTML page that needs nothing else and tells no secret."""

from operator_cli.report.page import html

__all__ = ["html"]
