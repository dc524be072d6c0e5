"""A ledger in memory, with its tables as Terraform makes them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from release_core.items import from_attributes
from release_core.ledger import Ledger, LedgerTables
from release_core.manifest import Manifest
from release_core.model import Pipeline
from release_core.opening_ledger import Opening, OpeningLedger
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
RETENTION = timedelta(days=400)


def make_tables(dynamodb: FakeDynamoDB) -> None:
    """Create the three tables of the ledger."""
    for table, keys in KEYS.items():
        indexes = INDEXES.get(table, [])
        indexed = [key["AttributeName"] for index in indexes for key in index["KeySchema"]]
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in (*keys, *indexed)
            ],
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
        )


@dataclass
class LedgerWorld:
    """The tables, the clock and both sides of the ledger."""

    dynamodb: FakeDynamoDB = field(default_factory=FakeDynamoDB)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        """Make the tables, and the ledger on them."""
        make_tables(self.dynamodb)
        client: Any = self.dynamodb  # shaped as boto3's
        self.client = client
        self.ledger = self.ledger_of("run-pipeline")
        self.opening_ledger = OpeningLedger(
            self.client, "releases", clock=self.clock, who="open-release"
        )

    def ledger_of(self, function: str) -> Ledger:
        """The ledger as one function writes it."""
        tables = LedgerTables(
            releases="releases", executions="executions", pipelines="pipelines", retention=RETENTION
        )
        return Ledger(self.client, tables, clock=self.clock, who=function)

    def open(self, release_id: str = "r", *pipelines: str) -> Opening:
        """Open a release of these pipelines, or of ``orders`` alone."""
        opening = an_opening(release_id, *pipelines)
        assert self.opening_ledger.claim(opening) is None
        self.opening_ledger.put_pipelines(opening, {})
        return opening

    def pipeline(self, name: str = "orders", release_id: str = "r") -> Pipeline:
        """A pipeline of a release, as the ledger has it now."""
        release = self.ledger.read_pipeline(release_id, name)
        assert release
        return release.pipelines[name]

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
    """What opens a release of these pipelines, or of ``orders`` alone."""
    names = list(pipelines or ("orders",))
    return Opening(
        manifest=Manifest.model_validate({"releaseId": release_id, "pipelines": names, **more}),
        execution_arn=execution_arn or f"arn:execution:{release_id}",
        channel="direct",
        requester="release manager",
        source=None,
    )
