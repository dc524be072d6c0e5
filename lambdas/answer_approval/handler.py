"""The Lambda handler of answer_approval."""

import os
from typing import Any

from answer_approval.answering import KEYS, AnswerApproval
from release_core.api import answer
from release_core.apply.wiring import FunctionParts
from release_core.aws.clients import Context
from release_core.settings import AnswerApprovalSettings, read_settings


def handler(event: object, context: Context) -> dict[str, Any]:
    """Answer a request of the API: count a person's answer to an approval."""
    settings = read_settings(AnswerApprovalSettings, os.environ)
    parts = FunctionParts.of(settings)
    answer_approval = AnswerApproval(
        ledger=parts.ledger,
        advance=parts.advance(context.aws_request_id),
        clock=parts.clock,
        session_names_are_pinned=settings.session_names_are_pinned,
    )
    return answer(event, KEYS, answer_approval)
