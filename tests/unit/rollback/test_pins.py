"""What was good in a pipeline is shipped again from where it came from, or not at all."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from release_core.domain.declarations import Declaration, SourceAction
from release_core.domain.revisions import Good, Pin, Revision
from release_core.rollback.pins import pins_again, why_not_again

THEN = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
VERSION = Revision(
    artifact="app", revision="v1", action="Fetch", type="S3_OBJECT_VERSION_ID", origin=THEN
)
KEY = Revision(artifact="app", revision="app.zip", action="Fetch", type="S3_OBJECT_KEY")


def good(*revisions: Revision, **variables: str) -> Good:
    """What was good in release v1."""
    return Good(
        release_id="v1",
        execution_id="e1",
        at=datetime(2026, 11, 23, tzinfo=UTC),
        revisions=revisions,
        variables=variables,
    )


def reads(provider: str = "S3", *, any_key: bool = False, **configuration: str) -> Declaration:
    """A pipeline whose source action reads this now."""
    allowed = {"AllowOverrideForS3ObjectKey": "true"} if any_key else {}
    source = SourceAction(
        name="Fetch", provider=provider, configuration={**configuration, **allowed}
    )
    return Declaration(name="web", type="V2", mode="SUPERSEDED", sources=(source,))


def pinned(was: Good, now: Declaration) -> dict[str, str]:
    """The revision of each type that the source action is to take."""
    pins: tuple[Pin, ...] = pins_again(was, now)
    assert {pin.action for pin in pins} == {"Fetch"}
    assert len({pin.type for pin in pins}) == len(pins)
    return {pin.type: pin.revision for pin in pins}


def test_what_is_read_as_before_needs_its_version_alone() -> None:
    """Nothing is said about a key that the action reads anyway."""
    now = reads(S3Bucket="sources", S3ObjectKey="app.zip")
    assert pinned(good(VERSION), now) == {"S3_OBJECT_VERSION_ID": "v1"}
    assert not list(why_not_again(good(VERSION), now))


def test_another_key_is_overridden_where_the_action_takes_one() -> None:
    """A version of the object of before goes with the key of that object."""
    now = reads(any_key=True, S3Bucket="sources", S3ObjectKey="new.zip")
    wanted = {"S3_OBJECT_VERSION_ID": "v1", "S3_OBJECT_KEY": "app.zip"}
    assert pinned(good(VERSION), now) == wanted
    assert pinned(good(VERSION, KEY), now) == wanted
    assert not list(why_not_again(good(VERSION), now))


def test_a_key_that_was_pinned_is_left_out_where_the_action_declares_it_by_now() -> None:
    """It would be refused by an action that takes no other key any more."""
    now = reads(S3Bucket="sources", S3ObjectKey="app.zip")
    assert pinned(good(VERSION, KEY), now) == {"S3_OBJECT_VERSION_ID": "v1"}


@pytest.mark.parametrize(
    ("revision", "now", "then_and_now"),
    [
        (
            VERSION,
            reads(S3Bucket="sources", S3ObjectKey="new.zip"),
            ("sources/app.zip", "sources/new.zip"),
        ),
        (
            VERSION,
            reads(any_key=True, S3Bucket="others", S3ObjectKey="app.zip"),
            ("sources/app.zip", "others/app.zip"),
        ),
        (
            replace(VERSION, type="COMMIT_ID", origin={"RepositoryName": "shop"}),
            reads("CodeCommit", RepositoryName="mall"),
            ("shop", "mall"),
        ),
        (
            replace(VERSION, type="COMMIT_ID", origin={"RepositoryName": "shop"}),
            reads("CodeStarSourceConnection", FullRepositoryId="us/shop"),
            ("shop", "us/shop"),
        ),
    ],
    ids=("key", "bucket", "repository", "provider"),
)
def test_what_is_read_from_elsewhere_now_is_named(
    revision: Revision, now: Declaration, then_and_now: tuple[str, str]
) -> None:
    """A revision means nothing where it does not come from: both places are told."""
    then, there = then_and_now
    assert list(why_not_again(good(revision), now)) == [
        f"source action 'Fetch' read {then} then and reads {there} now"
    ]


def test_a_key_is_pinned_only_where_objects_are_read() -> None:
    """What has another provider by now is named, and not offered a key besides."""
    now = reads("CodeCommit", RepositoryName="shop")
    assert pinned(good(VERSION), now) == {"S3_OBJECT_VERSION_ID": "v1"}


def test_variables_are_put_in_place_as_the_rollback_gives_them() -> None:
    """The same object by another spelling is the same; what is not known is not."""
    now = reads(S3Bucket="#{variables.BUCKET}", S3ObjectKey="#{variables.APP}.zip")
    assert not list(why_not_again(good(VERSION, BUCKET="sources", APP="app"), now))
    assert pinned(good(VERSION, BUCKET="sources", APP="app"), now) == {"S3_OBJECT_VERSION_ID": "v1"}
    (why,) = why_not_again(good(VERSION, BUCKET="sources"), now)
    assert why.endswith("reads sources/#{variables.APP}.zip now")


def test_what_was_recorded_without_its_origin_is_shipped_as_it_stands() -> None:
    """Records from before are no reason to refuse, with their key or without one."""
    now = reads(any_key=True, S3Bucket="others", S3ObjectKey="new.zip")
    old = replace(VERSION, origin=None)
    assert pinned(good(old), now) == {"S3_OBJECT_VERSION_ID": "v1"}
    assert pinned(good(old, KEY), now) == {
        "S3_OBJECT_VERSION_ID": "v1",
        "S3_OBJECT_KEY": "app.zip",
    }
    assert not list(why_not_again(good(old, KEY), now))
