"""The action types: which exist, what they take, and which of their settings are secret."""

from typing import Any

import pytest

from shop import Driver, Json, Shop, action, declare, deploy, refused, stage

CUSTOM = {"category": "Deploy", "owner": "Custom", "provider": "Ours", "version": "1"}
MASKED = "****"


def from_github() -> Json:
    """Declare a pipeline whose source is on GitHub, and which deploys with an action of our own."""
    where = {"Owner": "o", "Repo": "r", "Branch": "main", "OAuthToken": "ghp_1"}
    fetch = action("Fetch", "Source/GitHub", where, outputArtifacts=[{"name": "App"}])
    fetch["actionTypeId"]["owner"] = "ThirdParty"
    ours = action("Ship", "Deploy/Ours", {"ApiToken": "t", "DbPassword": "p", "Place": "here"})
    return declare(
        stages=[stage("Source", fetch), stage("Deploy", ours | {"actionTypeId": CUSTOM})]
    )


def configurations(pipeline: Json) -> list[Json]:
    """Return the configurations of all actions of a structure."""
    return [one["configuration"] for each in pipeline["stages"] for one in each["actions"]]


def expect_masked(pipeline: Json) -> None:
    """Check that the secrets of the pipeline are masked, and nothing else."""
    fetch, ship = configurations(pipeline)
    assert fetch == {"Owner": "o", "Repo": "r", "Branch": "main", "OAuthToken": MASKED}
    assert ship == {"ApiToken": MASKED, "DbPassword": MASKED, "Place": "here"}


def test_structures_come_back_with_masked_secrets() -> None:
    """CreatePipeline, GetPipeline and UpdatePipeline never return a secret."""
    driver = Driver()
    expect_masked(driver.call("CreatePipeline", pipeline=from_github())["pipeline"])
    expect_masked(driver.call("GetPipeline", name="shop")["pipeline"])
    expect_masked(driver.call("UpdatePipeline", pipeline=from_github())["pipeline"])
    expect_masked(driver.call("GetPipeline", name="shop", version=1)["pipeline"])


def test_action_executions_show_masked_secrets() -> None:
    """ListActionExecutions shows no secret, and the action itself gets it."""
    driver = Driver()
    driver.call("CreatePipeline", pipeline=from_github())
    driver.call("StartPipelineExecution", name="shop")
    (fetch,) = driver.open.values()
    assert fetch.configuration["OAuthToken"] == "ghp_1"
    (shown,) = driver.call("ListActionExecutions", pipelineName="shop")["actionExecutionDetails"]
    assert shown["input"]["configuration"]["OAuthToken"] == MASKED
    assert shown["input"]["resolvedConfiguration"]["OAuthToken"] == MASKED


def test_action_types_are_listed() -> None:
    """ListActionTypes lists the types with their artifacts, and which settings are secret."""
    listed = Driver().call("ListActionTypes")["actionTypes"]
    types = {tuple(one["id"].values()): one for one in listed}
    github = types["Source", "ThirdParty", "GitHub", "1"]
    secrets = [one["name"] for one in github["actionConfigurationProperties"] if one["secret"]]
    assert secrets == ["OAuthToken"]
    site = types["Deploy", "AWS", "S3", "1"]
    assert site["inputArtifactDetails"] == {"minimumCount": 1, "maximumCount": 1}
    required = [one["name"] for one in site["actionConfigurationProperties"] if one["required"]]
    assert required == ["BucketName", "Extract"]


def test_action_types_are_filtered_by_owner() -> None:
    """The filter actionOwnerFilter chooses the types of one owner."""
    for owner in ("AWS", "ThirdParty"):
        listed = Driver().call("ListActionTypes", actionOwnerFilter=owner)["actionTypes"]
        assert {one["id"]["owner"] for one in listed} == {owner}
    assert Driver().call("ListActionTypes", actionOwnerFilter="Custom") == {"actionTypes": []}


@pytest.mark.parametrize(
    "wrong",
    [
        deploy(configuration={"ContentType": "text/html"}),
        action("Check", "Invoke/Lambda", {"FunctionName": "f", "ContentType": "x"}),
    ],
)
def test_unknown_settings_are_rejected(wrong: Any) -> None:
    """An S3 or Lambda action with a setting that it does not have is rejected with AWS's text."""
    with refused(
        "InvalidActionDeclarationException", "contains unknown configuration 'ContentType'"
    ):
        Shop(stage("Deploy", wrong))
