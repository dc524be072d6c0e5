"""The task tokens and values of variables of one test, which no function may log."""

# A shorter value may be part of any text.
SHORTEST = 6  # characters

SECRETS: set[str] = set()


def keep_secret(*values: str) -> None:
    """Name secrets of this test."""
    SECRETS.update(value for value in values if len(value) >= SHORTEST)
