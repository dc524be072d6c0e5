"""Requests checked against the service model."""

import re
from pathlib import Path

import pytest

from localstack_codepipeline import model
from localstack_codepipeline.validation import service_model, valid_request
from shop import UNKNOWN_ID, Json, declare, refused


def test_each_error_of_the_model_is_one_of_aws() -> None:
    """The service model has every code that the model raises."""
    sources = [path.read_text() for path in Path(model.__file__).parent.rglob("*.py")]
    raised = set(re.findall(r'"(\w+Exception)"', "".join(sources)))
    assert raised < {shape.name for shape in service_model().error_shapes}


def test_empty_members_are_left_out() -> None:
    """Members with the value null are removed, at every depth."""
    pipeline = declare(variables=None)
    pipeline["stages"][0]["actions"][0]["roleArn"] = None
    request = valid_request("CreatePipeline", {"pipeline": pipeline, "tags": None})
    assert request == {"pipeline": declare()}


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
                "pipelineExecutionId": UNKNOWN_ID,
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
            {"jobId": UNKNOWN_ID, "outputVariables": {"a b": "c"}},
            "Value 'a b' at 'outputVariables'",
        ),
    ],
)
def test_broken_constraint_is_named(operation: str, request_: Json, reason: str) -> None:
    """The error names the member, the value and the constraint."""
    with refused("ValidationException", reason):
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
    """A member of the wrong JSON type raises SerializationException, as on AWS."""
    with refused("SerializationException", "Wrong type"):
        valid_request(operation, request_)
