"""Finds a release by its id, or by the workflow execution that opened it."""

from release_core.domain.release import Release
from release_machine.deployment.session import Session
from release_machine.follow.observer import unknown_release


def find_release(session: Session, name: str) -> tuple[Release | None, str]:
    """The release with this id or opened by this execution, and the ARN of its execution."""
    found = session.ledger.get_release(name)
    if found is not None:
        return found, found.execution_arn
    arn = session.deployment.execution_arn(name)
    opened = session.ledger.release_opened_by(arn)
    return session.ledger.get_release(opened or arn), arn


def known_release(session: Session, name: str) -> Release:
    """The release of that name; raises UsageError when the ledger does not have it."""
    found, _ = find_release(session, name)
    if found is None:
        raise unknown_release(name)
    return found
