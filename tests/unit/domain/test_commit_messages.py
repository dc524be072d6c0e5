"""What the author of a revision says about it."""

import pytest

from release_core.domain.commit_messages import LONGEST, message_of, subject_of

# More than Python reads. On 3.11 so is a summary of 1,100 characters.
NESTED = '{"CommitMessage": ' + "[" * 100_000


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        (None, None),
        ("", None),
        ("Amazon S3 version id: v1", None),
        ("Amazon S3 version id: v2", "Amazon S3 version id: v2"),
        ("Fix it", "Fix it"),
        ('{"ProviderType": "GitHub", "CommitMessage": "Fix it"}', "Fix it"),
        ('{"ProviderType": "GitHub"}', '{"ProviderType": "GitHub"}'),
        ("{broken", "{broken"),
        (NESTED, NESTED),
    ],
)
def test_message(summary: str | None, message: str | None) -> None:
    """A summary that only repeats the version says nothing; JSON has the message inside."""
    assert message_of(summary, "v1") == message


@pytest.mark.parametrize(
    ("message", "subject"),
    [(None, None), (" \n", None), ("\nFix it \n\nBecause.", "Fix it"), ("x" * 999, "x" * LONGEST)],
)
def test_subject(message: str | None, subject: str | None) -> None:
    """The subject is the first line, not longer than a view can use."""
    assert subject_of(message) == subject
