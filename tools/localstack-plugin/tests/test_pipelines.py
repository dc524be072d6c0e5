"""Pipelines themselves: made, read, changed, listed, tagged, deleted."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import pytest

from localstack_codepipeline.model import CodePipelineModel, SequentialIds
from localstack_codepipeline.model.driver import Driver
from localstack_codepipeline.model.errors import (
    CodePipelineError,
    InvalidActionDeclarationException,
    InvalidArnException,
    InvalidNextTokenException,
    InvalidStageDeclarationException,
    InvalidStructureException,
    InvalidTagsException,
    PipelineNameInUseException,
    PipelineNotFoundException,
    PipelineVersionNotFoundException,
    ResourceNotFoundException,
    TooManyTagsException,
    ValidationException,
)

Json = dict[str, Any]
Shop = Callable[..., Driver]

ARN = "arn:aws:codepipeline:us-east-1:000000000000:shop"


def test_created_pipeline_is_read_back_with_its_defaults(shop: Shop, shapes: Json) -> None:
    """GetPipeline returns what was declared, version 1, with AWS's defaults filled in."""
    declared = shapes["declare"]()
    got = shop().call("GetPipeline", name="shop")
    assert got["metadata"]["pipelineArn"] == ARN
    pipeline = got["pipeline"]
    assert pipeline["version"] == 1
    assert pipeline["executionMode"] == "SUPERSEDED"
    first = pipeline["stages"][0]["actions"][0]
    assert first["runOrder"] == 1
    assert first["inputArtifacts"] == []
    assert first["configuration"] == declared["stages"][0]["actions"][0]["configuration"]


def test_new_pipeline_starts_its_first_execution(shapes: Json) -> None:
    """As on AWS, creating a pipeline runs it, with a trigger that says so."""
    driver = Driver(CodePipelineModel(ids=SequentialIds()))
    driver.call("CreatePipeline", pipeline=shapes["declare"]())
    (summary,) = driver.call("ListPipelineExecutions", pipelineName="shop")[
        "pipelineExecutionSummaries"
    ]
    assert summary["trigger"]["triggerType"] == "CreatePipeline"


def test_name_is_taken_once(shop: Shop, shapes: Json) -> None:
    """A second pipeline of the same name is refused."""
    driver = shop()
    with pytest.raises(PipelineNameInUseException):
        driver.call("CreatePipeline", pipeline=shapes["declare"]())


def test_update_makes_a_new_version_and_keeps_the_old(shop: Shop, shapes: Json) -> None:
    """The version goes up, and an earlier one can still be read."""
    driver = shop()
    changed = shapes["declare"](shapes["stage"]("Release", shapes["deploy"]()))
    driver.call("UpdatePipeline", pipeline=changed)
    assert driver.call("GetPipeline", name="shop")["pipeline"]["version"] == 2
    old = driver.call("GetPipeline", name="shop", version=1)["pipeline"]
    assert old["stages"][1]["name"] == "Deploy"
    with pytest.raises(PipelineVersionNotFoundException):
        driver.call("GetPipeline", name="shop", version=3)


def test_unknown_pipeline_is_not_updated_and_not_missed_when_deleted(
    driver: Driver, shapes: Json
) -> None:
    """UpdatePipeline wants a pipeline; DeletePipeline does not mind."""
    with pytest.raises(PipelineNotFoundException):
        driver.call("UpdatePipeline", pipeline=shapes["declare"]())
    assert driver.call("DeletePipeline", name="shop") == {}


def test_deleted_pipeline_is_gone(shop: Shop) -> None:
    """Nothing of it can be read any more."""
    driver = shop()
    driver.call("DeletePipeline", name="shop")
    with pytest.raises(PipelineNotFoundException):
        driver.call("GetPipeline", name="shop")
    assert driver.call("ListPipelines") == {"pipelines": []}


def test_pipelines_are_listed_in_pages(driver: Driver, shapes: Json) -> None:
    """Each page says where the next begins; all pages give all names, in order."""
    names = ["e", "b", "d", "a", "c"]
    for name in names:
        driver.call("CreatePipeline", pipeline=shapes["declare"](name=name))
    listed: list[str] = []
    page = driver.call("ListPipelines", maxResults=2)
    listed += [one["name"] for one in page["pipelines"]]
    while "nextToken" in page:
        page = driver.call("ListPipelines", maxResults=2, nextToken=page["nextToken"])
        listed += [one["name"] for one in page["pipelines"]]
    assert listed == sorted(names)
    beyond = base64.urlsafe_b64encode(b"from:6").decode()
    for token in ("???", "YWJj", beyond):
        with pytest.raises(InvalidNextTokenException):
            driver.call("ListPipelines", nextToken=token)


def test_tags_are_added_replaced_and_removed(shop: Shop) -> None:
    """A tag is known by its key."""
    driver = shop()
    tags = [{"key": "team", "value": "a"}, {"key": "tier", "value": "1"}]
    driver.call("TagResource", resourceArn=ARN, tags=tags)
    driver.call("TagResource", resourceArn=ARN, tags=[{"key": "team", "value": "b"}])
    driver.call("UntagResource", resourceArn=ARN, tagKeys=["tier", "absent"])
    assert driver.call("ListTagsForResource", resourceArn=ARN)["tags"] == [
        {"key": "team", "value": "b"}
    ]


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        (f"{ARN}-other", ResourceNotFoundException),
        ("arn:aws:codepipeline:eu-west-1:000000000000:shop", ResourceNotFoundException),
        ("arn:aws:codepipeline:us-east-1:000000000000:webhook:shop", InvalidArnException),
    ],
)
def test_tags_belong_to_pipelines_that_exist(shop: Shop, arn: str, error: type[Exception]) -> None:
    """The ARN must be that of a pipeline here."""
    driver = shop()
    with pytest.raises(error):
        driver.call("ListTagsForResource", resourceArn=arn)


