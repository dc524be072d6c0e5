"""A rollback that the close of a release has announced, and its workflow is about to start."""

import re
from collections.abc import Callable

from botocore.exceptions import ClientError

from release_core.domain.release import Release
from release_core.rollback.reader import rollback_name
from release_machine.actions.cancel import NO_EXECUTION
from release_machine.deployment.session import Session
from release_machine.errors import OperatorError

_LOOKS = 120
# DescribeExecution is eventually consistent: what is not there yet may have been started.
_LOOKS_AFTER_THE_END = 6
_PAUSE_SECONDS = 0.5
_RUNNING = "RUNNING"


def announced_by(session: Session, rollback_id: str) -> Release | None:
    """The failed release whose close says that the release of this id rolls it back."""
    failed_id = re.sub(r"-rollback(-[0-9]+)?$", "", rollback_id)
    failed = session.ledger.get_release(failed_id) if failed_id != rollback_id else None
    return failed if failed and failed.rolls_back_as == rollback_id else None


def await_rollback(session: Session, failed: Release, *, wait: Callable[[float], None]) -> str:
    """Look until the execution that rolls a release back is there; answers its ARN.

    Raises OperatorError when the workflow has ended without it, or does not come to it in a minute.
    """
    arn = _execution(session, failed)
    after_the_end = 0
    for _ in range(_LOOKS):
        # Asked in this order, a workflow that has ended has started it before we look.
        workflow = _status(session, failed.execution_arn or "")
        if _status(session, arn) is not None:
            return arn
        after_the_end += workflow != _RUNNING
        if after_the_end == _LOOKS_AFTER_THE_END:
            break
        wait(_PAUSE_SECONDS)
    raise OperatorError(
        f"Release {failed.rolls_back_as}, the rollback of {failed.release_id}, was not started.",
        f"See why with: release-machine show {failed.release_id}; "
        f"start it with: release-machine rollback {failed.release_id}",
    )


def may_come(session: Session, failed: Release, *, wait: Callable[[float], None]) -> bool:
    """Whether the rollback that a release has announced, and that is not opened, may be yet.

    One that was refused, or that the release's workflow ended without, does not come any more.
    """
    for _ in range(_LOOKS_AFTER_THE_END):
        workflow = _status(session, failed.execution_arn or "")
        rollback = _status(session, _execution(session, failed))
        if rollback is not None:
            return rollback == _RUNNING
        if workflow == _RUNNING:
            return True
        wait(_PAUSE_SECONDS)
    return False


def _execution(session: Session, failed: Release) -> str:
    """The ARN of the execution that rolls a release back."""
    name = rollback_name(failed.release_id, failed.execution_arn or "")
    return session.deployment.execution_arn(name)


def _status(session: Session, execution_arn: str) -> str | None:
    try:
        return session.sfn.describe_execution(executionArn=execution_arn)["status"]
    except ClientError as error:
        if error.response["Error"]["Code"] in NO_EXECUTION:
            return None
        raise
