"""Reads releases for people: with their history, without task tokens and values of variables."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from release_core.domain.execution import Execution
from release_core.domain.order import in_order
from release_core.domain.present_attempt import in_present_attempt
from release_core.domain.release import Pipeline, Release
from release_core.ledger.dynamodb import Item
from release_core.ledger.items import (
    LISTING,
    header_for_people,
    pipeline_for_people,
    pointer_key,
    read_pending,
)
from release_core.ledger.reader import LedgerReader, LedgerTables

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_PAGE = 100  # headers read at once while releases of some statuses are searched


class HistoryReader(LedgerReader):
    """Reads releases with their history; of variables only the names leave it."""

    def __init__(self, client: "DynamoDBClient", tables: LedgerTables) -> None:
        super().__init__(client, tables, for_people=True)

    def get_release(self, release_id: str) -> Release | None:
        """The release with its pipelines in the order in which they run, without executions.

        A rejected manifest is found by the ARN of its workflow execution.
        """
        # The header is read first: once it is closed, the pipelines read after it are final, too.
        items = self._items_of(release_id, backwards=True)
        header = next(items, None)
        if header is None:
            return None
        pipelines = in_order(map(self._pipeline_of, items))
        return in_present_attempt(self._release_of(header, pipelines))

    def with_executions(self, release: Release) -> Release:
        """The release with the execution of each pipeline, where it is still on record."""
        ids = [each.execution_id for each in release.pipelines.values() if each.execution_id]
        found = self.get_executions(ids)
        pipelines = {
            name: replace(each, execution=found.get(each.execution_id or ""))
            for name, each in release.pipelines.items()
        }
        return replace(release, pipelines=pipelines)

    def latest(self, limit: int, *, statuses: Collection[str] = ()) -> list[Release]:
        """The latest releases, newest first, without pipelines; of these statuses, if any.

        They include the releases that wait to be opened.
        """
        # These first: a release that is opened meanwhile is then found twice, and not missed.
        waiting = [each for each in self.pending() if not statuses or each.status in statuses]
        items = self._releases.query(
            "#listing = :listing",
            {"listing": LISTING},
            index="by_time",
            backwards=True,
            page=_PAGE if statuses else limit,
        )
        found = (item for item in items if not statuses or item["status"] in statuses)
        releases = [self._release_of(item) for item in islice(found, limit)]
        opened = {each.execution_arn for each in releases}
        releases += [each for each in waiting if each.execution_arn not in opened]
        return sorted(releases, key=lambda each: each.opened_at, reverse=True)[:limit]

    def pending_of(self, execution_arn: str) -> Release | None:
        """The release of a workflow execution while it waits to be opened, or None."""
        found = self._releases.get_all([pointer_key(execution_arn)])
        return next((read_pending(item) for item in found if "listing" in item), None)

    def release_opened_by(self, execution_arn: str) -> str | None:
        """The id of the release that a workflow execution opens, once it has claimed the id."""
        found = self._releases.get_all([pointer_key(execution_arn)])
        return next((item["opens"] for item in found if "opens" in item), None)

    def _pipeline_of(self, item: Item, execution: Execution | None = None) -> Pipeline:
        return pipeline_for_people(super()._pipeline_of(item, execution), item)

    def _release_of(self, item: Item, pipelines: Mapping[str, Pipeline] | None = None) -> Release:
        return header_for_people(super()._release_of(item, pipelines), item)
