"""The text of a failure."""

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
    """A summary that repeats part of the message is shown without the repeated part."""
    failure = Failure(message="rejected: not fit to ship", code="JobFailed", summary=summary)
    assert str(failure) == said
