"""Requests against the service model."""

from typing import Any

import pytest

from localstack_codepipeline.model.errors import SerializationException, ValidationException
from localstack_codepipeline.validation import valid_request

Json = dict[str, Any]


def test_empty_members_are_left_out(shapes: Json) -> None:
    """A member without a value is no member, however deep it lies."""
    pipeline = shapes["declare"](variables=None)
    pipeline["stages"][0]["actions"][0]["roleArn"] = None
    told = valid_request("CreatePipeline", {"pipeline": pipeline, "tags": None})
    assert told == {"pipeline": shapes["declare"]()}


@pytest.mark.parametrize(
    ("operation", "request_", "reason"),
    [
        ("GetPipeline", {}, "Value null at 'name' failed .* must not be null"),
        ("GetPipeline", {"name": "a\n"}, "at 'name' .* regular expression pattern"),
        ("GetPipeline", {"name": ""}, "length greater than or equal to 1"),
        ("GetPipeline", {"name": "x" * 101}, "length less than or equal to 100"),
        ("GetPipeline", {"name": "x", "version": 0}, "value greater than or equal to 1"),
        ("ListPipelines", {"maxResults": 1001}, "value less than or equal to 1000"),
        (
            "RetryStageExecution",
            {
                "pipelineName": "a",
                "stageName": "b",
                "pipelineExecutionId": "12345678-1234-4678-8bcd-12345678abcd",
                "retryMode": "SOME",
            },
            "at 'retryMode' .* enum value set",
        ),
        (
            "StartPipelineExecution",
            {"name": "a", "sourceRevisions": [{"actionName": "b"}]},
            "at 'sourceRevisions.1.member.revisionType'",
        ),
        ("PutJobSuccessResult", {"jobId": "1"}, "at 'jobId'"),
        (
            "PutJobSuccessResult",
            {"jobId": "12345678-1234-4678-8bcd-12345678abcd", "outputVariables": {"a b": "c"}},
            "Value 'a b' at 'outputVariables'",
        ),
    ],
)
def test_broken_constraint_is_named(operation: str, request_: Json, reason: str) -> None:
    """The member, the value and the constraint are in the message."""
    with pytest.raises(ValidationException, match=reason):
        valid_request(operation, request_)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("GetPipeline", {"name": 5}),
        ("GetPipeline", {"name": "a", "version": True}),
        ("StartPipelineExecution", {"name": "a", "variables": {}}),
        ("StopPipelineExecution", {"pipelineName": "a", "abandon": "yes"}),
        ("CreatePipeline", {"pipeline": []}),
    ],
)
def test_wrong_type_is_a_serialization_error(operation: str, request_: Json) -> None:
    """As AWS's JSON protocol answers it."""
    with pytest.raises(SerializationException, match="Wrong type"):
        valid_request(operation, request_)
