"""What tests inject: failed actions, crashed functions, rejected calls, and races."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult
from tests.fakes.service import Refused, service

FAILURE = ActionResult(
    error_code="JobFailed",
    error_message="the bucket is gone",
    summary="Deployment d-1 failed",
    url="https://example.com/d-1",
)


class Crash(Exception):
    """The function ends here, as if its process were killed."""


@contextmanager
def crash_after(owner: Any, method: str) -> Iterator[None]:
    """Let the next call of a method take effect and its caller crash before it gets the answer.

    The block fails unless it ends with that crash.
    """
    original = getattr(owner, method)
    with pytest.MonkeyPatch.context() as patch:

        def once(*args: Any, **kwargs: Any) -> None:
            patch.undo()
            original(*args, **kwargs)
            raise Crash

        patch.setattr(owner, method, once)
        with pytest.raises(Crash):
            yield


@contextmanager
def meanwhile(
    owner: Any,
    method: str,
    *,
    before: Callable[[], object] = lambda: None,
    after: Callable[[], object] = lambda: None,
) -> Iterator[None]:
    """Let something happen right before, or right after, the next call of a method.

    The block fails unless it calls the method.
    """
    original = getattr(owner, method)
    called = False
    with pytest.MonkeyPatch.context() as patch:

        def once(*args: Any, **kwargs: Any) -> Any:
            nonlocal called
            called = True
            patch.undo()
            before()
            answer = original(*args, **kwargs)
            after()
            return answer

        patch.setattr(owner, method, once)
        yield
    assert called, f"{method} was not called"


def refuse(patch: pytest.MonkeyPatch, client: Any, method: str, refusal: Refused) -> None:
    """Let a fake client answer every call of a method with this error while the patch lasts."""
    names = {
        "FakeCodePipeline": "codepipeline",
        "FakeS3": "s3",
        "FakeStepFunctions": "stepfunctions",
    }
    error = service(names[type(client).__name__]).error(refusal, method)

    def answer(**_: Any) -> None:
        raise error

    patch.setattr(client, method, answer, raising=False)


def count_calls(patch: pytest.MonkeyPatch, client: Any, method: str) -> list[dict[str, Any]]:
    """Return a list that will contain the request of each call of a method."""
    requests: list[dict[str, Any]] = []
    original = getattr(client, method)

    def counted(**request: Any) -> Any:
        requests.append(request)
        return original(**request)

    patch.setattr(client, method, counted)
    return requests
