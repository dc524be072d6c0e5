"""The operations on pipelines: create, read, update, list, tag, delete."""

from typing import Any

import pytest

from shop import (
    ARN,
    Driver,
    Json,
    Shop,
    action,
    condition,
    declare,
    deploy,
    refused,
    rule,
    source,
    stage,
    variable_is,
)


def test_created_pipeline_is_read_back_with_its_defaults() -> None:
    """GetPipeline returns the declared structure as version 1, with AWS's defaults filled in."""
    declared = declare()
    got = Shop().call("GetPipeline", name="shop")
    assert got["metadata"]["pipelineArn"] == ARN
    pipeline = got["pipeline"]
    assert pipeline["version"] == 1
    assert pipeline["executionMode"] == "SUPERSEDED"
    first = pipeline["stages"][0]["actions"][0]
    assert first["runOrder"] == 1
    assert first["inputArtifacts"] == []
    assert first["configuration"] == declared["stages"][0]["actions"][0]["configuration"]


def test_new_pipeline_starts_its_first_execution() -> None:
    """CreatePipeline starts an execution by itself, as on AWS."""
    driver = Driver()
    driver.model.starts_on_create = True
    driver.call("CreatePipeline", pipeline=declare())
    listed = driver.call("ListPipelineExecutions", pipelineName="shop")
    assert len(listed["pipelineExecutionSummaries"]) == 1


def test_pipeline_name_is_unique() -> None:
    """A second pipeline with the same name is rejected."""
    shop = Shop()
    with refused("PipelineNameInUseException"):
        shop.call("CreatePipeline", pipeline=declare())


def test_update_makes_a_new_version_and_keeps_the_old() -> None:
    """UpdatePipeline adds a version, and earlier versions can still be read."""
    shop = Shop()
    changed = declare(stage("Release", deploy()))
    shop.call("UpdatePipeline", pipeline=changed)
    assert shop.call("GetPipeline", name="shop")["pipeline"]["version"] == 2
    old = shop.call("GetPipeline", name="shop", version=1)["pipeline"]
    assert old["stages"][1]["name"] == "Deploy"
    with refused("PipelineVersionNotFoundException"):
        shop.call("GetPipeline", name="shop", version=3)


def test_update_and_delete_of_an_unknown_pipeline() -> None:
    """UpdatePipeline raises an error for an unknown pipeline; DeletePipeline does not."""
    driver = Driver()
    with refused("PipelineNotFoundException"):
        driver.call("UpdatePipeline", pipeline=declare())
    assert driver.call("DeletePipeline", name="shop") == {}


def test_deleted_pipeline_is_gone() -> None:
    """A deleted pipeline can be neither read nor listed."""
    shop = Shop()
    shop.call("DeletePipeline", name="shop")
    with refused("PipelineNotFoundException"):
        shop.call("GetPipeline", name="shop")
    assert shop.call("ListPipelines") == {"pipelines": []}


def test_pipelines_are_listed_in_pages() -> None:
    """The pages together list all names in order; a wrong page token is rejected."""
    names = ["e", "b", "d", "a", "c"]
    driver = Driver()
    for name in names:
        driver.call("CreatePipeline", pipeline=declare(name=name))
    listed: list[str] = []
    page = driver.call("ListPipelines", maxResults=2)
    listed += [one["name"] for one in page["pipelines"]]
    while "nextToken" in page:
        page = driver.call("ListPipelines", maxResults=2, nextToken=page["nextToken"])
        listed += [one["name"] for one in page["pipelines"]]
    assert listed == sorted(names)
    for token in ("???", "from:x", "from:6"):
        with refused("InvalidNextTokenException"):
            driver.call("ListPipelines", nextToken=token)


def test_tags_are_added_replaced_and_removed() -> None:
    """TagResource adds tags and replaces values of existing keys; UntagResource removes tags."""
    shop = Shop()
    tags = [{"key": "team", "value": "a"}, {"key": "tier", "value": "1"}]
    shop.call("TagResource", resourceArn=ARN, tags=tags)
    shop.call("TagResource", resourceArn=ARN, tags=[{"key": "team", "value": "b"}])
    shop.call("UntagResource", resourceArn=ARN, tagKeys=["tier", "absent"])
    assert shop.call("ListTagsForResource", resourceArn=ARN)["tags"] == [
        {"key": "team", "value": "b"}
    ]


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        (f"{ARN}-other", "ResourceNotFoundException"),
        ("arn:aws:codepipeline:eu-west-1:000000000000:shop", "ResourceNotFoundException"),
        ("arn:aws:codepipeline:us-east-1:000000000000:webhook:shop", "ResourceNotFoundException"),
        ("arn:aws:codepipeline:us-east-1:000000000000:shop/Source/Fetch", "InvalidArnException"),
    ],
)
def test_tags_need_the_arn_of_a_pipeline(arn: str, error: str) -> None:
    """The ARN must be that of a pipeline in this account and Region."""
    shop = Shop()
    with refused(error):
        shop.call("ListTagsForResource", resourceArn=arn)


