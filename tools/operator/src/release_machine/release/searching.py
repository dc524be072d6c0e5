"""Which releases a person looks for, by who asked for them and how they ended."""

from fnmatch import fnmatchcase

from release_core.domain.release import Release
from release_machine.release.approvals import person, signer

ROLLED_BACK = "ROLLED_BACK"
OUTCOMES = ("SUCCEEDED", "FAILED", "CANCELLED", "REJECTED", ROLLED_BACK)


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
