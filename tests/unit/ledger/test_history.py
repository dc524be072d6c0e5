"""What people read from the ledger: the history of releases, without tokens and values."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release_core.apply.wiring import ReadingParts
from release_core.clock import now, to_iso
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.queue import Lock, PipelineUse
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.domain.revisions import Pin, Revision
from release_core.ledger.dynamodb import to_attributes
from release_core.ledger.history import HistoryReader, Search
from release_core.ledger.items import (
    PIPELINE_ATTRIBUTES,
    RELEASE_ATTRIBUTES,
    header_for_people,
    pipeline_for_people,
    read_header,
    read_pipeline,
)
from tests.fakes.dynamodb.client import FakeDynamoDB
from tests.worlds.ledger_world import TABLES, LedgerWorld, an_opening

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"
OPENED = datetime(2026, 11, 22, 10, tzinfo=UTC)
HEADER = {
    "release_id": "5.10",
    "item": "release",
    "listing": "release",
    "status": "FAILED",
    "manifest_sha256": "e3b0",
    "channel": "api",
    "requester": "arn:aws:sts::000000000000:assumed-role/Admin/alice",
    "execution_arn": EXECUTION,
    "attempt": 2,
    "attempts": [{"attempt": 1, "execution_arn": "arn:1", "status": "FAILED", "why": "bad"}],
    "pipeline_count": 2,
    "opened_at": "2026-11-22T10:00:00.000Z",
    "why": "orders: FAILED",
    "audit": [{"at": "2026-11-22T10:00:00.000Z", "who": "alice", "what": "opened", "after": "X"}],
}
COMMIT = {
    "artifact": "app",
    "revision": "3f2a",
    "action": "Source",
    "type": "COMMIT_ID",
    "origin": {"RepositoryName": "shop"},
}
ORDERS = {
    "release_id": "5.10",
    "item": "pipeline#orders",
    "pipeline": "orders",
    "position": 0,
    "status": "FAILED",
    "depends_on": ["search"],
    "attempt": 2,
    "task_token": "a-token",
    "execution_id": "2b3c",
    "ended_at": "2026-11-22T10:00:22.000Z",
    "variables": {"PASSWORD": "geheim"},
    "resolved_variables": {"PASSWORD": "geheim"},
    "revisions": [COMMIT],
    "source_revisions": [{"action": "Source", "type": "COMMIT_ID", "revision": "9c9c"}],
    "previous_good": {
        "release_id": "5.9",
        "execution_id": "1a1a",
        "at": "2026-11-21T10:00:00.000Z",
        "revisions": [COMMIT],
        "variables": {"PASSWORD": "geheim"},
    },
    "failure": {"message": "no such bucket"},
    "late_success": "2026-11-22T10:05:00.000Z",
    "attempts": [{"attempt": 1, "status": "FAILED", "failure": {"stage": "S", "message": "m"}}],
}
SEARCH = {
    "release_id": "5.10",
    "item": "pipeline#search",
    "pipeline": "search",
    "position": 1,
    "status": "WAITING",
    "attempt": 2,
}


class Recording:
    """DynamoDB in memory that records every call."""

    def __init__(self, dynamodb: FakeDynamoDB) -> None:
        self._dynamodb = dynamodb
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append((name, request))
            return getattr(self._dynamodb, name)(**request)

        return call


@pytest.fixture
def client() -> Recording:
    """A ledger with release 5.10 and a rejected manifest."""
    dynamodb = LedgerWorld().dynamodb
    rejected = {
        "release_id": EXECUTION,
        "item": "release",
        "listing": "release",
        "status": "REJECTED",
        "execution_arn": EXECUTION,
        "opened_at": "2026-11-22T09:00:00.000Z",
    }
    pointer = {"release_id": "arn:2", "item": "execution", "opens": "5.10"}
    manifest = {"release_id": "5.10", "item": "manifest", "manifest": '{"releaseId":"5.10"}'}
    for item in (HEADER, ORDERS, SEARCH, rejected, pointer, manifest):
        dynamodb.put_item(TableName="releases", Item=to_attributes(item))
    held = {
        "pipeline": "orders",
        "held_by": EXECUTION,
        "held_for": "5.10",
        "held_since": "2026-11-22T10:00:00.000Z",
        "queue": {"2026-11-22T10:00:01.000Z arn:other 6.0"},
        "last_good": {"release_id": "5.9", "variables": {"PASSWORD": "geheim"}},
    }
    dynamodb.put_item(TableName="pipelines", Item=to_attributes(held))
    changes = [
        {"state": "FAILED", "attempt": 1, "at": "2026-11-22T10:00:22.000Z", "source": "event"},
        {"state": "STARTED", "attempt": 1, "at": "2026-11-22T10:00:01.250Z", "source": "look"},
    ]
    execution = {"execution_id": "2b3c", "pipeline": "orders", "changes": changes}
    dynamodb.put_item(TableName="executions", Item=to_attributes(execution))
    return Recording(dynamodb)


@pytest.fixture
def ledger(client: Recording) -> HistoryReader:
    """The reader for people."""
    as_boto3: Any = client
    return HistoryReader(as_boto3, TABLES)


def test_history_of_a_release(ledger: HistoryReader) -> None:
    """The header tells who opened the release, what was done to it and how attempts ended."""
    release = ledger.get_release("5.10")
    assert release is not None
    assert (release.status, release.channel, release.pipeline_count) == ("FAILED", "api", 2)
    assert release.audit == (AuditEntry(at=OPENED, who="alice", what="opened", after="X"),)
    assert release.attempts == (
        PastAttempt(number=1, status="FAILED", execution="arn:1", why="bad"),
    )


def test_history_of_a_pipeline(ledger: HistoryReader) -> None:
    """A pipeline has its end, what it shipped, what was good before, and its earlier attempts."""
    release = ledger.get_release("5.10")
    assert release is not None
    orders = release.pipelines["orders"]
    assert orders.ended_at == OPENED + timedelta(seconds=22)
    assert orders.failure == Failure(message="no such bucket")
    assert orders.attempts == (PastAttempt(number=1, status="FAILED", why="S: m"),)
    assert orders.revisions == (Revision(**COMMIT),)  # type: ignore[arg-type] # texts and a map
    assert orders.source_revisions == (Pin(action="Source", type="COMMIT_ID", revision="9c9c"),)
    assert orders.previous_good is not None
    assert orders.previous_good.revisions == orders.revisions
    search = Pipeline(name="search", position=1, status=PipelineStatus.WAITING, attempt=2)
    assert release.pipelines["search"] == search


def test_an_approval_starts_when_it_is_asked(client: Recording, ledger: HistoryReader) -> None:
    """Views and charts show how long people took."""
    asked = {"min_approvals": 1, "four_eyes": True}
    node = {**SEARCH, "item": "pipeline#go-live", "pipeline": "go-live", "approval": asked}
    node["asked_at"] = to_iso(OPENED)
    client.put_item(TableName="releases", Item=to_attributes(node))
    release = ledger.get_release("5.10")
    assert release is not None
    assert release.pipelines["go-live"].started_at == OPENED


def test_a_retry_begins_without_the_failures_of_the_attempt_before(
    client: Recording, ledger: HistoryReader
) -> None:
    """Until its item is set to WAITING, a pipeline is read as it will be: its past is a past."""
    resumed = {**HEADER, "status": "RUNNING", "attempt": 3, "resumed_at": to_iso(OPENED)}
    approval = {"min_approvals": 1, "four_eyes": True}
    asked = {**SEARCH, "item": "pipeline#go-live", "pipeline": "go-live", "approval": approval}
    asked |= {"status": "FAILED", "asked_at": to_iso(OPENED), "failure": {"message": "no"}}
    for item in (resumed, asked):
        client.put_item(TableName="releases", Item=to_attributes(item))
    release = ledger.get_release("5.10")
    assert release is not None
    assert {each.status for each in release.pipelines.values()} == {PipelineStatus.WAITING}
    orders, go_live = release.pipelines["orders"], release.pipelines["go-live"]
    assert (orders.failure, orders.ended_at, orders.execution_id) == (None, None, None)
    assert (orders.attempt, orders.depends_on, orders.late_success) == (3, ("search",), None)
    assert orders.variable_names == ("PASSWORD",)
    assert orders.attempts[-1] == PastAttempt(
        number=2, status="FAILED", execution="2b3c", why="no such bucket"
    )
    assert go_live.approval is not None
    assert (go_live.approval.asked_at, go_live.started_at) == (None, None)


def test_what_has_succeeded_is_kept_by_a_retry(client: Recording, ledger: HistoryReader) -> None:
    """It does not run again, and a closed release stays as it is."""
    resumed = {**HEADER, "status": "RUNNING", "attempt": 3}
    client.put_item(TableName="releases", Item=to_attributes(resumed))
    orders = {**ORDERS, "status": "SUCCEEDED"}
    client.put_item(TableName="releases", Item=to_attributes(orders))
    release = ledger.get_release("5.10")
    assert release is not None
    assert release.pipelines["orders"].status is PipelineStatus.SUCCEEDED
    client.put_item(TableName="releases", Item=to_attributes({**HEADER, "attempt": 3}))
    client.put_item(TableName="releases", Item=to_attributes(ORDERS))
    closed = ledger.get_release("5.10")
    assert closed is not None
    assert closed.pipelines["orders"].failure == Failure(message="no such bucket")


EARLY_CLOSE = {"closed_at": to_iso(OPENED - timedelta(seconds=1))}
LATER = to_iso(OPENED + timedelta(seconds=22, milliseconds=300))


def test_people_read_no_negative_duration() -> None:
    """CodePipeline tells whole seconds and clocks differ: an end is not before its begin."""
    orders = pipeline_read_by_people({**ORDERS, "started_at": LATER})
    assert orders.started_at == orders.ended_at == OPENED + timedelta(seconds=22.3)
    asked = {"approval": {"min_approvals": 1, "four_eyes": True}, "asked_at": LATER}
    assert pipeline_read_by_people({**ORDERS, **asked}).ended_at == orders.ended_at
    assert header_read_by_people({**HEADER, **EARLY_CLOSE}).closed_at == OPENED
    resumed = {**EARLY_CLOSE, "resumed_at": LATER}
    assert header_read_by_people({**HEADER, **resumed}).closed_at == orders.ended_at


def test_functions_read_ends_as_they_are_on_record() -> None:
    """Conditions of writes compare them, and ids of events are made of them."""
    orders = read_pipeline({**ORDERS, "started_at": LATER})
    assert orders.ended_at == OPENED + timedelta(seconds=22)
    assert read_header({**HEADER, **EARLY_CLOSE}).closed_at == OPENED - timedelta(seconds=1)


def pipeline_read_by_people(item: dict[str, Any]) -> Pipeline:
    """The pipeline of an item as views have it."""
    return pipeline_for_people(read_pipeline(item), item)


def header_read_by_people(item: dict[str, Any]) -> Release:
    """The release of a header as views have it."""
    return header_for_people(read_header(item), item)


def test_pipelines_come_in_the_order_in_which_they_run(ledger: HistoryReader) -> None:
    """A dependency comes first, although it is later in the manifest."""
    release = ledger.get_release("5.10")
    assert release is not None
    assert [*release.pipelines] == ["search", "orders"]


def test_only_the_names_of_variables_leave_the_reader(ledger: HistoryReader) -> None:
    """The values of variables may be secret."""
    release = ledger.get_release("5.10")
    assert release is not None
    orders = release.pipelines["orders"]
    assert orders.variable_names == ("PASSWORD",)
    assert orders.previous_good is not None
    assert orders.previous_good.variable_names == ("PASSWORD",)
    assert "geheim" not in str(asdict(release))


def test_the_reader_asks_for_no_token_and_writes_nothing(
    ledger: HistoryReader, client: Recording
) -> None:
    """It names the attributes that it wants, and no call writes."""
    release = ledger.get_release("5.10")
    assert release is not None
    ledger.with_executions(release)
    ledger.get_pipeline("5.10", "orders")
    assert dict(ledger.get_pipelines([("5.10", "orders")]))
    assert ledger.get_header("5.10")
    assert ledger.get_manifest("5.10") == {"releaseId": "5.10"}
    assert ledger.latest(5)
    assert ledger.lock_holders(["orders"])["orders"].since == OPENED
    assert [place.release_id for place in ledger.get_locks(["orders"])["orders"].queue] == ["6.0"]
    assert ledger.latest_releases(["orders"]) == {"orders": ["5.9", "5.10"]}
    check_reads(client)


def test_a_rollback_reads_values_but_no_token(client: Recording) -> None:
    """The command makes the manifest of a rollback, which ships the values of variables again."""
    parts = ReadingParts(client=lambda _: client, tables=TABLES, clock=now)
    release = parts.reader.get_release("5.10")
    assert release is not None
    good = release.pipelines["orders"].previous_good
    assert good is not None
    assert good.variables == {"PASSWORD": "geheim"}
    check_reads(client)


def check_reads(client: Recording) -> None:
    """Each call only reads, and names the attributes that it wants, without tokens."""
    assert {name for name, _ in client.calls} <= {"query", "batch_get_item"}
    for _, request in client.calls:
        reads = request.get("RequestItems", {request.get("TableName"): request})
        for table, read in reads.items():
            assert table == "executions" or read["ProjectionExpression"]
            names = read.get("ExpressionAttributeNames", {}).values()
            assert not {"task_token", "resolved_variables"} & {*names}


def test_more_pipelines_than_one_call_reads(ledger: HistoryReader, client: Recording) -> None:
    """DynamoDB reads at most 100 keys in one call."""
    assert ledger.lock_holders([*map(str, range(100)), "orders"]).keys() == {"orders"}
    assert len(client.calls) == 2


def test_every_attribute_that_is_read_is_asked_for() -> None:
    """An attribute that a reading function uses is in the list, except the task token."""
    used: set[str] = set()

    class Item(dict[str, Any]):
        """An item that records which attributes are used."""

        def __getitem__(self, name: str) -> Any:
            used.add(name)
            return super().__getitem__(name)

        def get(self, name: str, default: Any = None) -> Any:
            used.add(name)
            return super().get(name, default)

        def __contains__(self, name: object) -> bool:
            used.add(str(name))
            return super().__contains__(name)

    orders, header = Item(ORDERS), Item(HEADER)
    pipeline_for_people(read_pipeline(orders), orders)
    header_for_people(read_header(header), header)
    assert used - {*RELEASE_ATTRIBUTES} == {"task_token"}
    assert "task_token" not in (*RELEASE_ATTRIBUTES, *PIPELINE_ATTRIBUTES)


def test_executions_are_read_on_request(ledger: HistoryReader, client: Recording) -> None:
    """State changes come in the order of time; an execution that is not on record has none."""
    release = ledger.get_release("5.10")
    assert release is not None
    assert release.pipelines["orders"].changes == ()
    seen = ledger.with_executions(release).pipelines
    assert seen["search"].changes == ()
    started, failed = seen["orders"].changes
    assert failed.state is ExecutionState.FAILED
    assert started == Change(
        state=ExecutionState.STARTED,
        attempt=1,
        at=OPENED + timedelta(seconds=1.25),
        source="look",
    )


def test_the_header_is_read_first(ledger: HistoryReader, client: Recording) -> None:
    """Once the header is closed, the pipelines that are read after it are final."""
    ledger.get_release("5.10")
    ((_, request),) = client.calls
    assert request["ScanIndexForward"] is False
    assert request["ConsistentRead"] is True


def test_a_release_of_many_pages(ledger: HistoryReader, client: Recording) -> None:
    """A release that is larger than one answer of DynamoDB is read to its last page."""
    for number in range(6):
        name = f"p{number}"
        large = {**SEARCH, "item": f"pipeline#{name}", "pipeline": name, "trouble": "x" * 300_000}
        client.put_item(TableName="releases", Item=to_attributes(large))
    release = ledger.get_release("5.10")
    assert release is not None
    assert len(release.pipelines) == 8
    assert [name for name, _ in client.calls].count("query") == 2


def test_what_is_not_on_record(ledger: HistoryReader) -> None:
    """There is no release, no manifest and no opening where none was recorded."""
    assert ledger.get_release("nothing") is None
    assert ledger.get_manifest(EXECUTION) is None
    assert ledger.release_opened_by("arn:nothing") is None


def test_release_that_an_execution_opened(ledger: HistoryReader, client: Recording) -> None:
    """A pointer names the release; the pointer of an execution that only ended names none."""
    assert ledger.release_opened_by("arn:2") == "5.10"
    ended = {"release_id": "arn:3", "item": "execution", "ended": "ABORTED"}
    client.put_item(TableName="releases", Item=to_attributes(ended))
    assert ledger.release_opened_by("arn:3") is None


def test_latest_releases(ledger: HistoryReader, client: Recording) -> None:
    """The newest comes first, a rejected manifest is named by its execution, pages are small."""
    assert [release.label for release in ledger.latest(2)] == ["5.10", "0b2f"]
    assert client.calls[-1][1]["Limit"] == 2
    assert [release.label for release in ledger.latest(1)] == ["5.10"]
    (rejected,) = ledger.latest(5, statuses=[ReleaseStatus.REJECTED])
    assert (rejected.label, rejected.pipeline_count) == ("0b2f", 0)
    assert len(client.calls) == 3 * 2  # the releases that wait to be opened, too


def add_releases(client: Recording, count: int) -> None:
    """Put releases on record, one a minute, each with one pipeline of two."""
    for number in range(count):
        at = to_iso(OPENED + timedelta(minutes=number))
        header = {**HEADER, "release_id": f"6.{number}", "opened_at": at, "status": "SUCCEEDED"}
        name = ("even", "odd")[number % 2]
        node = {**SEARCH, "release_id": f"6.{number}", "item": f"pipeline#{name}"}
        client.put_item(TableName="releases", Item=to_attributes(header))
        client.put_item(TableName="releases", Item=to_attributes(node | {"pipeline": name}))


def test_open_headers(ledger: HistoryReader, client: Recording) -> None:
    """However old they are; each call reads a part of the record, and closed ones stay there."""
    add_releases(client, 6)
    for number in range(6):
        header = {**HEADER, "release_id": f"7.{number}", "why": "x" * 300_000}
        client.put_item(TableName="releases", Item=to_attributes(header))
    old = {**HEADER, "release_id": "4.1", "status": "RUNNING", "opened_at": to_iso(OPENED)}
    new = {**old, "release_id": "8.1", "opened_at": to_iso(OPENED + timedelta(days=1))}
    for header in (old, new):
        client.put_item(TableName="releases", Item=to_attributes(header))
    client.calls.clear()
    pages = ledger.open_headers()
    first = next(pages)
    assert len(client.calls) == 1
    rest = [*pages]
    assert len(client.calls) == 1 + len(rest) > 1
    assert [each.release_id for page in (first, *rest) for each in page] == ["4.1", "8.1"]


def test_search_in_a_span_of_time(ledger: HistoryReader, client: Recording) -> None:
    """The index by time is asked for no other releases; both ends belong to the span."""
    add_releases(client, 9)
    span = Search(since=OPENED + timedelta(minutes=3), until=OPENED + timedelta(minutes=5))
    client.calls.clear()
    assert [each.release_id for each in ledger.search(span, 9)] == ["6.5", "6.4", "6.3"]
    query = next(asked for _, asked in client.calls if "BETWEEN" in str(asked))
    assert query["ExpressionAttributeValues"][":since"] == {"S": to_iso(span.since)}


def test_search_for_pipelines(ledger: HistoryReader, client: Recording) -> None:
    """Releases with any of them are found, with these pipelines, in one call for a hundred."""
    add_releases(client, 120)
    client.calls.clear()
    found = ledger.search(Search(pipelines=["odd", "none"]), 5)
    assert [each.release_id for each in found] == ["6.119", "6.117", "6.115", "6.113", "6.111"]
    assert [[*each.pipelines] for each in found] == [["odd"]] * 5
    assert [name for name, _ in client.calls].count("batch_get_item") == 1
    assert [each.release_id for each in ledger.search(Search(pipelines=["orders"]), 5)] == ["5.10"]
    twice = ledger.search(Search(pipelines=["odd", "odd"]), 5)
    assert [[*each.pipelines] for each in twice] == [["odd"]] * 5


def test_search_asks_about_headers(ledger: HistoryReader, client: Recording) -> None:
    """Everything that is given must be true."""
    add_releases(client, 9)
    wanted = Search(
        statuses=["SUCCEEDED"],
        fits=lambda header: header.release_id > "6.2",
        pipelines=["even"],
    )
    assert [each.release_id for each in ledger.search(wanted, 2)] == ["6.8", "6.6"]
    assert [each.release_id for each in ledger.search(wanted, 9)] == ["6.8", "6.6", "6.4"]


def test_search_among_those_that_wait() -> None:
    """A release that waits is found by its time, and by the pipelines that it waits for."""
    world = LedgerWorld()
    opening = an_opening("mine", "orders")
    world.ledger.locks.enqueue(["orders"], opening)
    held = replace(an_opening("held"), execution_arn="arn:execution:held")
    world.ledger.locks.hold(held)
    reader = HistoryReader(world.client, TABLES)

    def ids(**wanted: Any) -> list[str]:
        return sorted(each.release_id for each in reader.search(Search(**wanted), 9))

    assert ids(pipelines=["orders", "web"]) == ["mine"]
    assert ids(pipelines=["web"]) == []
    assert ids(pipelines=["web"], pipelines_of=lambda _: ["web"]) == ["held", "mine"]
    assert ids(since=opening.came_at + timedelta(seconds=1)) == []
    assert ids(until=opening.came_at) == ["held", "mine"]


def test_who_uses_pipelines(ledger: HistoryReader) -> None:
    """Those on record are found without their names; of others nothing is on record."""
    (orders,) = ledger.uses()
    assert orders.lock.holder is not None
    assert (orders.lock.pipeline, orders.lock.holder.release_id) == ("orders", "5.10")
    assert [each.release_id for each in orders.lock.queue] == ["6.0"]
    web, again = ledger.get_uses(["web", "orders"])
    assert again == orders
    assert web == PipelineUse(lock=Lock(pipeline="web"))


def test_a_rejection_of_an_earlier_build(ledger: HistoryReader) -> None:
    """It has neither the id that it names nor its object on record."""
    (rejected,) = ledger.search(Search(statuses=["REJECTED"]), 1)
    assert (rejected.requested_id, rejected.dropped) == (None, None)
