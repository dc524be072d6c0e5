"""Finding the release that people mean by an id, or by the execution that opened it."""

from release_core.domain.release import Release
from release_machine.deployment.session import Session
from release_machine.follow.observer import unknown_release


def find_release(session: Session, name: str) -> tuple[Release | None, str]:
    """The release of that id, or that the execution of that name opened, and its execution."""
    found = session.ledger.get_release(name)
    if found is None:
        arn = session.deployment.execution_arn(name)
        opened = session.ledger.release_opened_by(arn)
        found = session.ledger.get_release(opened or arn)
        return found, arn
    return found, found.execution_arn or name


def known_release(session: Session, name: str) -> Release:
    """The release that is meant; raises UsageError when the ledger has none."""
    found, _ = find_release(session, name)
    if found is None:
        raise unknown_release(name)
    return found
