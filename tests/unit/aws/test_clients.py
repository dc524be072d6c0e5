"""Which calls the SDK repeats by itself."""

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ClientError

from release_core.aws.clients import client, client_once, client_paced, client_short
from release_core.aws.codepipeline import CodePipeline
from release_core.aws.event_bus import Bus
from release_core.domain.announcement import Announcement
from release_core.domain.release import Pipeline


class Answer:
    """The body of an error."""

    def stream(self, **_: Any) -> list[bytes]:
        """The body, in one part."""
        return [b"{}"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that were sent to AWS; each answer is an internal error."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    sent: list[str] = []

    def answer(request: Any, event_name: str, **_: Any) -> AWSResponse:
        sent.append(event_name.rpartition(".")[2])
        headers: Any = HeadersDict()
        return AWSResponse(request.url, 500, headers, Answer())

    for make in (client, client_once, client_paced):
        make.cache_clear()
        make("codepipeline").meta.events.register("before-send.codepipeline", answer)
    client_short.cache_clear()
    client_short("events").meta.events.register("before-send.events", answer)
    return sent


def test_the_retry_of_a_stage_is_sent_once(sent: list[str]) -> None:
    """An error may come after the retry took effect: a repeat would retry the stage again."""
    codepipeline = CodePipeline(client("codepipeline"), once=client_once("codepipeline"))
    with pytest.raises(ClientError):
        codepipeline.retry("orders", "e-1", stage="Deploy")
    assert sent == ["RetryStageExecution"]


def test_other_calls_are_repeated(sent: list[str]) -> None:
    """A call that changes nothing, or has a request token, is repeated by the SDK."""
    codepipeline = CodePipeline(client("codepipeline"), once=client_once("codepipeline"))
    with pytest.raises(ClientError):
        codepipeline.get_execution("orders", "e-1")
    assert sent == ["GetPipelineExecution"] * 7


def test_a_start_is_sent_once(sent: list[str]) -> None:
    """Starts are paced: a repeat by the SDK would take the turn of another start."""
    codepipeline = CodePipeline(client("codepipeline"), once=client_once("codepipeline"))
    with pytest.raises(ClientError):
        codepipeline.start(Pipeline(name="orders"), client_request_token="t")
    assert sent == ["StartPipelineExecution"]


def test_a_paced_client_is_patient(sent: list[str]) -> None:
    """An opening makes a thousand calls in a row."""
    with pytest.raises(ClientError):
        CodePipeline(client_paced("codepipeline")).declarations(["orders"])
    assert sent == ["GetPipeline"] * 30


def test_a_short_client_gives_up_after_two_tries(sent: list[str]) -> None:
    """What cannot be announced now is announced later."""
    with pytest.raises(ClientError):
        Bus(client_short("events"), "default").put(Announcement(detail_type="x", detail={}))
    assert sent == ["PutEvents"] * 2
