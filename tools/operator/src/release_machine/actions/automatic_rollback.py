"""An automatic rollback: announced at the close of a release, started by its workflow."""

import re
from collections.abc import Callable

from release_core.domain.release import Release, ReleaseStatus
from release_core.rollback.reader import rollback_name
from release_machine.actions.cancel import execution_status
from release_machine.deployment.session import Session
from release_machine.errors import OperatorError

_LOOKS = 120
# DescribeExecution is eventually consistent: an execution that was started may not show yet.
_LOOKS_AFTER_THE_END = 6
_PAUSE_SECONDS = 0.5
_RUNNING = "RUNNING"
_DID_NOT_SUCCEED = {ReleaseStatus.FAILED, ReleaseStatus.CANCELLED}


def announced_by(session: Session, rollback_id: str) -> Release | None:
    """The failed release that has announced the rollback with this id."""
    failed_id = re.sub(r"-rollback(-[0-9]+)?$", "", rollback_id)
    failed = session.ledger.get_release(failed_id) if failed_id != rollback_id else None
    return failed if failed and failed.rolls_back_as == rollback_id else None


def await_rollback(session: Session, failed: Release, *, wait: Callable[[float], None]) -> str:
    """Wait for the execution that rolls a release back; returns its ARN.

    Raises OperatorError when the workflow ends without starting it, or does not start it within a
    minute.
    """
    arn = _execution(session, failed)
    after_the_end = 0
    for _ in range(_LOOKS):
        # In this order: a workflow that has ended by now has started the rollback before.
        workflow = execution_status(failed.execution_arn, sfn=session.sfn)
        if execution_status(arn, sfn=session.sfn) is not None:
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
    """Whether a rollback that a release has announced may still be opened.

    It will not be opened when it was refused, or when the workflow ended without starting it.
    """
    for _ in range(_LOOKS_AFTER_THE_END):
        comes = _comes(session, failed)
        if comes is not None:
            return comes
        wait(_PAUSE_SECONDS)
    return False


def rollback_failed(
    session: Session, release: Release, *, wait: Callable[[float], None] | None = None
) -> bool:
    """Whether the rollback of a release did not succeed, or will not be opened any more.

    A rollback that was just started may not show yet: without a ``wait`` it counts as one that will
    not be opened.
    """
    if release.rolled_back_by:
        rollback = session.ledger.get_header(release.rolled_back_by)
        return rollback is not None and rollback.status in _DID_NOT_SUCCEED
    if not release.awaits_rollback:
        return False
    return not (may_come(session, release, wait=wait) if wait else _comes(session, release))


def _comes(session: Session, failed: Release) -> bool | None:
    """Whether an announced rollback may be opened; None if nothing shows that it was started."""
    # In this order: a workflow that has ended by now has started the rollback before.
    workflow = execution_status(failed.execution_arn, sfn=session.sfn)
    rollback = execution_status(_execution(session, failed), sfn=session.sfn)
    if rollback is not None:
        return rollback == _RUNNING
    return True if workflow == _RUNNING else None


def _execution(session: Session, failed: Release) -> str:
    """The ARN of the execution that rolls a release back."""
    name = rollback_name(failed.release_id, failed.execution_arn)
    return session.deployment.execution_arn(name)