def test_invalid_tags_are_rejected() -> None:
    """Reserved keys, repeated keys and more than fifty tags are rejected."""
    shop = Shop()
    many = [{"key": f"k{number}", "value": ""} for number in range(51)]
    with refused("TooManyTagsException"):
        shop.call("TagResource", resourceArn=ARN, tags=many)
    with refused("InvalidTagsException", "more than once"):
        shop.call("TagResource", resourceArn=ARN, tags=[many[0], many[0]])
    with refused("InvalidTagsException", "reserved"):
        shop.call("TagResource", resourceArn=ARN, tags=[{"key": "aws:x", "value": ""}])
    assert shop.call("ListTagsForResource", resourceArn=ARN) == {"tags": []}


WITHOUT_STORE = {key: value for key, value in declare().items() if key != "artifactStore"}
ELSEWHERE = {"artifactStores": {"eu-west-1": declare()["artifactStore"]}}
V1, ROLLBACK = {"pipelineType": "V1"}, {"onFailure": {"result": "ROLLBACK"}}
ALARM = rule("Alarm", "CloudWatchAlarm", AlarmName="errors")
STRUCTURE = "InvalidStructureException"
STAGE = "InvalidStageDeclarationException"
ACTION = "InvalidActionDeclarationException"


RETRIED = {"retryConfiguration": {"retryMode": "ALL_ACTIONS"}}


def checked(**conditions: Json) -> Json:
    """Declare a pipeline whose second stage has these conditions."""
    return declare(stage("Deploy", deploy(), **conditions))


def ending(*actions: Json, **more: Any) -> Json:
    """Declare a pipeline with these actions in its second stage."""
    return declare(stage("Deploy", *actions), **more)


def invoke(configuration: Json, **more: Any) -> Json:
    """Declare an action that starts another pipeline."""
    return action("Next", "Invoke/CodePipeline", configuration, **more)


@pytest.mark.parametrize(
    ("pipeline", "error", "reason"),
    [
        (declare(stages=[stage("Source", source())]), STRUCTURE, "1 stage"),
        (declare(stage("A", deploy()), stage("A", deploy("B"))), STAGE, "Stage names must be"),
        (ending(), STAGE, "1 to 50 actions"),
        (ending(deploy(), deploy()), ACTION, "Action names must be unique"),
        (ending(source()), STRUCTURE, "source actions"),
        (declare(stages=[stage("A", deploy()), stage("B", source())]), STRUCTURE, "source actions"),
        (ending(deploy() | {"inputArtifacts": [{"name": "Other"}]}), STRUCTURE, "Other"),
        (ending(deploy() | {"inputArtifacts": [{"name": "App"}] * 2}), ACTION, "1 inputArtifacts"),
        (ending(deploy() | {"configuration": {"Extract": "true"}}), ACTION, "BucketName"),
        (WITHOUT_STORE, STRUCTURE, "artifactStore"),
        (WITHOUT_STORE | ELSEWHERE, STRUCTURE, "us-east-1"),
        (declare(**V1, executionMode="QUEUED"), STRUCTURE, "QUEUED needs a pipeline of type V2"),
        (declare(**V1, variables=[{"name": "A"}]), STRUCTURE, "Variables and .* of type V2"),
        (ending(invoke({"PipelineName": "web"}), **V1), ACTION, "Next needs a pipeline of type V2"),
        (ending(invoke({})), ACTION, "'PipelineName'"),
        (ending(invoke({}, inputArtifacts=[{"name": "App"}])), ACTION, "0 inputArtifacts"),
        (declare(variables=[{"name": "A"}, {"name": "A"}]), STRUCTURE, "Variable names"),
        (ending(deploy(namespace="variables")), STRUCTURE, "Namespace"),
        (declare(stage("Deploy", deploy(), **ROLLBACK), **V1), STAGE, "onFailure .* type V2"),
        (checked(beforeEntry=condition("ROLLBACK", rule())), STAGE, "cannot have .* ROLLBACK"),
        (checked(onSuccess=condition("SKIP", rule())), STAGE, "cannot have .* SKIP"),
        (checked(onFailure=ROLLBACK["onFailure"] | RETRIED), STAGE, "retryConfiguration"),
        (checked(beforeEntry=condition("FAIL")), STAGE, "has no rules"),
        (checked(beforeEntry=condition("FAIL", rule(), rule())), STAGE, "must be unique"),
        (checked(beforeEntry=condition("FAIL", rule("A", "Moon"))), STAGE, "no rule type Moon"),
        (checked(beforeEntry=condition("SKIP", ALARM)), STAGE, "SKIP does not go with .*Alarm"),
        (checked(onSuccess=condition("FAIL", rule("A", "Commands"))), STAGE, "no commands"),
        (checked(onSuccess=condition("FAIL", rule("A", Extra="x"))), STAGE, "'FunctionName'"),
        (checked(beforeEntry=condition("FAIL", variable_is("x", "LT"))), STAGE, "one of: EQ, NE"),
    ],
)
def test_ill_formed_pipeline_is_rejected(pipeline: Json, error: str, reason: str) -> None:
    """CreatePipeline rejects each broken rule of the structure with its own error."""
    driver = Driver()
    with refused(error, reason):
        driver.call("CreatePipeline", pipeline=pipeline)
    assert driver.call("ListPipelines") == {"pipelines": []}
