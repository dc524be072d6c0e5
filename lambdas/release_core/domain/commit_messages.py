"""What the author of a revision says about it."""

import json

LONGEST = 200  # characters


def message_of(summary: str | None, revision: str = "") -> str | None:
    """The message in CodePipeline's summary of a revision, or None if it says nothing.

    GitHub's and Bitbucket's commits come as a JSON object. For an object of S3 the summary repeats
    the version, unless the metadata of the object has one.
    """
    if not summary or summary == f"Amazon S3 version id: {revision}":
        return None
    if not summary.startswith("{"):
        return summary
    try:
        message = json.loads(summary).get("CommitMessage")
    except (ValueError, RecursionError):
        return summary
    return message if isinstance(message, str) else summary


def subject_of(message: str | None) -> str | None:
    """The first line of a message, or None if it has none."""
    first = next(iter((message or "").strip().splitlines()), "").strip()
    return first[:LONGEST] or None
