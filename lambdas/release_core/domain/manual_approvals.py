"""A manual approval of a pipeline in CodePipeline, and its answer."""

from dataclasses import field
from datetime import datetime

from release_core.immutable import Immutable

APPROVED, REJECTED = "Approved", "Rejected"


class Answer(Immutable):
    """Who answered a manual approval, when and with which words.

    ``answer`` is APPROVED or REJECTED. ``by`` is an ARN, or None where CodePipeline names nobody.
    """

    stage: str
    action: str
    answer: str
    by: str | None
    comment: str | None
    at: datetime
    action_execution_id: str

    def __str__(self) -> str:
        """One line for the audit."""
        place = f"{self.answer.lower()} stage {self.stage}, action {self.action}"
        return f"{place}: {self.comment}" if self.comment else place


class ManualApproval(Immutable):
    """The manual approval that an action execution asks for.

    ``token`` answers it; None when it is answered or can no longer be answered. ``confirmed`` is
    whether the state of the pipeline shows this very approval, and ``alone`` whether its stage has
    no other action. ``cancelled`` is an approval that still is in the list of running actions but
    can no longer be answered.
    """

    token: str | None = field(default=None, repr=False)
    question: str | None = None
    link: str | None = None
    answer: Answer | None = None
    confirmed: bool = False
    alone: bool = False
    cancelled: bool = False
