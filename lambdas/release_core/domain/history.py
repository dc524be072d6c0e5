"""What people read about a release beside its state: its audit, and how earlier attempts ended."""

from datetime import datetime

from release_core.immutable import Immutable


class AuditEntry(Immutable):
    """One recorded change of a release or a pipeline, with the status before and after it."""

    at: datetime
    who: str
    what: str
    before: str | None = None
    after: str | None = None


class PastAttempt(Immutable):
    """How an earlier attempt of a release, or of one of its pipelines, ended.

    ``execution`` is the ARN of the workflow execution, or the id of the pipeline's execution.
    """

    number: int
    status: str
    execution: str | None = None
    why: str | None = None
