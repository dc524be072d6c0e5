"""How a failure is told."""

import pytest

from release_core.domain.release import Failure


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ("not fit to ship", "rejected: not fit to ship (JobFailed)"),
        ("by ada", "rejected: not fit to ship (JobFailed) by ada"),
    ],
)
def test_a_failure_says_nothing_twice(summary: str, said: str) -> None:
    """The summary of an action may be part of its error's message, as that of a rejection is."""
    failure = Failure(message="rejected: not fit to ship", code="JobFailed", summary=summary)
    assert str(failure) == said
