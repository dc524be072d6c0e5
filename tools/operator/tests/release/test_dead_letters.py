"""What a message in a dead-letter queue says, and what of it is shown."""

import json
from typing import Any

import pytest

from release_machine.release.dead_letters import (
    HIDDEN,
    DeadLetter,
    Queue,
    read_message,
    without_secrets,
)
from tools.operator.tests.conftest import EXECUTION, at
from tools.operator.tests.samples.fake_queues import (
    DROPPED,
    ENDED,
    STATE_CHANGED,
    failed,
    undelivered,
)

OF_FUNCTION = Queue(key="f", name="rm-f-failures", function="record_state_change", failed=True)
OF_RULE = Queue(key="r", name="rm-r-undelivered", function="close_release")
OF_MANIFESTS = Queue(key="m", name="rm-m-undelivered", function=None)


def read(queue: Queue, message: dict[str, Any]) -> DeadLetter:
    """Read a message that was sent ten seconds after the fixed time."""
    sent = str(int(at(10).timestamp() * 1000))
    system = {"MessageId": "m-1", "ReceiptHandle": "h", "Attributes": {"SentTimestamp": sent}}
    return read_message(queue, {**system, **message})


def test_an_event_on_which_a_function_failed() -> None:
    """The event and the error of the last try are in the record of Lambda."""
    letter = read(OF_FUNCTION, failed(STATE_CHANGED))
    assert letter.since == at(10)
    assert letter.kind == "CodePipeline Pipeline Execution State Change: SUCCEEDED"
    assert letter.why == "the function failed: StartUnresolved: a start may come (after 3 tries)"
    assert letter.subject.pipeline == "shop-orders"
    assert letter.subject.execution_id == "1a2b3c4d-0000-4000-8000-000000000001"
    assert json.loads(letter.payload) == STATE_CHANGED


def test_an_event_that_grew_too_old() -> None:
    """Without an answer of the function, the condition of Lambda is the reason."""
    letter = read(OF_FUNCTION, failed(STATE_CHANGED, error=None))
    assert letter.why == "Lambda gave it up: EventAgeExceeded (after 3 tries)"


def test_an_event_that_was_not_delivered() -> None:
    """The event is the message, and its attributes name the reason."""
    message = undelivered(ENDED)
    letter = read(OF_RULE, message)
    assert letter.kind == "Step Functions Execution Status Change: ABORTED"
    assert letter.why == (
        "EventBridge could not deliver it: NO_PERMISSIONS: The rule may not invoke the function. "
        "(after 185 retries)"
    )
    assert letter.subject.execution_arn == EXECUTION
    assert letter.payload == message["Body"]
    assert letter.left_out is None


def test_an_uploaded_manifest() -> None:
    """It names the object. It starts a release, so it is not replayed unless a user names it."""
    letter = read(OF_MANIFESTS, undelivered(DROPPED))
    assert letter.subject.object == "s3://manifests/release.json (version v1)"
    assert letter.left_out == (
        "it would start a release now, of s3://manifests/release.json (version v1)"
    )


@pytest.mark.parametrize(
    ("queue", "body"),
    [
        (OF_RULE, "no JSON"),
        (OF_RULE, "[1]"),
        pytest.param(OF_RULE, "[" * 100_000, id="nested too deeply"),
        (OF_FUNCTION, "{}"),
        (OF_FUNCTION, '{"requestPayload": "text"}'),
        (OF_FUNCTION, '{"requestContext": 1, "responsePayload": [], "requestPayload": null}'),
    ],
)
def test_what_is_not_an_event(queue: Queue, body: str) -> None:
    """Anyone with the permission can send a message to a queue; it can only be deleted."""
    letter = read(queue, {"Body": body})
    assert (letter.kind, letter.event, letter.payload) == ("not an event", None, "")
    assert letter.left_out == "it holds no event"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({}, "an event without a type"),
        ({"detail-type": "Scheduled Event", "detail": {}}, "Hourly check"),
        ({"detail-type": "Release Failed", "detail": {"status": 5}}, "Release Failed"),
        ({"detail-type": "Release Failed", "detail": "text"}, "Release Failed"),
    ],
)
def test_the_kind_of_an_event(event: dict[str, object], kind: str) -> None:
    """Whatever an event lacks."""
    assert read(OF_RULE, undelivered(event)).kind == kind


def test_an_event_without_a_reason() -> None:
    """A message whose attributes are missing says so."""
    letter = read(OF_RULE, {"Body": json.dumps(ENDED)})
    assert letter.why == "EventBridge could not deliver it: it gave no reason"
    record = {"requestPayload": {"detail-type": "x"}}
    letter = read(OF_FUNCTION, {"Body": json.dumps(record)})
    assert letter.why == "Lambda gave it up: it gave no reason"


def test_secrets_are_not_shown() -> None:
    """Neither tokens nor values of variables, wherever they are."""
    shown = without_secrets(
        {
            **ENDED,
            "task_token": "abc",
            "list": [{"taskToken": "abc", "pipeline": "web"}],
            "variables": {"PASSWORD": "hunter2"},
        }
    )
    assert "abc" not in json.dumps(shown)
    assert "hunter2" not in json.dumps(shown)
    assert shown["detail"] == {**ENDED["detail"], "input": HIDDEN}
    assert shown["list"] == [{"taskToken": HIDDEN, "pipeline": "web"}]


def test_secrets_are_not_in_the_representation() -> None:
    """A traceback shows neither the event nor the receipt."""
    assert "hunter2" not in repr(read(OF_RULE, undelivered(ENDED)))
