"""The pins that ship an earlier success again, or the reason why it cannot be shipped."""

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
    """The success of release v1."""
    return Good(
        release_id="v1",
        execution_id="e1",
        at=datetime(2026, 11, 23, tzinfo=UTC),
        revisions=revisions,
        variables=variables,
    )


def reads(provider: str = "S3", *, any_key: bool = False, **configuration: str) -> Declaration:
    """A pipeline whose source action has this configuration now."""
    allowed = {"AllowOverrideForS3ObjectKey": "true"} if any_key else {}
    source = SourceAction(
        name="Fetch", provider=provider, configuration={**configuration, **allowed}
    )
    return Declaration(name="web", type="V2", mode="SUPERSEDED", sources=(source,))


def pinned(was: Good, now: Declaration) -> dict[str, str]:
    """The pinned revision of each type."""
    pins: tuple[Pin, ...] = pins_again(was, now)
    assert {pin.action for pin in pins} == {"Fetch"}
    assert len({pin.type for pin in pins}) == len(pins)
    return {pin.type: pin.revision for pin in pins}


def test_an_unchanged_source_needs_only_its_version() -> None:
    """If the action still reads the same object, no key is pinned."""
    now = reads(S3Bucket="sources", S3ObjectKey="app.zip")
    assert pinned(good(VERSION), now) == {"S3_OBJECT_VERSION_ID": "v1"}
    assert not list(why_not_again(good(VERSION), now))


def test_another_key_is_overridden_if_the_action_allows_it() -> None:
    """If the action reads another key now, the earlier key is pinned with the version."""
    now = reads(any_key=True, S3Bucket="sources", S3ObjectKey="new.zip")
    wanted = {"S3_OBJECT_VERSION_ID": "v1", "S3_OBJECT_KEY": "app.zip"}
    assert pinned(good(VERSION), now) == wanted
    assert pinned(good(VERSION, KEY), now) == wanted
    assert not list(why_not_again(good(VERSION), now))


def test_a_pinned_key_is_left_out_if_the_action_declares_it_now() -> None:
    """The pin would be rejected by an action that allows no key override."""
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
def test_a_source_that_reads_another_place_is_named(
    revision: Revision, now: Declaration, then_and_now: tuple[str, str]
) -> None:
    """If the source cannot read the earlier place, the reason names both places."""
    then, there = then_and_now
    assert list(why_not_again(good(revision), now)) == [
        f"its source action 'Fetch' read {then} then and reads {there} now"
    ]


def test_a_key_is_pinned_only_for_s3_sources() -> None:
    """A source with another provider now gets no key."""
    now = reads("CodeCommit", RepositoryName="shop")
    assert pinned(good(VERSION), now) == {"S3_OBJECT_VERSION_ID": "v1"}


def test_variables_in_the_place_are_resolved() -> None:
    """A place with variables is compared after they are resolved; unknown ones stay."""
    now = reads(S3Bucket="#{variables.BUCKET}", S3ObjectKey="#{variables.APP}.zip")
    assert not list(why_not_again(good(VERSION, BUCKET="sources", APP="app"), now))
    assert pinned(good(VERSION, BUCKET="sources", APP="app"), now) == {"S3_OBJECT_VERSION_ID": "v1"}
    (why,) = why_not_again(good(VERSION, BUCKET="sources"), now)
    assert why.endswith("reads sources/#{variables.APP}.zip now")


def test_a_record_without_an_origin_is_shipped_unchanged() -> None:
    """Records without an origin are shipped with the pins they have."""
    now = reads(any_key=True, S3Bucket="others", S3ObjectKey="new.zip")
    old = replace(VERSION, origin=None)
    assert pinned(good(old), now) == {"S3_OBJECT_VERSION_ID": "v1"}
    assert pinned(good(old, KEY), now) == {
        "S3_OBJECT_VERSION_ID": "v1",
        "S3_OBJECT_KEY": "app.zip",
    }
    assert not list(why_not_again(good(old, KEY), now))
