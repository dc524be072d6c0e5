"""Which releases a person looks for: the filters, by who asked for them and how they ended."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from release_core.domain.release import Release
from release_machine.release.approvals import person, signer

ROLLED_BACK = "ROLLED_BACK"
OUTCOMES = ("SUCCEEDED", "FAILED", "CANCELLED", "REJECTED", ROLLED_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The filters of the command list, as a person wrote them; one that is empty is not used.

    ``pipelines`` are names and patterns; ``since`` and ``until`` are times as ``read_moment`` reads
    them.
    """

    statuses: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    requester: str | None = None
    since: str | None = None
    until: str | None = None


def is_asked_for_by(release: Release, who: str) -> bool:
    """Whether a person asked for the release or retried it.

    ``who`` is the name that views show, the ARN, or a pattern of one of them, in any case.
    """
    names = {
        each for arn in (release.requester, *release.requesters) if arn for each in _names(arn)
    }
    return any(fnmatchcase(each.lower(), who.lower()) for each in names)


def has_outcome(release: Release, outcomes: tuple[str, ...]) -> bool:
    """Whether the latest attempt ended so; of a release that goes on, the attempt before.

    A release that was rolled back has its own outcome, too.
    """
    if release.rolled_back_by and ROLLED_BACK in outcomes:
        return True
    if release.closed:
        return release.status in outcomes
    return bool(release.attempts) and release.attempts[-1].status in outcomes


def _names(arn: str) -> tuple[str, ...]:
    return arn, signer(arn), person(arn)
