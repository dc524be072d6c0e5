"""How actions fail: an error code, and a text that AWS shows as message and as summary."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from localstack_codepipeline.model import ActionResult

CONFIGURATION = "ConfigurationError"


class ActionError(Exception):
    """The action fails with this code and text."""

    def __init__(self, text: str, code: str = CONFIGURATION) -> None:
        super().__init__(text)
        self.result = ActionResult(code, text, summary=text)


@contextmanager
def failing_with(text: str) -> Iterator[None]:
    """Let the action fail with this text when a service rejects a call."""
    try:
        yield
    except ClientError as error:
        raise ActionError(text) from error
