"""The releases table, read in the shape the functions write it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.stub import ANY, Stubber

from release_machine.release.ledger_reader import LedgerReader
from release_machine.release.model import (
    AuditEntry,
    Failure,
    Good,
    PastAttempt,
    Pin,
    Pipeline,
    Revision,
    StateChange,
)

type Stubbed = Callable[[str], tuple[Any, Stubber]]

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"
HEADER = {
    "release_id": "5.10",
    "item": "release",
    "listing": "release",
    "status": "FAILED",
    "manifest_sha256": "e3b0",
    "channel": "api",
    "requester": "arn:aws:sts::000000000000:assumed-role/Admin/alice",
    "execution_arn": EXECUTION,
    "attempt": 1,
    "pipeline_count": 2,
    "opened_at": "2026-11-22T10:00:00.000Z",
    "closed_at": "2026-11-22T10:00:30.500Z",
    "why": "orders: FAILED",
    "audit": [
        {"at": "2026-11-22T10:00:00.000Z", "who": "alice", "what": "opened", "after": "RUNNING"}
    ],
}
ORDERS = {
    "pipeline": "orders",
    "position": 1,
    "status": "FAILED",
    "execution_id": "2b3c",
    "started_at": "2026-11-22T10:00:01.250Z",
    "ended_at": "2026-11-22T10:00:22.000Z",
    "failure": {"stage": "Deploy", "action": "Copy", "message": "no such bucket"},
}
CATALOG = {"pipeline": "catalog", "position": 0, "status": "WAITING"}


def stored(item: dict[str, Any]) -> dict[str, Any]:
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in item.items()}


@pytest.fixture
def table(stubbed: Stubbed) -> tuple[LedgerReader, Stubber]:
    client, stubber = stubbed("dynamodb")
    reader = LedgerReader(
        dynamodb=client,
        releases_table="release-machine-releases",
        executions_table="release-machine-executions",
    )
    return reader, stubber


def test_release_with_its_pipelines(table: tuple[LedgerReader, Stubber]) -> None:
    """A release is its header and its pipelines in the manifest's order, read consistently."""
    ledger, stubber = table
    stubber.add_response(
        "get_item",
        {"Item": stored(HEADER)},
        {
            "TableName": "release-machine-releases",
            "Key": {"release_id": {"S": "5.10"}, "item": {"S": "release"}},
            "ConsistentRead": True,
        },
    )
    stubber.add_response("query", {"Items": [stored(ORDERS), stored(CATALOG)]})
    release = ledger.release("5.10")
    assert release is not None
    assert (release.release_id, release.status, release.closed) == ("5.10", "FAILED", True)
    assert release.opened_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert release.closed_at == datetime(2026, 11, 22, 10, 0, 30, 500_000, tzinfo=UTC)
    assert release.audit == (
        AuditEntry(
            at=datetime(2026, 11, 22, 10, tzinfo=UTC), who="alice", what="opened", after="RUNNING"
        ),
    )
    catalog, orders = release.pipelines
    assert catalog == Pipeline(name="catalog", position=0, status="WAITING", has_task=False)
    assert orders.failure == Failure(stage="Deploy", action="Copy", message="no such bucket")
    assert orders.started_at == datetime(2026, 11, 22, 10, 0, 1, 250_000, tzinfo=UTC)


def test_second_attempt(table: tuple[LedgerReader, Stubber]) -> None:
    """Order, limits, retries, stops and what the attempts before came to are read."""
    ledger, stubber = table
    header = {
        **HEADER,
        "attempt": 2,
        "resumed_at": "2026-11-22T11:00:00.000Z",
        "attempts": [{"attempt": 1, "execution_arn": "arn:1", "status": "FAILED", "why": "bad"}],
        "on_failure": "stop",
        "halted_by": "orders",
        "deadline": "2026-11-22T12:00:00.000Z",
        "max_concurrency": 2,
        "in_flight": {"orders"},
        "abandons": True,
    }
    catalog = {
        **CATALOG,
        "depends_on": ["orders"],
        "attempt": 2,
        "retries": 2,
        "retried": 1,
        "timeout_minutes": 30,
        "token_registered_at": "2026-11-22T11:00:01.000Z",
        "stop_requested_at": "2026-11-22T11:01:00.000Z",
        "stop_reason": "its time limit has passed",
        "attempts": [{"attempt": 1, "status": "FAILED", "failure": {"stage": "S", "message": "m"}}],
    }
    stubber.add_response("get_item", {"Item": stored(header)})
    stubber.add_response(
        "query", {"Items": [stored({**ORDERS, "stop_reason": "of attempt 1"}), stored(catalog)]}
    )
    release = ledger.release("5.10")
    assert release is not None
    assert release.attempts == (
        PastAttempt(number=1, status="FAILED", execution="arn:1", why="bad"),
    )
    assert (release.attempt, release.began_at) == (2, datetime(2026, 11, 22, 11, tzinfo=UTC))
    assert (release.on_failure, release.halted_by, release.abandons) == ("stop", "orders", True)
    assert release.deadline == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert release.max_concurrency == 2
    assert release.in_flight == {"orders"}
    orders, found = release.pipelines
    assert orders.stop_reason is None
    assert found == Pipeline(
        name="catalog",
        position=0,
        status="WAITING",
        depends_on=("orders",),
        attempt=2,
        retries=2,
        retried=1,
        time_limit=timedelta(minutes=30),
        stop_requested_at=datetime(2026, 11, 22, 11, 1, tzinfo=UTC),
        stop_reason="its time limit has passed",
        attempts=(PastAttempt(number=1, status="FAILED", why="S: m"),),
    )


