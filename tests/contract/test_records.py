"""Items of the ledger are read in both directions: from older builds, and from newer ones."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from release_core.ledger.dynamodb import to_attributes
from release_core.ledger.ledger import Ledger
from release_core.ledger.records import RecordsReader
from release_machine.views.export_lines import export_lines
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb.client import FakeDynamoDB
from tests.worlds.ledger_world import RETENTION, TABLES, make_tables

# Items that a build has written, and what it read from them. Each build reads them in the same way
# for ever: the files are never changed. They are from the platform, where values of variables were
# replaced, or, if their name ends in -ledger, from the ledger over the fake DynamoDB.
FOLDER = Path(__file__).parents[1] / "records"
FILES = sorted(FOLDER.glob("*.jsonl"))
every_file = pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)

# Maps whose keys are names that users or AWS chose.
_CHOSEN = {"variables", "resolved_variables", "origin", "restores", "stages"}
# The attributes that are maps, or lists of maps, and that a reader makes values of.
_MAPS = {
    *("approval", "approvals", "votes", "freezes", "held", "override", "dropped"),
    *("failure", "retry", "attempts", "audit", "changes", "last_good", "previous_good"),
    *("revisions", "source_revisions", "skippable", "skipped_stages"),
}
_NEW = {"a_newer_build": "has added this"}


def lines_of(file: Path, kind: str) -> list[dict[str, Any]]:
    """The lines of one kind: ``item`` or ``read``."""
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [line for line in lines if line["line"] == kind]


def stored(items: list[dict[str, Any]]) -> Any:
    """DynamoDB with these items."""
    dynamodb = FakeDynamoDB()
    make_tables(dynamodb)
    for each in items:
        dynamodb.put_item(TableName=each["table"], Item=each["item"])
    return dynamodb


def read(client: Any) -> list[dict[str, Any]]:
    """All that is read for people, as an export has it, without its first and its last line."""
    at = FakeClock()()
    since = at.replace(year=1970)
    reader = RecordsReader(client, TABLES)
    lines = list(export_lines(reader, deployment="d", since=since, at=at))[1:-1]
    found = [json.loads(line) for line in lines]
    return sorted(found, key=_name)


def _name(record: Mapping[str, Any]) -> list[str]:
    named = {"release": "releaseId", "execution": "executionId", "pipeline": "name"}
    kind = record["record"]
    return [kind, record[named.get(kind, "scope")]]


def missing(before: object, now: object, place: str = "") -> Iterator[str]:
    """What an earlier build read and this one does not, or reads as something else."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key, value in before.items():
            if key in now:
                yield from missing(value, now[key], f"{place}.{key}")
            else:
                yield f"{place}.{key} is missing"
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, pair in enumerate(zip(before, now, strict=True)):
            yield from missing(*pair, f"{place}[{number}]")
    elif before != now:
        yield f"{place} is {now!r} instead of {before!r}"


def without_early_ends(read: Any) -> Any:
    """What an older build read, with no end before its begin: newer builds correct these."""
    if isinstance(read, list):
        return [without_early_ends(each) for each in read]
    if not isinstance(read, Mapping):
        return read
    known = {key: without_early_ends(value) for key, value in read.items()}
    if known.get("startedAt") and known.get("endedAt"):
        known["endedAt"] = max(known["startedAt"], known["endedAt"])
    return known


def with_additions(value: Any, name: str = "") -> Any:
    """An attribute of an item with one more key in each of its maps."""
    if "M" in value:
        known = {key: with_additions(each, key) for key, each in value["M"].items()}
        return {"M": known if name in _CHOSEN else known | to_attributes(_NEW)}
    if "L" in value:
        return {"L": [with_additions(each, name) for each in value["L"]]}
    return value


def maps_in(value: Any, name: str) -> Iterator[str]:
    """The names of the maps in an attribute of an item; those in a list have its name."""
    if "M" in value:
        yield name
        for key, each in value["M"].items():
            yield from maps_in(each, key)
    for each in value.get("L", ()):
        yield from maps_in(each, name)


def internals(client: Any) -> list[Any]:
    """What the functions read: each release with its pipelines, executions and tokens."""
    ledger = Ledger(client, TABLES, clock=FakeClock(), who="test", retention=RETENTION)
    ids = sorted({each["release_id"]["S"] for each in client.items("releases")})
    names = sorted({each["pipeline"]["S"] for each in client.items("pipelines")})
    return [
        *(ledger.get_release(each) for each in ids),
        *(ledger.get_waiter(each) for each in ids),
        ledger.get_locks(names),
        ledger.latest_releases(names),
        ledger.get_freezes(),
    ]


def test_there_are_records() -> None:
    """They hold each status that a release can have, and people who answered."""
    found = [each["read"] for file in FILES for each in lines_of(file, "read")]
    statuses = {each["status"] for each in found if "status" in each}
    assert {"SUCCEEDED", "FAILED", "REJECTED", "RUNNING"} <= statuses


def test_the_records_have_every_map() -> None:
    """Otherwise no test would read what a newer build adds to it."""
    items = [each["item"] for file in FILES for each in lines_of(file, "item")]
    found = {
        kind for item in items for name, value in item.items() for kind in maps_in(value, name)
    }
    assert found - _CHOSEN == _MAPS


@every_file
def test_this_build_reads_what_an_older_one_wrote(file: Path) -> None:
    """Every key has the value that the older build read; this build may only have more keys."""
    now = read(stored(lines_of(file, "item")))
    before = [without_early_ends(each["read"]) for each in lines_of(file, "read")]
    assert list(missing(before, now)) == []


@every_file
def test_this_build_reads_what_a_newer_one_will_write(file: Path) -> None:
    """Attributes and keys that it does not know change nothing."""
    items = lines_of(file, "item")
    newer = [
        {
            **each,
            "item": {name: with_additions(value, name) for name, value in each["item"].items()}
            | to_attributes(_NEW),
        }
        for each in items
    ]
    assert read(stored(newer)) == read(stored(items))
    assert internals(stored(newer)) == internals(stored(items))
