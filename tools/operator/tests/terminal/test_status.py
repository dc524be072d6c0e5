"""The command status."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from release_machine.release.estate import Estate
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.made_estate import EXECUTION, estate


@dataclass
class FakeReader:
    """A reader that has read an estate."""

    found: Estate
    asked: list[Collection[str]] = field(default_factory=list)

    def pipelines(self, scopes: Collection[str]) -> Estate:
        """The estate."""
        self.asked.append(scopes)
        return self.found


@pytest.fixture
def reader(aws: FakeAws) -> FakeReader:
    """A deployment in which everything could be read."""
    found = estate()
    readable = tuple(each for each in found.pipelines if not each.unread)
    aws.estate = FakeReader(replace(found, pipelines=readable, unread=()))
    return aws.estate  # type: ignore[no-any-return] # as above


def names(told: str) -> list[str]:
    """The names in the rows of the table."""
    return [line.split()[0] for line in told.splitlines()[1:-2] if not line.startswith(" ")]


def test_all_pipelines(reader: FakeReader, run: Run) -> None:
    """Every pipeline has a row, and the last line counts them."""
    result = run("status")
    assert result.exit_code == 0, result.output
    assert names(result.stdout) == [each.name for each in reader.found.pipelines]
    assert result.stdout.splitlines()[-1].startswith("10 pipelines: 3 running, 4 waiting")
    assert reader.asked == [()]


def test_some_pipelines(reader: FakeReader, run: Run) -> None:
    """Names and patterns go to the reader; what can be neither is refused before."""
    assert run("status", "shop-*", "billing").exit_code == 0
    assert reader.asked == [("shop-*", "billing")]
    refused = run("status", "shop orders")
    assert refused.exit_code == 2
    assert "shop orders can match no pipeline" in refused.stderr


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (["failed"], ["shop-payments", "shop-search"]),
        (["HELD"], ["shop-catalog", "shop-mail"]),
        (["failed", "held"], ["shop-catalog", "shop-mail", "shop-payments", "shop-search"]),
    ],
)
def test_only_some_standings(
    reader: FakeReader, run: Run, only: list[str], expected: list[str]
) -> None:
    """A pipeline that stands in one of these ways is shown."""
    told = run("status", *(part for each in only for part in ("--only", each))).stdout
    assert names(told) == expected


def test_nothing_to_show(reader: FakeReader, run: Run) -> None:
    """A deployment without pipelines, and a filter without a result, are told apart."""
    reader.found = replace(reader.found, pipelines=())
    assert run("status").stdout == "no pipeline yet\n"
    next_step = "leave one out, or see all with: release-machine status"
    told = run("status", "x-*", "--only", "failed").stdout
    assert told == f"no pipeline with 'x-*' --only failed; {next_step}\n"
    assert json.loads(run("status", "--json").stdout)["pipelines"] == []


def test_what_could_not_be_read(aws: FakeAws, run: Run) -> None:
    """A pipeline that could not be read is shown whatever is asked for, and is exit code 3."""
    aws.estate = FakeReader(estate())
    result = run("status", "--only", "failed")
    assert result.exit_code == 3
    assert names(result.stdout) == ["mail", "shop-payments", "shop-search"]
    assert "ListPipelines was refused (AccessDenied): pipelines may be missing." in result.stderr
    assert "1 pipeline could not be read: mail (ListPipelineExecutions was refused" in result.stderr


def test_what_could_not_be_listed(reader: FakeReader, run: Run) -> None:
    """That some pipelines may be missing is said, and all that is shown was read."""
    reader.found = replace(reader.found, unread=("ListPipelines was refused.",))
    result = run("status")
    assert (result.exit_code, result.stderr) == (0, "ListPipelines was refused.\n")


def test_a_name_that_no_pipeline_has(reader: FakeReader, run: Run) -> None:
    """It is wrong usage, with the name that was probably meant."""
    reader.found = replace(reader.found, unknown={"shop-order": "shop-orders", "x": None})
    result = run("status", "shop-order", "x")
    assert result.exit_code == 2
    assert "no such pipeline: shop-order (did you mean shop-orders?), x." in result.stderr


def test_json(aws: FakeAws, run: Run) -> None:
    """All that is known of each pipeline has a key."""
    aws.estate = FakeReader(estate())
    result = run("status", "--json")
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert [*told] == ["at", "pipelines", "unread"]
    shown: dict[str, Any] = {each["name"]: each for each in told["pipelines"]}
    keys = "name exists standings live release otherRuns queue held failed unread"
    assert {" ".join(each) for each in shown.values()} == {keys}
    orders, payments, mail = (shown[f"shop-{each}"] for each in ("orders", "payments", "mail"))
    assert orders["release"] == {
        "releaseId": "2026.11.22-3",
        "title": "Prices with tax",
        "kind": "hotfix",
        "status": "RUNNING",
        "executionId": EXECUTION,
        "startedAt": "2026-11-22T10:05:52.000Z",
    }
    assert [each["releaseId"] for each in orders["queue"]][:2] == ["2026.11.22-4", "2026.11.22-5"]
    assert orders["live"]["releaseId"] == "2026.11.21-1"
    assert payments["failed"]["failure"]["action"] == "Migrate"
    assert [each["kind"] for each in mail["held"]] == ["calendar", "notBefore"]
    (undone,) = shown["shop-catalog"]["live"]["rolledBack"]
    assert undone["by"] == "2026.11.21-2-rollback"
    (other,) = shown["shop-suggest"]["otherRuns"]
    assert (other["releaseId"], other["stops"]) == (None, False)
    assert shown["legacy"]["exists"] is False
    assert shown["mail"]["unread"] == "ListPipelineExecutions was refused (AccessDenied)"