def test_revisions(table: tuple[LedgerReader, Stubber]) -> None:
    """Pins, what really ran and what was good before are read; of variables only the names are."""
    ledger, stubber = table
    commit: dict[str, Any] = {
        "artifact": "app",
        "revision": "3f2a",
        "action": "Source",
        "type": "COMMIT_ID",
        "origin": {"RepositoryName": "shop"},
    }
    good = {
        "release_id": "5.9",
        "execution_id": "1a1a",
        "at": "2026-11-21T10:00:00.000Z",
        "revisions": [commit],
        "variables": {"PASSWORD": "geheim"},
    }
    orders = {
        **ORDERS,
        "revisions": [{"artifact": "app", "revision": "9c9c", "summary": "Fix totals"}],
        "variables": {"PASSWORD": "geheim"},
        "source_revisions": [{"action": "Source", "type": "COMMIT_ID", "revision": "9c9c"}],
        "previous_good": good,
    }
    header = {**HEADER, "rollback_of": "5.9", "rolled_back_by": "5.11"}
    stubber.add_response("get_item", {"Item": stored(header)})
    stubber.add_response("query", {"Items": [stored(orders)]})
    release = ledger.release("5.10")
    assert release is not None
    assert (release.rollback_of, release.rolled_back_by) == ("5.9", "5.11")
    (found,) = release.pipelines
    assert found.revisions == (Revision(artifact="app", revision="9c9c", summary="Fix totals"),)
    assert found.source_revisions == (Pin(action="Source", type="COMMIT_ID", revision="9c9c"),)
    assert found.previous_good == Good(
        release_id="5.9",
        execution_id="1a1a",
        at=datetime(2026, 11, 21, 10, tzinfo=UTC),
        revisions=(Revision(**commit),),
        variables=("PASSWORD",),
    )
    assert "geheim" not in repr(release)


def test_state_changes(table: tuple[LedgerReader, Stubber]) -> None:
    """The state changes of the executions are read on request, also what a first read left out."""
    ledger, stubber = table
    stubber.add_response("get_item", {"Item": stored(HEADER)})
    stubber.add_response("query", {"Items": [stored(ORDERS), stored(CATALOG)]})
    release = ledger.release("5.10")
    assert release is not None
    changes = [
        {"state": "FAILED", "attempt": 1, "at": "2026-11-22T10:00:22.000Z", "source": "event"},
        {"state": "STARTED", "attempt": 1, "at": "2026-11-22T10:00:01.250Z", "source": "look"},
    ]
    wanted = {
        "release-machine-executions": {
            "Keys": [{"execution_id": {"S": "2b3c"}}],
            "ProjectionExpression": "execution_id, changes",
        }
    }
    stubber.add_response(
        "batch_get_item", {"Responses": {}, "UnprocessedKeys": wanted}, {"RequestItems": wanted}
    )
    item = stored({"execution_id": "2b3c", "changes": changes})
    stubber.add_response(
        "batch_get_item",
        {"Responses": {"release-machine-executions": [item]}},
        {"RequestItems": wanted},
    )
    catalog, orders = ledger.with_changes(release).pipelines
    assert catalog.changes == ()
    assert orders.changes == (
        StateChange(
            state="STARTED",
            attempt=1,
            at=datetime(2026, 11, 22, 10, 0, 1, 250_000, tzinfo=UTC),
            source="look",
        ),
        StateChange(
            state="FAILED",
            attempt=1,
            at=datetime(2026, 11, 22, 10, 0, 22, tzinfo=UTC),
            source="event",
        ),
    )


