"""Data that is too large for a DynamoDB item: the end is recorded without it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.decide.resume import to_renew
from release_core.domain.release import Failure, Pipeline, PipelineStatus, ReleaseStatus
from release_core.domain.revisions import MAX_SHIPPED, Revision, Shipped, bytes_of
from release_core.errors import RollbackRefused
from release_core.rollback.manifest import checked_manifest
from release_core.strict_json import write_json
from tests.fakes.dynamodb.values import size_of_item
from tests.worlds.ledger_world import LedgerWorld, an_opening
from tests.worlds.release_world import ReleaseWorld, declaration
from tests.worlds.rollbacks import read, run

WIDE = "\u8a9e"  # three bytes


@pytest.fixture
def world() -> ReleaseWorld:
    """An account whose pipeline ``web`` has the largest variables that AWS allows."""
    world = ReleaseWorld()
    web = declaration("web")
    web["variables"] = [{"name": f"V{n}", "defaultValue": WIDE * 1000} for n in range(50)]
    world.codepipeline.create_pipeline(pipeline=web)
    return world


def test_a_success_with_too_large_variables_is_recorded(world: ReleaseWorld) -> None:
    """The success is recorded with its revisions, and with the size of the omitted variables."""
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


def test_an_incomplete_record_is_not_rolled_back_to(world: ReleaseWorld) -> None:
    """A pipeline whose record is incomplete is left out of the rollback, with the reason."""
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


def test_a_resume_clears_the_size_of_omitted_data(world: ReleaseWorld) -> None:
    """The next attempt of a pipeline does not keep the size that the failed one recorded."""
    run(world, "v1", "web", bad="web")
    assert "unrecorded_bytes" in world.item("pipeline#web", "v1")
    manifest = {"releaseId": "v1", "pipelines": ["web"], "resume": True}
    world.open_release(world.start(write_json(manifest)))
    assert "unrecorded_bytes" not in world.item("pipeline#web", "v1")


def test_the_largest_pipeline_leaves_room_for_its_audit() -> None:
    """The largest manifest entry, records and failure fit into one item with 75 KB to spare."""
    world = LedgerWorld()
    variables = {f"V{n}": WIDE * 1000 for n in range(21)}
    shipped = Shipped(revisions=[a_revision("r1")], variables=variables)
    assert MAX_SHIPPED - 1000 < shipped.size <= MAX_SHIPPED
    world.ledger.locks.record_last_good("before", Pipeline(name="web", execution_id="e"), shipped)
    before = [f"{n:03}".ljust(100, "p") for n in range(999)]
    entry: Any = {"name": "web", "dependsOn": before, "variables": variables}
    opening = an_opening("r", *before, entry)
    world.ledger.openings.claim(opening)
    world.ledger.openings.put_pipelines(opening, world.ledger.last_good(["web"]))
    failure = Failure(message=WIDE * 100_000, summary=WIDE * 100_000)
    world.ledger.pipelines.record_end(
        "r", world.pipeline("web"), PipelineStatus.FAILED, failure=failure, shipped=shipped
    )
    (stored,) = [
        each for each in world.dynamodb.items("releases") if each["item"] == {"S": "pipeline#web"}
    ]
    assert len(stored["blocked_by"]["SS"]) == len(before)
    assert size_of_item(stored) < 400 * 1024 - 75_000
    assert world.pipeline("web").failure


def test_large_records_fit_into_transactions() -> None:
    """Opening and resuming 70 pipelines with large records stays within 4 MB per transaction."""
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
    assert world.ledger.openings.reopen(opening, world.release())
    world.ledger.openings.renew_pipelines(world.release(), to_renew(world.release()), previous)
    renewed = world.release().pipelines.values()
    assert [each.attempt for each in renewed] == [2] * 70
    assert all(each.previous_good for each in renewed)


def a_revision(revision: str, summary: str = "") -> Revision:
    """A revision of the source action Fetch."""
    return Revision(
        artifact="app", revision=revision, summary=summary, action="Fetch", type="COMMIT_ID"
    )


def test_how_much_of_a_success_is_recorded() -> None:
    """Everything is recorded if it fits, or else only the revisions, or else only the size."""
    complete = Shipped(revisions=[a_revision("1")], variables={"A": "x"})
    assert complete.kept == complete
    large = Shipped(revisions=[a_revision("1")], variables={"A": WIDE * 30_000})
    assert large.kept == Shipped(revisions=large.revisions, unrecorded_bytes=large.size)
    larger = Shipped(revisions=[a_revision("1", WIDE * 30_000)], variables={"A": "x"})
    assert larger.kept == Shipped(unrecorded_bytes=larger.size)


@given(
    st.dictionaries(st.text(), st.text(), max_size=3),
    st.lists(st.tuples(st.text(), st.text()), max_size=3),
)
def test_a_complete_record_fits_into_a_manifest(
    variables: dict[str, str], delivered: list[tuple[str, str]]
) -> None:
    """The pins and variables of a record are never larger than the record."""
    shipped = Shipped(revisions=[a_revision(*each) for each in delivered], variables=variables)
    pins = [each.pin for each in shipped.revisions if each.pin]
    assert bytes_of(pins, variables) <= shipped.size
