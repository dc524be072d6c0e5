"""Reads the ledger: releases, their pipelines and executions, and the locks of pipelines."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from release_core.clock import to_iso
from release_core.domain.execution import Execution
from release_core.domain.holds import Freeze
from release_core.domain.queue import Lock, Waiter
from release_core.domain.release import (
    LockHolder,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.domain.revisions import Good
from release_core.immutable import Immutable
from release_core.ledger.dynamodb import Item, Table
from release_core.ledger.hold_items import read_freezes
from release_core.ledger.items import (
    FREEZES,
    GOOD_ATTRIBUTES,
    HEADER,
    LISTING,
    PENDING,
    PIPELINE_ATTRIBUTES,
    PIPELINE_PREFIX,
    RELEASE_ATTRIBUTES,
    execution_key,
    freezes_key,
    header_key,
    manifest_key,
    notes_key,
    pipeline_key,
    pointer_key,
    read_execution,
    read_good,
    read_header,
    read_lock,
    read_pending,
    read_pipeline,
    read_waiter,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


_RUNS = ("pipeline", "latest_release", "taken_from", "held_for")


class LedgerTables(Immutable):
    """The names of the three tables."""

    releases: str
    executions: str
    pipelines: str


class LedgerReader:
    """Reads the three tables; all reads are consistent, except those of the index by time.

    With ``for_people`` no task token is asked for, and of ``last_good`` only the release.
    """

    def __init__(
        self, client: "DynamoDBClient", tables: LedgerTables, *, for_people: bool = False
    ) -> None:
        of_release, of_pipeline = (
            (RELEASE_ATTRIBUTES, PIPELINE_ATTRIBUTES) if for_people else ((), ())
        )
        self._releases = Table(client, tables.releases, attributes=of_release)
        self._executions = Table(client, tables.executions)
        self._pipelines = Table(client, tables.pipelines, attributes=of_pipeline)
        self._goods = Table(client, tables.pipelines, attributes=GOOD_ATTRIBUTES)
        self._whole_goods = Table(client, tables.pipelines, attributes=("pipeline", "last_good"))
        # Without what last succeeded, which may be large.
        self._runs = Table(client, tables.pipelines, attributes=_RUNS)

    def get_release(self, release_id: str) -> Release | None:
        """The release with all its pipelines, or None when there is no such release."""
        return self._join(list(self._items_of(release_id)))

    def get_pipeline(
        self, release_id: str, pipeline: str, *, known: Execution | None = None
    ) -> Release | None:
        """The release with one of its pipelines and the direct dependencies of that pipeline.

        An execution that is ``known`` is not read again.
        """
        keys = [header_key(release_id), freezes_key(), pipeline_key(release_id, pipeline)]
        items = list(self._releases.get_all(keys))
        before = {name for item in items for name in item.get("depends_on", ())}
        items += self._releases.get_all([pipeline_key(release_id, name) for name in sorted(before)])
        return self._join(items, known=known)

    def get_pipelines(self, wanted: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Pipeline]]:
        """The pipelines with these releases and names, each with its release; no executions."""
        for item in self._releases.get_all([pipeline_key(*each) for each in wanted]):
            yield item["release_id"], self._pipeline_of(item)

    def get_header(self, release_id: str) -> Release | None:
        """The release without its pipelines, or None when there is no such release."""
        return self._join(list(self._releases.get_all([header_key(release_id), freezes_key()])))

    def get_headers(self, release_ids: Iterable[str]) -> dict[str, Release]:
        """The releases with these ids, without their pipelines and freezes, where there are any."""
        found = self._releases.get_all(list(map(header_key, release_ids)))
        return {item["release_id"]: self._release_of(item) for item in found}

    def get_freezes(self) -> tuple[Freeze, ...]:
        """The freezes of the deployment, those that have ended included."""
        found = self._releases.get_all([freezes_key()])
        return next(map(read_freezes, found), ())

    def get_manifest(self, release_id: str) -> dict[str, Any] | None:
        """The manifest of a release as a JSON document, once it is on record."""
        found = self._releases.get_all([manifest_key(release_id)])
        return next((json.loads(item["manifest"]) for item in found), None)

    def get_notes(self, release_id: str) -> str | None:
        """The notes of a release, if it has any."""
        found = self._releases.get_all([notes_key(release_id)])
        return next((item["notes"] for item in found), None)

    def unannounced(self, *, since: datetime) -> Iterator[Release]:
        """The headers of the releases opened since then whose outcome is not announced.

        They include the releases that still run, and rejections that could not be announced.
        """
        for item in self._releases.query(
            "#listing = :listing AND #opened_at > :since",
            {
                "listing": LISTING,
                "since": to_iso(since),
                "rejected": ReleaseStatus.REJECTED.value,
            },
            index="by_time",
            only="attribute_not_exists(#announced_at) "
            "AND (#status <> :rejected OR attribute_exists(#unannounced))",
        ):
            yield self._release_of(item)

    def closed_before(self, moment: datetime) -> Iterator[Release]:
        """The headers of the releases that were closed and announced before then, oldest first.

        They include rejected manifests.
        """
        for item in self._releases.query(
            "#listing = :listing AND #opened_at < :moment",
            {
                "listing": LISTING,
                "moment": to_iso(moment),
                "rejected": ReleaseStatus.REJECTED.value,
            },
            index="by_time",
            only="#closed_at < :moment"
            " AND (attribute_exists(#announced_at) OR #status = :rejected)",
        ):
            yield self._release_of(item)

    def pending(self) -> Iterator[Release]:
        """The releases that wait to be opened, in the order in which they were handed in."""
        for item in self._releases.query(
            "#listing = :listing", {"listing": PENDING}, index="by_time"
        ):
            yield read_pending(item)

    def get_pending(self, execution_arn: str) -> Release | None:
        """The release of this workflow execution, while it waits to be opened."""
        found = self._releases.get_all([pointer_key(execution_arn)])
        return next((read_pending(item) for item in found if item.get("listing") == PENDING), None)

    def get_executions(self, execution_ids: Iterable[str]) -> dict[str, Execution]:
        """The records of these pipeline executions by id, where there are any."""
        keys = map(execution_key, execution_ids)
        found = self._executions.get_all(list(keys))
        return {item["execution_id"]: read_execution(item) for item in found}

    def get_locks(self, pipelines: Sequence[str]) -> dict[str, Lock]:
        """The lock of each pipeline, in the order given, with its holder and its queue."""
        found = {item["pipeline"]: item for item in self._pipeline_items(pipelines)}
        return {name: read_lock(name, found.get(name, {})) for name in pipelines}

    def lock_holders(self, pipelines: Sequence[str]) -> dict[str, LockHolder]:
        """The lock holder of each pipeline that is locked."""
        locks = self.get_locks(pipelines)
        return {name: lock.holder for name, lock in locks.items() if lock.holder}

    def get_waiter(self, execution_arn: str) -> Waiter | None:
        """The places of a workflow execution that waits for pipelines, or None."""
        found = self._releases.get_all([pointer_key(execution_arn)])
        return next(filter(None, map(read_waiter, found)), None)

    def last_good(self, pipelines: Sequence[str]) -> dict[str, Item]:
        """What last succeeded in each pipeline, as recorded, if anything has."""
        found = self._pipeline_items(pipelines)
        return {item["pipeline"]: item["last_good"] for item in found if "last_good" in item}

    def get_goods(
        self, pipelines: Sequence[str], *, with_variables: bool = False
    ) -> dict[str, Good]:
        """What last succeeded in each pipeline in a release, if anything has.

        Without ``with_variables`` no value of a variable is read.
        """
        table = self._whole_goods if with_variables else self._goods
        found = table.get_all([{"pipeline": pipeline} for pipeline in pipelines])
        return {
            item["pipeline"]: read_good(item["last_good"]) for item in found if "last_good" in item
        }

    def runs(self) -> dict[str, list[str]]:
        """The releases that may start each known pipeline now, or have run it last."""
        return {item["pipeline"]: _releases_of(item) for item in self._runs.scan()}

    def nodes_in_releases(
        self,
        covered: Callable[[str], bool],
        *,
        release_id: str | None = None,
        runs: Mapping[str, Sequence[str]] | None = None,
    ) -> list[tuple[str, Pipeline]]:
        """The ``covered`` pipelines in all releases that may start them now, each with its release.

        The ``runs`` are read if they are not given.

        All reads are consistent: a release locks a pipeline before it starts it, and when it frees
        the lock it stays on record as the latest release that ran the pipeline.
        """
        wanted = [
            (each, name)
            for name, releases in (self.runs() if runs is None else runs).items()
            for each in releases
            if covered(name) and release_id in {None, each}
        ]
        return list(self.get_pipelines(wanted))

    def latest_releases(self, pipelines: Sequence[str]) -> dict[str, list[str]]:
        """The releases that may have run each pipeline last, and the release that holds it."""
        return {item["pipeline"]: _releases_of(item) for item in self._pipeline_items(pipelines)}

    def _items_of(
        self, release_id: str, *, first: str = PIPELINE_PREFIX, backwards: bool = False
    ) -> Iterator[Item]:
        """The items from ``first`` on: pipelines, then the header; or the other way round."""
        # The manifest's item may be large; it sorts before these and is left out.
        condition = "#release_id = :release_id AND #item BETWEEN :first AND :last"
        values = {"release_id": release_id, "first": first, "last": HEADER}
        return self._releases.query(condition, values, backwards=backwards)

    def _pipeline_of(self, item: Item, execution: Execution | None = None) -> Pipeline:
        return read_pipeline(item, execution)

    def _release_of(self, item: Item, pipelines: Mapping[str, Pipeline] | None = None) -> Release:
        return read_header(item, pipelines)

    def _pipeline_items(self, pipelines: Sequence[str]) -> Iterator[Item]:
        return self._pipelines.get_all([{"pipeline": pipeline} for pipeline in pipelines])

    def _join(self, items: Sequence[Item], *, known: Execution | None = None) -> Release | None:
        header = next((item for item in items if item["item"] == HEADER), None)
        if header is None:
            return None
        freezes = next((item for item in items if item["item"] == FREEZES), {})
        nodes = [item for item in items if item["item"].startswith(PIPELINE_PREFIX)]
        # Only the next step of a pipeline that has not ended depends on its execution.
        wanted = {
            node[name]
            for node in nodes
            for name in ("execution_id", "stage_rollback")
            if name in node and not PipelineStatus(node["status"]).ended
        }
        executions = {known.execution_id: known} if known else {}
        executions |= self.get_executions(sorted(wanted - executions.keys()))
        pipelines = {
            node["pipeline"]: replace(
                self._pipeline_of(node, executions.get(node.get("execution_id", ""))),
                stage_rollback=executions.get(node.get("stage_rollback", "")),
            )
            for node in nodes
        }
        return replace(self._release_of(header, pipelines), freezes=read_freezes(freezes))


def _releases_of(item: Item) -> list[str]:
    """The releases that may have run a pipeline last, and the one that holds it, by its item."""
    found = (
        item.get("last_good", {}).get("release_id"),
        item.get("latest_release"),
        *sorted(item.get("taken_from", ())),
        item.get("held_for"),
    )
    return [release_id for release_id in found if release_id]
