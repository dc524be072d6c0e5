"""The bill of materials names the source action of each revision, or says that it is unknown."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from release_core.aws.bill_of_materials import bill_of_materials, name_sources
from release_core.aws.codepipeline import CodePipeline, Seen
from release_core.domain.declarations import SourceAction
from release_core.domain.execution import ExecutionState
from release_core.domain.release import Pipeline
from release_core.domain.revisions import Pin, Revision
from tests.fakes.service import Refused, service

ORDERS = Pipeline(name="orders", execution_id="e1")
S3 = SourceAction(name="Fetch", provider="S3")


def seen(*revisions: Revision) -> Seen:
    """A look at an execution that has succeeded with these revisions."""
    return Seen(
        state=ExecutionState.SUCCEEDED,
        summary=None,
        revisions=revisions,
        variables={"STAGE": "prod"},
    )


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        ("S3", "S3_OBJECT_VERSION_ID"),
        ("ECR", "IMAGE_DIGEST"),
        ("CodeCommit", "COMMIT_ID"),
        ("CodeStarSourceConnection", "COMMIT_ID"),
        ("Somewhere", None),
    ],
)
def test_a_revision_is_named_with_its_action_and_type(provider: str, kind: str | None) -> None:
    """The type is that under which the action takes the revision again, if there is one."""
    source = SourceAction(name="Fetch", provider=provider)
    text = '{"ProviderType": "GitHub", "CommitMessage": "5.10 \u00e4 \U0001f680"}'
    revision = Revision(artifact="app", revision="0012e4", summary=text)
    (named,) = name_sources([revision], {"app": source}, [])
    assert named == Revision(
        artifact="app", revision="0012e4", summary=text, action="Fetch", type=kind
    )
    assert named.pin == (Pin(action="Fetch", type=kind, revision="0012e4") if kind else None)


def test_a_revision_of_no_known_action_stays_unnamed() -> None:
    """Nothing is guessed: not even when there is only one action."""
    revision = Revision(artifact="other", revision="v1")
    assert name_sources([revision], {"app": S3}, []) == [revision]
    assert revision.pin is None


def test_a_version_of_another_object_goes_with_its_key() -> None:
    """A pinned key is part of what was shipped: the version alone names another object."""
    pins = [Pin(action="Fetch", type="S3_OBJECT_KEY", revision="old/app.zip")]
    named = name_sources([Revision(artifact="app", revision="v1")], {"app": S3}, pins)
    assert [each.pin for each in named] == [
        Pin(action="Fetch", type="S3_OBJECT_VERSION_ID", revision="v1"),
        *pins,
    ]


@pytest.mark.parametrize(
    ("provider", "told", "origin"),
    [
        (
            "S3",
            {"S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"},
            {"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
        ),
        ("ECR", {"RepositoryName": "shop", "ImageTag": "1"}, {"RepositoryName": "shop"}),
        ("CodeCommit", {"RepositoryName": "shop", "BranchName": "b"}, {"RepositoryName": "shop"}),
        ("CodeStarSourceConnection", {"FullRepositoryId": "a/b"}, {"FullRepositoryId": "a/b"}),
        (
            "GitHub",
            {"Owner": "a", "Repo": "b", "OAuthToken": "hunter2"},
            {"Owner": "a", "Repo": "b"},
        ),
        ("Somewhere", {"Place": "here"}, None),
        ("S3", {}, None),
    ],
)
def test_a_revision_is_kept_with_what_it_is_of(
    provider: str, told: dict[str, str], origin: dict[str, str] | None
) -> None:
    """A version of one object, or a commit of one repository, names nothing in another one."""
    source = SourceAction(name="Fetch", provider=provider, configuration=told)
    (named,) = name_sources([Revision(artifact="app", revision="v1")], {"app": source}, [])
    assert named.origin == origin


def test_a_version_of_a_pinned_key_is_of_that_object() -> None:
    """What the action declares is not what this execution has read."""
    configuration = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
    source = replace(S3, configuration=configuration)
    pins = [Pin(action="Fetch", type="S3_OBJECT_KEY", revision="old/app.zip")]
    version, _key = name_sources([Revision(artifact="app", revision="v1")], {"app": source}, pins)
    assert version.origin == {"S3Bucket": "sources", "S3ObjectKey": "old/app.zip"}


def test_a_key_is_kept_only_with_the_version_that_it_goes_with() -> None:
    """When the action is not known, no half of a pin is recorded."""
    pins = [Pin(action="Fetch", type="S3_OBJECT_KEY", revision="old/app.zip")]
    revision = Revision(artifact="app", revision="v1")
    assert name_sources([revision], {}, pins) == [revision]


class Listing:
    """A client whose list of action executions is given, or fails."""

    def __init__(self, *pages: list[dict[str, Any]], error: Exception | None = None) -> None:
        self._pages = pages
        self._error = error
        self.calls = 0

    def get_paginator(self, _method: str) -> "Listing":
        """Answer itself, as its own paginator."""
        return self

    def paginate(self, **_request: Any) -> list[dict[str, Any]]:
        """All pages of the list."""
        self.calls += 1
        if self._error:
            raise self._error
        return [{"actionExecutionDetails": page} for page in self._pages]


def detail(action: str, category: str, **more: Any) -> dict[str, Any]:
    """An action's execution that made the artifact ``app``."""
    kind = {"category": category, "owner": "AWS", "provider": "S3", "version": "1"}
    artifacts = [{"name": "app", "s3location": {"bucket": "b", "key": "k"}}]
    return {
        "actionName": action,
        "input": {"actionTypeId": kind},
        "output": {"outputArtifacts": artifacts},
    } | more


