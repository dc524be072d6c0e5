"""Finds a release by its id, or by the workflow execution that opened it."""

from release_core.domain.release import Release
from release_machine.deployment.session import Session
from release_machine.follow.observer import unknown_release


def find_release(session: Session, name: str) -> tuple[Release | None, str]:
    """The release with this id or of this execution, and the ARN of its execution.

    Of a release that has ended, an attempt that waits to be opened comes first.
    """
    found, arn = _on_record(session, name)
    if found is None or found.closed:
        waiting = pending(session, name)
        if waiting:
            return waiting[0], waiting[0].execution_arn
        # Race: it is opened between the two reads. Then it waits no more, and is on record.
        found, arn = _on_record(session, name)
    return found, arn


def known_release(session: Session, name: str) -> Release:
    """The release of that name, or the one that waits to be opened; raises UsageError for none."""
    found, _ = _on_record(session, name)
    found = found or next(iter(pending(session, name)), None)
    # Race: it is opened between the two reads. Then it waits no more, and is on record.
    found = found or _on_record(session, name)[0]
    if found is None:
        raise unknown_release(name)
    return found


def pending(session: Session, name: str) -> list[Release]:
    """The releases with this id or of this execution that wait to be opened, in their order."""
    arn = session.deployment.execution_arn(name)
    found = session.ledger.pending()
    return [each for each in found if name == each.release_id or arn == each.execution_arn]


def _on_record(session: Session, name: str) -> tuple[Release | None, str]:
    found = session.ledger.get_release(name)
    if found is not None:
        return found, found.execution_arn
    arn = session.deployment.execution_arn(name)
    opened = session.ledger.release_opened_by(arn)
    return session.ledger.get_release(opened or arn), arn
