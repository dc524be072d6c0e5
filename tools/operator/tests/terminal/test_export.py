"""The export: every record once, no secret, and clear when it is not complete."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from release_core.domain.execution import Change, ExecutionState
from release_core.domain.holds import Freeze
from release_core.domain.release import ReleaseStatus
from release_core.domain.revisions import Revision, Shipped
from release_core.ledger.records import RecordsReader
from tests.worlds.ledger_world import TABLES, LedgerWorld, an_opening
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws

SECRETS = ("geheim", "a-task-token")


@pytest.fixture
def world(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> LedgerWorld:
    """A ledger with a record of each kind, which holds a task token and a value of a variable."""
    world = LedgerWorld()
    shipped = Shipped(
        revisions=(Revision(artifact="app", revision="3f2a"),), variables={"KEY": "geheim"}
    )
    for release_id in ("1", "2"):
        variables = {"name": "orders", "variables": {"KEY": "geheim"}}
        opening = an_opening(release_id, pipelines=[variables])
        assert world.opener_ledger.openings.claim(opening) is None
        world.opener_ledger.openings.put_pipelines(opening, world.ledger.last_good(["orders"]))
        world.ledger.pipelines.register_token(
            release_id, "orders", "a-task-token", looks_at=world.clock()
        )
        world.ledger.locks.take(world.ledger.get_locks(["orders"])["orders"], opening.place)
        world.ledger.executions.claim(
            f"execution-{release_id}",
            release_id=release_id,
            pipeline=world.pipeline("orders", release_id),
        )
        change = Change(state=ExecutionState.SUCCEEDED, attempt=1, at=world.clock(), source="event")
        world.ledger.executions.record_change(f"execution-{release_id}", "orders", change)
        world.ledger.locks.record_last_good(
            release_id, world.pipeline("orders", release_id), shipped
        )
        world.clock.advance(timedelta(days=1))
    world.ledger.openings.reject("arn:execution:no", "no", channel="direct", requester=None)
    world.ledger.locks.enqueue(["orders"], an_opening("3", execution_arn="arn:execution:3"))
    world.ledger.locks.register_waiter("arn:execution:3", "a-task-token")
    at = world.clock()
    freeze = Freeze(scope="*", until=at + timedelta(days=1), reason="sale", by="arn:bob", at=at)
    world.ledger.freezes.put(freeze)
    aws.records = RecordsReader(world.client, TABLES)
    return world


def records(text: str) -> list[dict[str, Any]]:
    """The lines of an export, each of which is one JSON object."""
    return [json.loads(line) for line in text.splitlines()]


def test_every_record_is_one_line(world: LedgerWorld, run: Run) -> None:
    """Releases, executions, pipelines and freezes, and the counts at the end."""
    result = run("export")
    assert result.exit_code == 0, result.output
    first, *lines, last = records(result.stdout)
    assert (first["record"], first["schemaVersion"]) == ("export", "1")
    named = [
        (each["record"], each.get("releaseId") or each.get("name") or each.get("scope"))
        for each in lines
    ]
    assert named == [
        *(("release", each) for each in ("1", "2", "arn:execution:no", "3")),
        *(("execution", each) for each in ("1", "2")),
        ("pipeline", "orders"),
        ("freeze", "*"),
    ]
    assert last == {
        "record": "end",
        "releases": 4,
        "executions": 2,
        "pipelines": 1,
        "freezes": 1,
    }


def test_a_release_has_its_pipelines_and_audit(world: LedgerWorld, run: Run) -> None:
    """Each change is on record with who made it; a pipeline names what was live before."""
    second = next(each for each in records(run("export").stdout) if each.get("releaseId") == "2")
    (orders,) = second["pipelines"]
    assert orders["previousGood"]["releaseId"] == "1"
    assert orders["variables"] == ["KEY"]
    assert second["audit"][0]["what"] == "opened through direct"


def test_a_pipeline_says_what_is_live(world: LedgerWorld, run: Run) -> None:
    """What last succeeded, who holds the pipeline, and who waits for it."""
    found = next(each for each in records(run("export").stdout) if each["record"] == "pipeline")
    assert found["lastGood"]["releaseId"] == "2"
    assert found["lastGood"]["revisions"][0]["revision"] == "3f2a"
    assert found["heldBy"]["releaseId"] == "2"
    assert [each["releaseId"] for each in found["queue"]] == ["3"]


def test_no_token_and_no_value_is_exported(world: LedgerWorld, run: Run) -> None:
    """The tables hold both; no line does."""
    stored = json.dumps([world.items(table) for table in vars(TABLES)], default=str)
    assert all(secret in stored for secret in SECRETS)
    assert not any(secret in run("export").stdout for secret in SECRETS)


def test_only_what_is_new(world: LedgerWorld, run: Run) -> None:
    """What was opened or has changed since then; pipelines and freezes are as they are now."""
    since = (world.clock() - timedelta(hours=25)).isoformat()
    *_, last = lines = records(run("export", "--since", since).stdout)
    assert [each["releaseId"] for each in lines if each["record"] == "execution"] == ["2"]
    assert [last["releases"], last["executions"], last["pipelines"]] == [3, 1, 1]


def test_a_file_gets_its_name_at_the_end(world: LedgerWorld, run: Run, tmp_path: Path) -> None:
    """A file with that name is complete."""
    result = run("export", "--output", "all.jsonl")
    assert (result.exit_code, result.stdout) == (0, "wrote all.jsonl\n")
    assert records((tmp_path / "all.jsonl").read_text())[-1]["record"] == "end"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.jsonl", "manifest.json"]


def test_an_interrupted_export_has_no_name(
    world: LedgerWorld, aws: FakeAws, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS is gone in the middle: what was written is in FILE.part, without a last line."""
    whole = aws.records.executions

    def gone(**asked: Any) -> Iterator[Any]:
        yield next(whole(**asked))
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(aws.records, "executions", gone)
    result = run("export", "--output", "all.jsonl")
    assert result.exit_code == 3
    assert not (tmp_path / "all.jsonl").exists()
    assert records((tmp_path / "all.jsonl.part").read_text())[-1]["record"] == "execution"


@pytest.mark.parametrize("since", ["yesterday", "2026-11-22T18:00:00"])
def test_a_time_without_zone_is_wrong_usage(world: LedgerWorld, run: Run, since: str) -> None:
    """The error shows how to write it."""
    result = run("export", "--since", since)
    assert result.exit_code == 2
    assert "2026-11-22T18:00:00Z" in result.output


def test_a_folder_that_does_not_exist_is_wrong_usage(world: LedgerWorld, run: Run) -> None:
    """Nothing is read before that is known."""
    result = run("export", "--output", "no/such/folder.jsonl")
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_memory_does_not_grow_with_the_releases(world: LedgerWorld) -> None:
    """A release is read when it is asked for, and not all of them before the first one."""
    found = RecordsReader(world.client, TABLES).releases(since=world.clock() - timedelta(days=9))
    assert next(found).release_id == "1"
    world.ledger.headers.close("2", ReleaseStatus.FAILED, why="no", execution_arn="arn:execution:2")
    assert next(found).status is ReleaseStatus.FAILED
