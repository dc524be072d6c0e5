"""What all tests share."""

from collections.abc import Iterator

import pytest

from tests.worlds.logged import watched


@pytest.fixture(autouse=True)
def logged_without_secrets() -> Iterator[None]:
    """Fail a test whose functions log a task token, the value of a variable, or a line about what.

    On AWS, people read these lines who may not read the ledger.
    """
    with watched() as lines:
        yield
    lines.check()