def test_manifest(table: tuple[LedgerReader, Stubber]) -> None:
    """The manifest is its item's text; what was rejected has none."""
    ledger, stubber = table
    stubber.add_response("get_item", {"Item": stored({"manifest": "{}"})})
    assert ledger.manifest("5.10") == "{}"
    stubber.add_response("get_item", {})
    assert ledger.manifest("5.10") is None


def test_pipelines_come_in_pages(table: tuple[LedgerReader, Stubber]) -> None:
    """A release of many pipelines is read to its last page."""
    ledger, stubber = table
    last = {"release_id": {"S": "5.10"}, "item": {"S": "pipeline#catalog"}}
    stubber.add_response("get_item", {"Item": stored(HEADER)})
    stubber.add_response("query", {"Items": [stored(CATALOG)], "LastEvaluatedKey": last})
    stubber.add_response("query", {"Items": [stored(ORDERS)]})
    release = ledger.release("5.10")
    assert release is not None
    assert [pipeline.name for pipeline in release.pipelines] == ["catalog", "orders"]


def test_task_tokens_are_not_read(table: tuple[LedgerReader, Stubber]) -> None:
    """Task tokens and the manifest never leave the table."""
    ledger, stubber = table
    asked: dict[str, Any] = {
        "TableName": ANY,
        "KeyConditionExpression": "release_id = :id AND begins_with(#item, :pipeline)",
        "ExpressionAttributeValues": {":id": {"S": "5.10"}, ":pipeline": {"S": "pipeline#"}},
        "ExpressionAttributeNames": {
            "#item": "item",
            "#pipeline": "pipeline",
            "#position": "position",
            "#status": "status",
            "#depends_on": "depends_on",
            "#attempt": "attempt",
            "#attempts": "attempts",
            "#retries": "retries",
            "#retried": "retried",
            "#timeout_minutes": "timeout_minutes",
            "#token_registered_at": "token_registered_at",
            "#stop_requested_at": "stop_requested_at",
            "#stop_reason": "stop_reason",
            "#execution_id": "execution_id",
            "#started_at": "started_at",
            "#ended_at": "ended_at",
            "#failure": "failure",
            "#revisions": "revisions",
            "#variables": "variables",
            "#source_revisions": "source_revisions",
            "#previous_good": "previous_good",
            "#audit": "audit",
        },
        "ProjectionExpression": (
            "#pipeline, #position, #status, #depends_on, #attempt, #attempts, #retries, #retried, "
            "#timeout_minutes, #token_registered_at, #stop_requested_at, #stop_reason, "
            "#execution_id, #started_at, #ended_at, #failure, #revisions, "
            "#variables, #source_revisions, #previous_good, #audit"
        ),
        "ConsistentRead": True,
    }
    stubber.add_response("get_item", {"Item": stored(HEADER)})
    stubber.add_response("query", {"Items": []}, asked)
    ledger.release("5.10")


def test_unknown_release(table: tuple[LedgerReader, Stubber]) -> None:
    """A release that is not in the ledger is None."""
    ledger, stubber = table
    stubber.add_response("get_item", {})
    assert ledger.release("nothing") is None


def test_release_an_execution_opened(table: tuple[LedgerReader, Stubber]) -> None:
    """The pointer of an execution names its release; an execution that only ended names none."""
    ledger, stubber = table
    pointer = {"release_id": EXECUTION, "item": "execution"}
    stubber.add_response("get_item", {"Item": stored({**pointer, "opens": "5.10"})})
    assert ledger.release_opened_by(EXECUTION) == "5.10"
    stubber.add_response("get_item", {"Item": stored({**pointer, "ended": "ABORTED"})})
    assert ledger.release_opened_by(EXECUTION) is None
    stubber.add_response("get_item", {})
    assert ledger.release_opened_by(EXECUTION) is None


def test_latest_releases(table: tuple[LedgerReader, Stubber]) -> None:
    """The latest releases come from the index by time, newest first."""
    ledger, stubber = table
    rejected = {
        "release_id": EXECUTION,
        "status": "REJECTED",
        "opened_at": "2026-11-22T09:00:00.000Z",
    }
    stubber.add_response(
        "query",
        {"Items": [stored(HEADER), stored(rejected)]},
        {
            "TableName": "release-machine-releases",
            "IndexName": "by_time",
            "KeyConditionExpression": "listing = :listing",
            "ExpressionAttributeValues": {":listing": {"S": "release"}},
            "ScanIndexForward": False,
            "Limit": 2,
        },
    )
    assert [release.label for release in ledger.latest(2)] == ["5.10", "0b2f"]
