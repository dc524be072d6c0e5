"""The pages of the dashboard: pure functions from what was read to HTML."""

from release_machine.dashboard.pages.approvals import approvals
from release_machine.dashboard.pages.asking import confirmation, message
from release_machine.dashboard.pages.estate import estate
from release_machine.dashboard.pages.frame import bare_document, document
from release_machine.dashboard.pages.history import history
from release_machine.dashboard.pages.metrics import metrics
from release_machine.dashboard.pages.release import release

__all__ = [
    "approvals",
    "bare_document",
    "confirmation",
    "document",
    "estate",
    "history",
    "message",
    "metrics",
    "release",
]