def test_bad_tags_are_refused(shop: Shop) -> None:
    """Reserved keys, doubled keys and more than fifty tags are refused."""
    driver = shop()
    many = [{"key": f"k{number}", "value": ""} for number in range(51)]
    with pytest.raises(TooManyTagsException):
        driver.call("TagResource", resourceArn=ARN, tags=many)
    with pytest.raises(InvalidTagsException, match="more than once"):
        driver.call("TagResource", resourceArn=ARN, tags=[many[0], many[0]])
    with pytest.raises(InvalidTagsException, match="reserved"):
        driver.call("TagResource", resourceArn=ARN, tags=[{"key": "aws:x", "value": ""}])
    assert driver.call("ListTagsForResource", resourceArn=ARN) == {"tags": []}


def _one_stage(pipeline: Json) -> None:
    del pipeline["stages"][1]


def _same_stage_twice(pipeline: Json) -> None:
    pipeline["stages"].append(copy.deepcopy(pipeline["stages"][1]))


def _empty_stage(pipeline: Json) -> None:
    pipeline["stages"][1]["actions"] = []


def _same_action_twice(pipeline: Json) -> None:
    pipeline["stages"][1]["actions"] *= 2


def _source_later(pipeline: Json) -> None:
    pipeline["stages"][1]["actions"] = pipeline["stages"][0]["actions"]


def _no_source_first(pipeline: Json) -> None:
    pipeline["stages"].reverse()


def _artifact_from_nowhere(pipeline: Json) -> None:
    pipeline["stages"][1]["actions"][0]["inputArtifacts"] = [{"name": "Other"}]


def _too_many_artifacts(pipeline: Json) -> None:
    pipeline["stages"][1]["actions"][0]["inputArtifacts"] *= 2


def _no_bucket(pipeline: Json) -> None:
    del pipeline["stages"][1]["actions"][0]["configuration"]["BucketName"]


def _no_key_without_extract(pipeline: Json) -> None:
    pipeline["stages"][1]["actions"][0]["configuration"]["Extract"] = "false"


def _no_store(pipeline: Json) -> None:
    del pipeline["artifactStore"]


def _store_elsewhere(pipeline: Json) -> None:
    store = pipeline.pop("artifactStore")
    pipeline["artifactStores"] = {"eu-west-1": store}


def _v1_queued(pipeline: Json) -> None:
    pipeline |= {"pipelineType": "V1", "executionMode": "QUEUED"}


def _v1_variables(pipeline: Json) -> None:
    pipeline |= {"pipelineType": "V1", "variables": [{"name": "A"}]}


def _same_variable_twice(pipeline: Json) -> None:
    pipeline["variables"] = [{"name": "A"}, {"name": "A"}]


def _reserved_namespace(pipeline: Json) -> None:
    pipeline["stages"][0]["actions"][0]["namespace"] = "variables"


def _stage_condition(pipeline: Json) -> None:
    pipeline["stages"][1]["onFailure"] = {"result": "ROLLBACK"}


@pytest.mark.parametrize(
    ("spoil", "error", "reason"),
    [
        (_one_stage, InvalidStructureException, "1 stage"),
        (_same_stage_twice, InvalidStageDeclarationException, "Stage names must be unique"),
        (_empty_stage, InvalidStageDeclarationException, "1 to 50 actions"),
        (_same_action_twice, InvalidActionDeclarationException, "Action names must be unique"),
        (_source_later, InvalidStructureException, "source actions"),
        (_no_source_first, InvalidStructureException, "source actions"),
        (_artifact_from_nowhere, InvalidStructureException, "Other"),
        (_too_many_artifacts, InvalidActionDeclarationException, "1 inputArtifacts"),
        (_no_bucket, InvalidActionDeclarationException, "BucketName"),
        (_no_key_without_extract, InvalidActionDeclarationException, "ObjectKey"),
        (_no_store, InvalidStructureException, "artifactStore"),
        (_store_elsewhere, InvalidStructureException, "us-east-1"),
        (_v1_queued, InvalidStructureException, "V2"),
        (_v1_variables, InvalidStructureException, "V2"),
        (_same_variable_twice, InvalidStructureException, "Variable names"),
        (_reserved_namespace, InvalidStructureException, "Namespace"),
        (_stage_condition, ValidationException, "onFailure"),
    ],
)
def test_ill_formed_pipeline_is_refused(
    driver: Driver,
    shapes: Json,
    spoil: Callable[[Json], None],
    error: type[CodePipelineError],
    reason: str,
) -> None:
    """Each rule of the structure has its error, and nothing is created."""
    pipeline = shapes["declare"]()
    spoil(pipeline)
    with pytest.raises(error, match=reason):
        driver.call("CreatePipeline", pipeline=pipeline)
    assert driver.call("ListPipelines") == {"pipelines": []}
