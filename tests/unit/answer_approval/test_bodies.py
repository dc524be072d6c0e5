"""The body of an answer is read strictly, and every problem says what to write instead."""

import json

import pytest

from answer_approval.answering import KEYS
from release_core.api import MAX_BODY, MAX_TEXT, answer
from tests.worlds.answers import GRACE, ask, send
from tests.worlds.release_world import ReleaseWorld


@pytest.fixture
def world() -> ReleaseWorld:
    """A release that asks ``go-live``."""
    world = ReleaseWorld()
    ask(world)
    return world


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, '`decision` must be "approve" or "reject"'),
        ("", '`decision` must be "approve" or "reject"'),
        ("approve", "the body is not JSON at line 1, column 1"),
        ('"approve"', "the body must be a JSON object"),
        ('{"decision": "yes"}', '`decision` must be "approve" or "reject"'),
        ('{"decision": "approve", "decision": "reject"}', "repeated keys: 'decision'"),
        ('{"decision": "approve", "coment": "x"}', "`coment`; did you mean `comment`?"),
        ('{"decision": "reject"}', "a rejection needs a `comment`"),
        ('{"decision": "reject", "comment": " "}', "a rejection needs a `comment`"),
        ('{"decision": "approve", "comment": 7}', "`comment` must be a text"),
        ('{"decision": "approve", "comment": "\\u202e"}', "`comment` has a hidden character"),
        ('{"decision": "approve", "comment": "\\ud800"}', "`comment` has a hidden character"),
        (json.dumps({"decision": "approve", "comment": "x" * (MAX_TEXT + 1)}), "1,000 bytes"),
        ('{"decision": "approve", "attempt": 0}', "`attempt` must be a whole number"),
        ('{"decision": "approve", "attempt": true}', "`attempt` must be a whole number"),
        ('{"decision": "approve", "attempt": 1.5}', "`attempt` must be a whole number"),
        ('{"decision": "approve"}' + " " * MAX_BODY, "it may have 16,384"),
        ("[" * 10_000, "nested too deeply"),
    ],
)
def test_a_bad_body_is_refused(world: ReleaseWorld, body: str | None, says: str) -> None:
    """400, and nothing is recorded."""
    refused = send(world, GRACE, body)
    assert refused.status == 400
    assert says in refused.message
    assert "votes" not in world.item("pipeline#go-live")


def test_null_means_that_a_key_is_absent(world: ReleaseWorld) -> None:
    """As in a manifest."""
    body = '{"decision": "approve", "comment": null, "attempt": null}'
    assert send(world, GRACE, body).status == 200


def test_a_comment_may_have_lines(world: ReleaseWorld) -> None:
    """It is kept as it was written."""
    assert send(world, GRACE, '{"decision": "approve", "comment": "One\\nTwo"}').status == 200
    (vote,) = world.item("pipeline#go-live")["votes"]
    assert vote["comment"] == "One\nTwo"


@pytest.mark.parametrize("caller", [None, ""])
def test_an_unsigned_request_is_refused(world: ReleaseWorld, caller: str | None) -> None:
    """API Gateway refuses it before; the function does not depend on that."""
    refused = send(world, caller, '{"decision": "approve"}')
    assert refused.status == 403
    assert "sign the request" in refused.message


@pytest.mark.parametrize(
    "event", [{}, None, {"source": "aws.s3"}, {"requestContext": {"identity": {"userArn": GRACE}}}]
)
def test_an_event_of_another_service_is_refused(event: object) -> None:
    """Only the API may invoke the function; another event is answered, not counted."""
    response = answer(event, KEYS, lambda request: {})
    assert response["statusCode"] == 400
    assert "answers requests of the API only" in response["body"]
