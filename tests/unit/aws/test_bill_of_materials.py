"""The bill of materials names the source action of each revision, if it is known."""

import logging
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from release_core.aws.bill_of_materials import bill_of_materials, name_sources
from release_core.aws.codepipeline import CodePipeline, ExecutionSnapshot
from release_core.domain.declarations import SourceAction
from release_core.domain.execution import ExecutionState
from release_core.domain.release import Pipeline
from release_core.domain.revisions import Pin, Revision
from tests.fakes.service import Refused, service

ORDERS = Pipeline(name="orders", execution_id="e1")
S3 = SourceAction(name="Fetch", provider="S3")


def seen(*revisions: Revision) -> ExecutionSnapshot:
    """The state of an execution that has succeeded with these revisions."""
    return ExecutionSnapshot(
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
def test_a_revision_gets_its_action_and_type(provider: str, kind: str | None) -> None:
    """The type is the one under which the source action accepts the revision again."""
    source = SourceAction(name="Fetch", provider=provider)
    text = '{"ProviderType": "GitHub", "CommitMessage": "5.10 \u00e4 \U0001f680"}'
    revision = Revision(artifact="app", revision="0012e4", summary=text)
    (named,) = name_sources([revision], {"app": source}, [])
    assert named == Revision(
        artifact="app", revision="0012e4", summary=text, action="Fetch", type=kind
    )
    assert named.pin == (Pin(action="Fetch", type=kind, revision="0012e4") if kind else None)


def test_a_revision_of_an_unknown_action_gets_no_action() -> None:
    """Nothing is guessed, even if there is only one source action."""
    revision = Revision(artifact="other", revision="v1")
    assert name_sources([revision], {"app": S3}, []) == [revision]
    assert revision.pin is None


def test_a_pinned_key_is_recorded_with_its_version() -> None:
    """A version of a pinned key is recorded together with that key."""
    pins = [Pin(action="Fetch", type="S3_OBJECT_KEY", revision="old/app.zip")]
    named = name_sources([Revision(artifact="app", revision="v1")], {"app": S3}, pins)
    assert [each.pin for each in named] == [
        Pin(action="Fetch", type="S3_OBJECT_VERSION_ID", revision="v1"),
        *pins,
    ]


@pytest.mark.parametrize(
    ("provider", "configuration", "origin"),
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
def test_a_revision_is_recorded_with_its_origin(
    provider: str, configuration: dict[str, str], origin: dict[str, str] | None
) -> None:
    """A revision is recorded with its object or repository, without secrets."""
    source = SourceAction(name="Fetch", provider=provider, configuration=configuration)
    (named,) = name_sources([Revision(artifact="app", revision="v1")], {"app": source}, [])
    assert named.origin == origin


def test_the_origin_of_a_pinned_key_is_that_key() -> None:
    """The origin of a version is the pinned key, not the key that the action declares."""
    configuration = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
    source = replace(S3, configuration=configuration)
    pins = [Pin(action="Fetch", type="S3_OBJECT_KEY", revision="old/app.zip")]
    version, _key = name_sources([Revision(artifact="app", revision="v1")], {"app": source}, pins)
    assert version.origin == {"S3Bucket": "sources", "S3ObjectKey": "old/app.zip"}


def test_a_key_without_a_known_action_is_not_recorded() -> None:
    """If the source action is unknown, its pinned key is not recorded."""
    pins = [Pin(action="Fetch", type="S3_OBJECT_KEY", revision="old/app.zip")]
    revision = Revision(artifact="app", revision="v1")
    assert name_sources([revision], {}, pins) == [revision]


class Listing:
    """A client with the given pages of action executions, or with an error."""

    def __init__(self, *pages: list[dict[str, Any]], error: Exception | None = None) -> None:
        self._pages = pages
        self._error = error
        self.calls = 0

    def get_paginator(self, _method: str) -> "Listing":
        """Return itself as the paginator."""
        return self

    def paginate(self, **_request: Any) -> list[dict[str, Any]]:
        """Return all pages, or raise the error."""
        self.calls += 1
        if self._error:
            raise self._error
        return [{"actionExecutionDetails": page} for page in self._pages]


def detail(action: str, category: str, **more: Any) -> dict[str, Any]:
    """An execution of an action whose output is the artifact ``app``."""
    kind = {"category": category, "owner": "AWS", "provider": "S3", "version": "1"}
    artifacts = [{"name": "app", "s3location": {"bucket": "b", "key": "k"}}]
    return {
        "actionName": action,
        "input": {"actionTypeId": kind},
        "output": {"outputArtifacts": artifacts},
    } | more


def shipped(client: Any, look: ExecutionSnapshot) -> list[Revision]:
    """The revisions in the bill of materials."""
    return list(bill_of_materials(CodePipeline(client), ORDERS, look).revisions)


def test_the_sources_are_found_among_all_actions() -> None:
    """Only source actions count, on whichever page they are."""
    client = Listing([detail("Copy", "Deploy")], [detail("Fetch", "Source")])
    (named,) = shipped(client, seen(Revision(artifact="app", revision="v1")))
    assert (named.action, named.type) == ("Fetch", "S3_OBJECT_VERSION_ID")
    assert client.calls == 1


def test_the_origin_has_resolved_variables() -> None:
    """The origin comes from the resolved configuration, or from the declared one if missing."""
    found = detail("Fetch", "Source")
    found["input"]["configuration"] = {"S3ObjectKey": "#{variables.STAGE}.zip"}
    (named,) = shipped(Listing([found]), seen(Revision(artifact="app", revision="v1")))
    assert named.origin == {"S3ObjectKey": "#{variables.STAGE}.zip"}
    found["input"]["resolvedConfiguration"] = {"S3ObjectKey": "prod.zip"}
    (named,) = shipped(Listing([found]), seen(Revision(artifact="app", revision="v1")))
    assert named.origin == {"S3ObjectKey": "prod.zip"}


@pytest.mark.parametrize("part", ["input", "output", "actionName"])
def test_an_action_with_missing_fields_is_unknown(part: str) -> None:
    """If AWS leaves out a field of an action, its revision gets no action."""
    half = detail("Fetch", "Source")
    del half[part]
    (named,) = shipped(Listing([half]), seen(Revision(artifact="app", revision="v1")))
    assert named.action is None


def test_a_denied_list_loses_no_success(caplog: pytest.LogCaptureFixture) -> None:
    """If the list is denied, the revisions are recorded without actions, and the log says why."""
    denied = Refused("AccessDeniedException", "not allowed")
    client = Listing(error=service("codepipeline").error(denied, "ListActionExecutions"))
    revision = Revision(artifact="app", revision="v1")
    with caplog.at_level(logging.WARNING):
        assert shipped(client, seen(revision)) == [revision]
    assert "could not list the source actions" in caplog.text
    assert "prod" not in caplog.text


def test_a_list_that_fails_is_raised() -> None:
    """A network error is raised, so that a later try records the complete bill of materials."""
    client = Listing(error=EndpointConnectionError(endpoint_url="https://codepipeline"))
    with pytest.raises(EndpointConnectionError):
        shipped(client, seen(Revision(artifact="app", revision="v1")))


def test_nothing_is_asked_about_an_execution_without_revisions() -> None:
    """Without revisions, no call is made; the variables are recorded and not shown in logs."""
    client: Any = Listing()
    bill = bill_of_materials(CodePipeline(client), ORDERS, seen())
    assert (bill.revisions, bill.variables, client.calls) == ((), {"STAGE": "prod"}, 0)
    assert "prod" not in repr(bill)
