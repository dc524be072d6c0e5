"""Reads releases for people: with their history, without task tokens and values of variables."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from release_core.clock import to_iso
from release_core.domain.execution import Execution
from release_core.domain.order import in_order
from release_core.domain.present_attempt import in_present_attempt
from release_core.domain.queue import PipelineUse
from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.immutable import Immutable
from release_core.ledger.dynamodb import BATCH_GET_LIMIT, Item
from release_core.ledger.items import (
    LISTING,
    NOTES,
    header_for_people,
    pipeline_for_people,
    pipeline_key,
    pointer_key,
    read_pending,
    read_use,
)
from release_core.ledger.reader import LedgerReader, LedgerTables

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_PAGE = 100  # headers read at once while releases are searched
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def _waits_for(pending: Release) -> Collection[str]:
    return pending.waits_for


class Search(Immutable):
    """Which releases are wanted: those that meet everything that is given.

    They were opened, or handed in if they wait to be opened, at ``since`` or later and not after
    ``until``. ``fits`` is asked about a header. With ``pipelines`` they have one of these, of which
    ``pipelines_of`` names those of a release that waits.
    """

    statuses: Collection[str] = ()
    since: datetime = _FIRST
    until: datetime = _LAST
    fits: Callable[[Release], bool] | None = None
    pipelines: Collection[str] = ()
    pipelines_of: Callable[[Release], Collection[str]] = _waits_for

    @property
    def filters(self) -> bool:
        """Whether not every header in the span of time is wanted."""
        return bool(self.statuses or self.fits or self.pipelines)

    def includes(self, header: Release) -> bool:
        """Whether the header of a release in the span of time is wanted."""
        of_status = not self.statuses or header.status in self.statuses
        return of_status and (self.fits is None or self.fits(header))

    def includes_pending(self, pending: Release) -> bool:
        """Whether a release is wanted that waits to be opened."""
        if not self.since <= pending.opened_at <= self.until or not self.includes(pending):
            return False
        return not self.pipelines or not set(self.pipelines).isdisjoint(self.pipelines_of(pending))


class HistoryReader(LedgerReader):
    """Reads releases with their history; of variables only the names leave it."""

    def __init__(self, client: "DynamoDBClient", tables: LedgerTables) -> None:
        super().__init__(client, tables, for_people=True)

    def get_release(self, release_id: str) -> Release | None:
        """The release with its pipelines in the order in which they run, without executions.

        A rejected manifest is found by the ARN of its workflow execution.
        """
        # The header is read first: once it is closed, the pipelines read after it are final, too.
        items = self._items_of(release_id, first=NOTES, backwards=True)
        header = next(items, None)
        if header is None:
            return None
        nodes = {item["item"]: item for item in items}
        notes = nodes.pop(NOTES, {})
        pipelines = in_order(map(self._pipeline_of, nodes.values()))
        release = self._release_of({**notes, **header}, pipelines)
        return in_present_attempt(release)

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
        return self.search(Search(statuses=statuses), limit)

    def open_headers(self) -> Iterator[list[Release]]:
        """The headers of all open releases, however old, in the order of their opening.

        Each list is what one call found in 1 MB of headers, most of which are closed: it may be
        empty. A retry keeps the time at which its release was opened, so it may be anywhere.
        """
        pages = self._releases.query_pages(
            "#listing = :listing",
            {"listing": LISTING, "running": ReleaseStatus.RUNNING.value},
            index="by_time",
            only="#status = :running",
        )
        for page in pages:
            yield [self._release_of(item) for item in page]

    def search(self, wanted: Search, limit: int) -> list[Release]:
        """The latest releases that are wanted, newest first, with the wanted pipelines alone.

        They include the releases that wait to be opened, which have no pipelines.
        """
        # These first: a release that is opened meanwhile is then found twice, and not missed.
        waiting = [each for each in self.pending() if wanted.includes_pending(each)]
        releases = list(islice(self._found(wanted, limit), limit))
        opened = {each.execution_arn for each in releases}
        releases += [each for each in waiting if each.execution_arn not in opened]
        return sorted(releases, key=lambda each: each.opened_at, reverse=True)[:limit]

    def _found(self, wanted: Search, limit: int) -> Iterator[Release]:
        """The opened releases, and rejected manifests, that are wanted, newest first."""
        items = self._releases.query(
            "#listing = :listing AND #opened_at BETWEEN :since AND :until",
            {
                "listing": LISTING,
                "since": to_iso(wanted.since),
                "until": to_iso(wanted.until),
            },
            index="by_time",
            backwards=True,
            page=_PAGE if wanted.filters else limit,
        )
        headers = filter(wanted.includes, map(self._release_of, items))
        if not wanted.pipelines:
            return headers
        return self._with_any(headers, wanted.pipelines)

    def _with_any(self, headers: Iterator[Release], names: Collection[str]) -> Iterator[Release]:
        """Those of the releases that have any of the pipelines, with these pipelines."""
        # One call reads so many keys, and a call for each release would take long.
        at_once = max(1, BATCH_GET_LIMIT // len(names))
        while some := list(islice(headers, at_once)):
            keys = [pipeline_key(each.release_id, name) for each in some for name in names]
            found: dict[str, list[Pipeline]] = {}
            for item in self._releases.get_all(keys):
                found.setdefault(item["release_id"], []).append(self._pipeline_of(item))
            for each in some:
                if each.release_id in found:
                    yield replace(each, pipelines=in_order(found[each.release_id]))

    def uses(self) -> Iterator[PipelineUse]:
        """Who uses each pipeline on record, in any order."""
        yield from map(read_use, self._pipelines.scan())

    def get_uses(self, pipelines: Sequence[str]) -> list[PipelineUse]:
        """Who uses each of these pipelines, on record or not, in the order given."""
        found = {item["pipeline"]: item for item in self._pipeline_items(pipelines)}
        return [read_use(found.get(name, {"pipeline": name})) for name in pipelines]

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
