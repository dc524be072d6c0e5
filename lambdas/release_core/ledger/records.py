"""Reads all records, for an export."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from release_core.clock import to_iso
from release_core.domain.execution import Execution
from release_core.domain.queue import PipelineRecord
from release_core.domain.release import Release
from release_core.ledger.dynamodb import Table
from release_core.ledger.history import HistoryReader
from release_core.ledger.items import (
    LISTING,
    RECORD_ATTRIBUTES,
    read_execution,
    read_pipeline_record,
)
from release_core.ledger.reader import LedgerTables

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_PAGE = 100  # headers in memory at once


class RecordsReader(HistoryReader):
    """Reads all records page by page: no more than one page and one release are in memory."""

    def __init__(self, client: "DynamoDBClient", tables: LedgerTables) -> None:
        super().__init__(client, tables)
        self._records = Table(client, tables.pipelines, attributes=RECORD_ATTRIBUTES)

    def releases(self, *, since: datetime) -> Iterator[Release]:
        """The releases that were opened since then, and rejected manifests, oldest first.

        They have their pipelines. The releases that wait to be opened are not among them.
        """
        for header in self._releases.query(
            "#listing = :listing AND #opened_at >= :since",
            {"listing": LISTING, "since": to_iso(since)},
            index="by_time",
            page=_PAGE,
        ):
            # The index may still have a release that has expired meanwhile.
            if release := self.get_release(header["release_id"]):
                yield release

    def executions(self, *, since: datetime) -> Iterator[Execution]:
        """The executions of pipelines that have changed since then, in any order."""
        for execution in map(read_execution, self._executions.scan()):
            if any(change.at >= since for change in execution.changes):
                yield execution

    def pipelines(self) -> Iterator[PipelineRecord]:
        """What is on record of each pipeline, in any order."""
        yield from map(read_pipeline_record, self._records.scan())