def shipped(client: Any, look: Seen) -> list[Revision]:
    """The revisions on the bill of a pipeline."""
    return list(bill_of_materials(CodePipeline(client), ORDERS, look).revisions)


def test_the_sources_are_found_among_all_actions() -> None:
    """Only source actions count, on whichever page of the list they stand."""
    client = Listing([detail("Copy", "Deploy")], [detail("Fetch", "Source")])
    (named,) = shipped(client, seen(Revision(artifact="app", revision="v1")))
    assert (named.action, named.type) == ("Fetch", "S3_OBJECT_VERSION_ID")
    assert client.calls == 1


def test_what_an_action_read_is_told_with_its_variables_in_place() -> None:
    """What was resolved counts; where AWS leaves that out, what was declared."""
    found = detail("Fetch", "Source")
    found["input"]["configuration"] = {"S3ObjectKey": "#{variables.STAGE}.zip"}
    (named,) = shipped(Listing([found]), seen(Revision(artifact="app", revision="v1")))
    assert named.origin == {"S3ObjectKey": "#{variables.STAGE}.zip"}
    found["input"]["resolvedConfiguration"] = {"S3ObjectKey": "prod.zip"}
    (named,) = shipped(Listing([found]), seen(Revision(artifact="app", revision="v1")))
    assert named.origin == {"S3ObjectKey": "prod.zip"}


@pytest.mark.parametrize("part", ["input", "output", "actionName"])
def test_an_action_that_aws_tells_half_of_is_unknown(part: str) -> None:
    """What AWS leaves out is no reason to fail."""
    half = detail("Fetch", "Source")
    del half[part]
    (named,) = shipped(Listing([half]), seen(Revision(artifact="app", revision="v1")))
    assert named.action is None


def test_a_success_is_not_lost_for_a_list_that_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """The revisions are recorded without their actions, and the log says why."""
    denied = Refused("AccessDeniedException", "not allowed")
    client = Listing(error=service("codepipeline").error(denied, "ListActionExecutions"))
    revision = Revision(artifact="app", revision="v1")
    with caplog.at_level(logging.WARNING):
        assert shipped(client, seen(revision)) == [revision]
    assert "the source actions are not known" in caplog.text
    assert "prod" not in caplog.text


def test_a_list_that_fails_is_asked_for_again() -> None:
    """No answer is none: what shipped is recorded by whoever comes next."""
    client = Listing(error=EndpointConnectionError(endpoint_url="https://codepipeline"))
    with pytest.raises(EndpointConnectionError):
        shipped(client, seen(Revision(artifact="app", revision="v1")))


def test_nothing_is_asked_about_an_execution_without_revisions() -> None:
    """A pipeline whose sources deliver nothing costs no call; its variables are kept."""
    client: Any = Listing()
    bill = bill_of_materials(CodePipeline(client), ORDERS, seen())
    assert (bill.revisions, bill.variables, client.calls) == ((), {"STAGE": "prod"}, 0)
    assert "prod" not in repr(bill)
