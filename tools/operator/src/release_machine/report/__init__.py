"""The report of one release: HTML without secrets, scripts and external resources."""

from release_machine.report.page import body, html

__all__ = ["body", "html"]
