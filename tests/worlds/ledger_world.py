"""A ledger in memory, with the same tables as Terraform creates."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from release_core.domain.holds import Hold
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.ledger.dynamodb import from_attributes
from release_core.ledger.ledger import Ledger
from release_core.ledger.opening_items import Opening
from release_core.ledger.reader import LedgerTables
from release_core.manifest.model import Manifest
from tests.fakes.clock import FakeClock
from tests.fakes.dynamodb.client import FakeDynamoDB

KEYS = {
    "releases": ("release_id", "item"),
    "executions": ("execution_id",),
    "pipelines": ("pipeline",),
}
INDEXES: dict[str, list[dict[str, Any]]] = {
    "releases": [
        {
            "IndexName": "by_time",
            "KeySchema": [
                {"AttributeName": "listing", "KeyType": "HASH"},
                {"AttributeName": "opened_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ]
}
TABLES = LedgerTables(releases="releases", executions="executions", pipelines="pipelines")
RETENTION = timedelta(days=400)


def table_definition(table: str) -> dict[str, Any]:
    """The parameters of CreateTable for a table of the ledger."""
    keys, indexes = KEYS[table], INDEXES.get(table, [])
    indexed = [key["AttributeName"] for index in indexes for key in index["KeySchema"]]
    return {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": key, "AttributeType": "S"} for key in (*keys, *indexed)
        ],
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        "KeySchema": [
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    }


def make_tables(dynamodb: FakeDynamoDB) -> None:
    """Create the three tables of the ledger."""
    for table in KEYS:
        dynamodb.create_table(**table_definition(table))


@dataclass
class LedgerWorld:
    """The tables, the clock and the ledgers of two functions."""

    dynamodb: FakeDynamoDB = field(default_factory=FakeDynamoDB)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        """Create the tables and the ledgers."""
        make_tables(self.dynamodb)
        client: Any = self.dynamodb  # shaped as boto3's
        self.client = client
        self.ledger = self.ledger_of("run-pipeline")
        self.opener_ledger = self.ledger_of("open-release")

    def ledger_of(self, function: str) -> Ledger:
        """The ledger as one function uses it."""
        return Ledger(self.client, TABLES, clock=self.clock, who=function, retention=RETENTION)

    def open(self, release_id: str = "r", *pipelines: str) -> Opening:
        """Open a release of these pipelines, by default of ``orders``."""
        opening = an_opening(release_id, *pipelines)
        assert self.opener_ledger.openings.claim(opening) is None
        self.opener_ledger.openings.put_pipelines(opening, {})
        return opening

    def release(self, release_id: str = "r") -> Release:
        """The release in the ledger."""
        release = self.ledger.get_release(release_id)
        assert release
        return release

    def pipeline(self, name: str = "orders", release_id: str = "r") -> Pipeline:
        """A pipeline of a release, as the ledger has it now."""
        release = self.ledger.get_pipeline(release_id, name)
        assert release
        return release.pipelines[name]

    def held(self, name: str = "orders") -> Hold:
        """Why a pipeline is held; fails if it is not."""
        pipeline = self.pipeline(name)
        assert pipeline.status is PipelineStatus.WAITING
        assert pipeline.held
        return pipeline.held

    def holders(self) -> dict[str, str]:
        """The pipelines that are held, each with the release that holds it."""
        return {
            each["pipeline"]: each["held_for"]
            for each in self.items("pipelines")
            if "held_for" in each
        }

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table, as plain values."""
        return [from_attributes(item) for item in self.dynamodb.items(table)]

    def item(self, item: str, release_id: str = "r") -> dict[str, Any]:
        """One item of the releases table."""
        (found,) = [
            each
            for each in self.items("releases")
            if (each["release_id"], each["item"]) == (release_id, item)
        ]
        return found


def an_opening(
    release_id: str = "r", *pipelines: str, execution_arn: str | None = None, **more: Any
) -> Opening:
    """The opening of a release of these pipelines, by default of ``orders``."""
    names = list(pipelines or ("orders",))
    return Opening(
        manifest=Manifest.model_validate({"releaseId": release_id, "pipelines": names, **more}),
        execution_arn=execution_arn or f"arn:execution:{release_id}",
        came_at=FakeClock()(),
        channel="direct",
        requester="release manager",
        source=None,
    )
