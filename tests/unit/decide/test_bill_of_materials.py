"""The bill of materials names the source action of each revision, if it is known."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from release_core.decide.bill_of_materials import bill_of_materials, name_sources
from release_core.domain.actions import ActionRun
from release_core.domain.declarations import SourceAction
from release_core.domain.revisions import (
    MAX_AUTHOR,
    MAX_SHIPPED,
    Commit,
    Pin,
    Revision,
    Shipped,
)

S3 = SourceAction(name="Fetch", provider="S3")


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


def test_the_source_of_the_newest_delivery_counts() -> None:
    """Only source actions that delivered something name a revision."""
    runs = [
        run("Copy"),
        run("Again", source=S3, artifacts=("app",)),
        run("Fetch", source=replace(S3, provider="ECR"), artifacts=("app",)),
        run("Failed", source=S3),
    ]
    shipped = Shipped(revisions=[Revision(artifact="app", revision="v1")], variables={"A": "1"})
    bill = bill_of_materials(shipped, runs)
    (named,) = bill.revisions
    assert (named.type, bill.variables) == ("S3_OBJECT_VERSION_ID", {"A": "1"})


def test_a_revision_has_the_time_and_author_of_its_commit() -> None:
    """Those of the action that delivered it, and no others."""
    at = datetime(2026, 11, 21, tzinfo=UTC)
    runs = [
        run("Again", source=S3, artifacts=("config",)),
        run("Fetch", source=S3, artifacts=("app",), commit=Commit(at=at, author="Grace")),
    ]
    revisions = [Revision(artifact=name, revision="v1") for name in ("app", "config", "other")]
    found = bill_of_materials(Shipped(revisions=revisions), runs).revisions
    told = [(each.artifact, each.committed_at, each.author) for each in found]
    assert told == [("app", at, "Grace"), ("config", None, None), ("other", None, None)]


def test_a_commit_takes_no_room_of_what_can_be_shipped_again() -> None:
    """Revisions and variables that fit without its time and author still fit."""
    plain = Revision(artifact="app", revision="v1")
    told = replace(plain, committed_at=datetime(2026, 11, 21, tzinfo=UTC), author="x" * MAX_AUTHOR)
    room = MAX_SHIPPED - Shipped(revisions=[plain], variables={"A": ""}).size
    full = Shipped(revisions=[told], variables={"A": "x" * room})
    assert full.size == MAX_SHIPPED
    assert full.kept == full


def run(action: str, **more: Any) -> ActionRun:
    """An execution of an action."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return ActionRun(action_execution_id=action, stage="S", action=action, started_at=at, **more)
