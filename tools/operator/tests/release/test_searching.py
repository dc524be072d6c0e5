"""Which releases a person looks for."""

from dataclasses import replace

import pytest

from release_core.domain.history import PastAttempt
from release_core.domain.release import Release, ReleaseStatus
from release_machine.release.searching import has_outcome, is_asked_for_by
from tools.operator.tests.conftest import BEGIN

ROLE = "arn:aws:sts::123456789012:assumed-role/Releaser"
RELEASE = Release(
    release_id="r",
    status=ReleaseStatus.FAILED,
    execution_arn="arn",
    opened_at=BEGIN,
    requester=f"{ROLE}/alice",
    requesters=(f"{ROLE}/alice", "arn:aws:iam::123456789012:user/bob"),
)


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("alice", True),
        ("Alice", True),
        ("bob", True),
        ("Releaser/alice", True),
        (f"{ROLE}/alice", True),
        ("releaser/*", True),
        ("ali", False),
        ("carol", False),
    ],
)
def test_who_asked(who: str, found: bool) -> None:
    """Everybody who asked for it or retried it, by name, ARN or pattern."""
    assert is_asked_for_by(RELEASE, who) is found


def test_nobody_is_known_to_have_asked() -> None:
    """A release without a requester is found for nobody, also by a pattern."""
    assert not is_asked_for_by(replace(RELEASE, requester=None, requesters=()), "*")


def test_outcome_of_the_latest_attempt() -> None:
    """While a retry runs it is that of the attempt before; a first attempt has none yet."""
    failed = PastAttempt(number=1, status="FAILED")
    retried = replace(RELEASE, status=ReleaseStatus.RUNNING, attempts=(failed,))
    assert has_outcome(RELEASE, ("FAILED",))
    assert has_outcome(retried, ("FAILED", "CANCELLED"))
    assert not has_outcome(replace(retried, status=ReleaseStatus.SUCCEEDED), ("FAILED",))
    assert not has_outcome(replace(retried, attempts=()), ("FAILED", "SUCCEEDED"))


def test_a_release_that_was_rolled_back() -> None:
    """It is found by that, and by how it ended itself."""
    back = replace(RELEASE, rolled_back_by="r-rollback")
    assert has_outcome(back, ("ROLLED_BACK",))
    assert has_outcome(back, ("FAILED",))
    assert not has_outcome(RELEASE, ("ROLLED_BACK",))
