"""The whole name of a release that a person has shortened, as lists and views shorten it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from release_core.domain.release import Release, ReleaseStatus
from release_machine.actions.automatic_rollback import announced_by
from release_machine.actions.cancel import execution_status
from release_machine.deployment.aws_problems import is_denied
from release_machine.errors import UsageError
from release_machine.release.short_ids import short_id
from release_machine.text.fitting import ELLIPSIS

if TYPE_CHECKING:
    from release_machine.deployment.session import Session

# As many as `list` shows at most.
_LATEST = 1000
_LONGEST_EXECUTION = 80  # characters of the name of an execution, for Step Functions
_NAMED_AT_MOST = 5


class Named(NamedTuple):
    """What a name stands for: the id of a release, or the ARN of a rejected manifest.

    ``guessed`` is True if the name is only a part of it, which may be a typing error, or the id of
    a release that is not opened yet.
    """

    whole: str
    guessed: bool


def whole_name(session: Session, name: str) -> Named:
    """The only release that ``name`` shortens; ``name`` itself if it is whole, or fits none.

    A rejected manifest is not guessed if it is named as `list` names it: by its short id, or by the
    release id in it. Raises UsageError when the name shortens several.
    """
    try:
        found = _found(session, name)
    except ClientError as error:
        if not is_denied(error):
            raise
        # Who may not read releases can still answer one, and gives its whole id.
        found = []
    names = list(dict.fromkeys(each.release_id for each in found))
    if len(names) > 1:
        raise UsageError(
            f"{name} is short for {len(names)} releases: {_listed(found)}.",
            "Give more of the id.",
        )
    if not names:
        return Named(name, guessed=False)
    is_rejected = found[0].status is ReleaseStatus.REJECTED
    as_listed = is_rejected and name in {short_id(found[0]), found[0].requested_id}
    return Named(names[0], guessed=names[0] != name and not as_listed)


def _found(session: Session, name: str) -> list[Release]:
    """The releases that the name may stand for; none if it is whole."""
    if name.startswith("arn:") or _is_id(session, name):
        return []
    arn = session.deployment.execution_arn(name)
    is_rejected = session.ledger.get_header(arn) is not None
    if not is_rejected and _is_execution(session, name, arn):
        return []
    latest = session.ledger.latest(_LATEST)
    last = _last_rejected(latest, name, arn)
    if last is None:
        return [] if is_rejected else _search(latest, name)
    # Race: it was handed in again, and is opened between these reads. The list may not have that
    # yet. Then what was rejected before is not the answer.
    is_whole = last.release_id == arn or _is_id(session, name)
    return [] if is_whole else [last]


def _is_id(session: Session, name: str) -> bool:
    """Whether a release has exactly this id, also one that waits or that is announced."""
    return bool(
        session.ledger.get_header(name)
        or any(name == each.release_id for each in session.ledger.pending())
        or announced_by(session, name)
        # Race: it waits no more when those that wait are read. Then it is on record.
        or session.ledger.get_header(name)
    )


def _is_execution(session: Session, name: str, arn: str) -> bool:
    """Whether a workflow execution has this name."""
    return bool(
        session.ledger.release_opened_by(arn)
        or (len(name) <= _LONGEST_EXECUTION and execution_status(arn, sfn=session.sfn))
    )


def _last_rejected(latest: Sequence[Release], name: str, arn: str) -> Release | None:
    """The manifest that was rejected last with this release id.

    The one whose execution has the id as its name counts like the others.
    """
    found = (each for each in latest if each.requested_id == name or each.release_id == arn)
    return next(found, None)


def _search(latest: Sequence[Release], name: str) -> list[Release]:
    """The latest releases that a shortened name may stand for.

    A cut in the name stands for any characters; without one, the name is the beginning.
    """
    cut = re.escape(name).replace(re.escape(ELLIPSIS), ".*")
    pattern = re.compile(cut if ELLIPSIS in name else f"{cut}.*", re.DOTALL)
    return [each for each in latest if pattern.fullmatch(each.label)]


def _listed(found: Sequence[Release]) -> str:
    names = [
        f"{each.label} (rejected)" if each.status is ReleaseStatus.REJECTED else each.label
        for each in found[:_NAMED_AT_MOST]
    ]
    more = f" and {len(found) - len(names)} more" if len(found) > len(names) else ""
    return ", ".join(names) + more
