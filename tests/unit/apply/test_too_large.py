"""What AWS may tell is larger than an item of DynamoDB holds: the end is recorded all the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.domain.revisions import MAX_SHIPPED, Revision, Shipped, bytes_of
from release_core.errors import RollbackRefused
from release_core.rollback.manifest import checked_manifest
from release_core.strict_json import write_json
from tests.fakes.dynamodb.expressions.values import size_of_item
from tests.worlds.ledger_world import LedgerWorld, an_opening
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import read, run

WIDE = "\u8a9e"  # three bytes


@pytest.fixture
def world() -> ReleaseWorld:
    """An account whose pipeline ``web`` has as many and as long defaults as AWS takes."""
    world = ReleaseWorld()
    web = declaration("web")
    web["variables"] = [{"name": f"V{n}", "defaultValue": WIDE * 1000} for n in range(50)]
    world.codepipeline.create_pipeline(pipeline=web)
    return world


def test_a_success_with_variables_that_are_too_large_is_a_success(world: ReleaseWorld) -> None:
    """The revisions are on record, and that the variables are not."""
    arn = world.begin("web")
    token = world.wait(arn, "web")
    world.ship("v1", "web")
    assert world.pipeline("web").status is PipelineStatus.SUCCEEDED
    assert world.outcome(token)
    item = world.item("pipeline#web")
    assert [each["revision"] for each in item["revisions"]] == ["v1"]
    assert "resolved_variables" not in item
    assert item["unrecorded_bytes"] > 150_000
    assert "too many to keep" in item["audit"][-1]["what"]
    (held,) = world.items("pipelines")
    assert held["last_good"]["unrecorded_bytes"] == item["unrecorded_bytes"]


def test_what_is_not_on_record_whole_is_not_rolled_back_to(world: ReleaseWorld) -> None:
    """No variable is guessed: the pipeline is named, with the reason."""
    run(world, "v1", "web", "orders")
    run(world, "v2", "web", "orders", bad="orders")
    rollback = read(world, "v2")
    assert list(rollback.wanted) == ["orders"]
    (omitted,) = rollback.omissions
    assert omitted.startswith("- web: the revisions and variables of release v1 have 15")
    assert omitted.endswith("bytes; the ledger keeps at most 64,000")
    run(world, "v3", "web", bad="web")
    with pytest.raises(RollbackRefused, match="- web: the revisions and variables of release v2"):
        checked_manifest(read(world, "v3"))


def test_a_pipeline_that_is_resumed_begins_without(world: ReleaseWorld) -> None:
    """What an attempt in vain ran with is nothing of the next one."""
    run(world, "v1", "web", bad="web")
    assert "unrecorded_bytes" in world.item("pipeline#web", "v1")
    manifest = {"releaseId": "v1", "pipelines": ["web"], "resume": True}
    world.open_release(world.start(write_json(manifest)))
    assert "unrecorded_bytes" not in world.item("pipeline#web", "v1")


def test_an_item_at_its_largest_leaves_room_for_its_history() -> None:
    """What is given, was good and has shipped, all orders and a long failure, are one item."""
    world = LedgerWorld()
    variables = {f"V{n}": WIDE * 1000 for n in range(21)}
    shipped = Shipped(revisions=[a_revision("r1")], variables=variables)
    assert MAX_SHIPPED - 1000 < shipped.size <= MAX_SHIPPED
    world.ledger.locks.record_last_good("before", Pipeline(name="web", execution_id="e"), shipped)
    before = [f"{n:03}".ljust(100, "p") for n in range(999)]
    entry: Any = {"name": "web", "dependsOn": before, "variables": variables}
    opening = an_opening("r", entry)
    world.ledger.openings.claim(opening)
    world.ledger.openings.put_pipelines(opening, world.ledger.last_good(["web"]))
    failure = Failure(message=WIDE * 100_000, summary=WIDE * 100_000)
    world.ledger.pipelines.record_end(
        "r", world.pipeline("web"), PipelineStatus.FAILED, failure=failure, shipped=shipped
    )
    (stored,) = [each for each in world.dynamodb.items("releases") if "depends_on" in each]
    assert size_of_item(stored) < 400 * 1024 - 75_000
    assert world.pipeline("web").failure


def test_pipelines_are_opened_and_renewed_however_large_their_past_is() -> None:
    """No transaction has more than the 4 MB that DynamoDB takes."""
    world = LedgerWorld()
    names = [f"p{n}" for n in range(70)]
    good = Shipped(variables={f"V{n}": WIDE * 1000 for n in range(21)})
    for name in names:
        node = Pipeline(name=name, execution_id="e")
        world.ledger.locks.record_last_good("before", node, good)
    previous = world.ledger.last_good(names)
    opening = an_opening("r", *names)
    world.ledger.openings.claim(opening)
    world.ledger.openings.put_pipelines(opening, previous)
    world.ledger.headers.close(
        "r", ReleaseStatus.FAILED, why="in vain", execution_arn=opening.execution_arn
    )
    assert world.ledger.openings.reopen(opening, whole(world))
    world.ledger.openings.renew_pipelines(whole(world), previous)
    renewed = whole(world).pipelines.values()
    assert [each.attempt for each in renewed] == [2] * 70
    assert all(each.previous_good for each in renewed)


def whole(world: LedgerWorld) -> Release:
    """The release as the ledger has it."""
    release = world.ledger.get_release("r")
    assert release
    return release


def a_revision(revision: str, summary: str = "") -> Revision:
    """What a source action has delivered."""
    return Revision(
        artifact="app", revision=revision, summary=summary, action="Fetch", type="COMMIT_ID"
    )


def test_what_is_kept_of_a_success() -> None:
    """All of it, else its revisions, else nothing, and then how much it was."""
    whole = Shipped(revisions=[a_revision("1")], variables={"A": "x"})
    assert whole.kept == whole
    large = Shipped(revisions=[a_revision("1")], variables={"A": WIDE * 30_000})
    assert large.kept == Shipped(revisions=large.revisions, unrecorded_bytes=large.size)
    larger = Shipped(revisions=[a_revision("1", WIDE * 30_000)], variables={"A": "x"})
    assert larger.kept == Shipped(unrecorded_bytes=larger.size)


@given(
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.lists(st.tuples(st.text(), st.text()), max_size=3),
)
def test_what_is_kept_whole_can_be_given_again(
    variables: dict[str, str], delivered: list[tuple[str, str]]
) -> None:
    """A manifest has room for whatever a rollback takes from the ledger."""
    shipped = Shipped(revisions=[a_revision(*each) for each in delivered], variables=variables)
    pins = [each.pin for each in shipped.revisions if each.pin]
    assert bytes_of(pins, variables) <= shipped.size
