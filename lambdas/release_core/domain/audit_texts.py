"""The audit entries of a pipeline that the command recognises by their text."""

from release_core.immutable import Immutable


class AuditText(Immutable, kw_only=False):
    """A text with a detail in the middle; the fixed parts identify it."""

    before: str = ""
    after: str = ""

    def around(self, detail: str) -> str:
        """The text with this detail."""
        return f"{self.before}{detail}{self.after}"

    def matches(self, text: str) -> bool:
        """Whether an entry has this text, with any detail."""
        return text.startswith(self.before) and text.endswith(self.after)


RETRY_CLAIMED = AuditText(before="retry ", after=" claimed")
STARTED_OVER = AuditText(after=" cannot be retried: a new execution is started")
STOP_PLANNED = AuditText(before="to be stopped: ")
APPROVAL_ABANDONED = AuditText(before="the stop does not wait for the manual approval")
EDITED = AuditText(before="the pipeline was edited while it ran: ")
