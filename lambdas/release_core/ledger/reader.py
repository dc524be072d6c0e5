"""Reads of the ledger: releases, their pipelines and executions, and who holds which pipeline."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from release_core.clock import to_iso
from release_core.domain.release import (
    Execution,
    LockHolder,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.ledger.dynamodb import Item, Table
from release_core.ledger.items import (
    HEADER,
    LISTING,
    PIPELINE_PREFIX,
    execution_key,
    header_key,
    lock_holder,
    manifest_key,
    pipeline_key,
    read_execution,
    read_header,
    read_pipeline,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, kw_only=True)
class LedgerTables:
    """The names of the three tables."""

    releases: str
    executions: str
    pipelines: str


class LedgerReader:
    """Reads the three tables; every read is consistent but those of the index by time."""

    def __init__(self, client: "DynamoDBClient", tables: LedgerTables) -> None:
        self._releases = Table(client, tables.releases)
        self._executions = Table(client, tables.executions)
        self._pipelines = Table(client, tables.pipelines)

    def get_release(self, release_id: str) -> Release | None:
        """The release with all its pipelines, or None when there is no such release."""
        # The manifest's item may be large; it sorts before "pipeline#" and is left out.
        condition = "#release_id = :release_id AND #item BETWEEN :first AND :last"
        values = {"release_id": release_id, "first": PIPELINE_PREFIX, "last": HEADER}
        return self._join(list(self._releases.query(condition, values)))

    def get_pipeline(self, release_id: str, pipeline: str) -> Release | None:
        """The release with only one of its pipelines, and those that it depends on."""
        keys = [header_key(release_id), pipeline_key(release_id, pipeline)]
        items = list(self._releases.get_all(keys))
        before = {name for item in items for name in item.get("depends_on", ())}
        items += self._releases.get_all([pipeline_key(release_id, name) for name in sorted(before)])
        return self._join(items)

    def get_pipelines(self, wanted: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Pipeline]]:
        """Pipelines, given by release and name, each with its release, without their executions."""
        keys = dict.fromkeys(wanted)
        for item in self._releases.get_all([pipeline_key(*each) for each in keys]):
            yield item["release_id"], read_pipeline(item)

    def get_header(self, release_id: str) -> Release | None:
        """The header of a release, without its pipelines, if there is such a release."""
        return next(map(read_header, self._releases.get_all([header_key(release_id)])), None)

    def get_manifest(self, release_id: str) -> dict[str, Any] | None:
        """The document of the manifest that a release was opened with, once it is on record."""
        found = self._releases.get_all([manifest_key(release_id)])
        return next((json.loads(item["manifest"]) for item in found), None)

    def unannounced(self, *, since: datetime) -> Iterator[Release]:
        """The headers of releases opened since then whose outcome was not announced.

        Those that run are among them.
        """
        for item in self._releases.query(
            "#listing = :listing AND #opened_at > :since",
            {
                "listing": LISTING,
                "since": to_iso(since),
                "rejected": ReleaseStatus.REJECTED.value,
            },
            index="by_time",
            only="attribute_not_exists(#announced_at) AND #status <> :rejected",
        ):
            yield read_header(item)

    def get_executions(self, execution_ids: Iterable[str]) -> dict[str, Execution]:
        """The records of these pipeline executions by their ids, as far as there are any."""
        keys = map(execution_key, execution_ids)
        found = self._executions.get_all(list(keys))
        return {item["execution_id"]: read_execution(item) for item in found}

    def lock_holders(self, pipelines: Sequence[str]) -> dict[str, LockHolder]:
        """The holder of each of the pipelines that is locked."""
        found = self._pipeline_items(pipelines)
        return {item["pipeline"]: lock_holder(item) for item in found if "held_by" in item}

    def last_good(self, pipelines: Sequence[str]) -> dict[str, Item]:
        """What last succeeded in each of the pipelines, as it is recorded, if anything has."""
        found = self._pipeline_items(pipelines)
        return {item["pipeline"]: item["last_good"] for item in found if "last_good" in item}

    def latest_releases(self, pipelines: Sequence[str]) -> dict[str, list[str]]:
        """The releases that may have run each pipeline last, and the one that holds it."""
        return {
            item["pipeline"]: [
                release_id
                for release_id in (
                    item.get("last_good", {}).get("release_id"),
                    item.get("latest_release"),
                    *sorted(item.get("taken_from", ())),
                    item.get("held_for"),
                )
                if release_id
            ]
            for item in self._pipeline_items(pipelines)
        }

    def _pipeline_items(self, pipelines: Sequence[str]) -> Iterator[Item]:
        return self._pipelines.get_all([{"pipeline": pipeline} for pipeline in pipelines])

    def _join(self, items: Sequence[Item]) -> Release | None:
        header = next((item for item in items if item["item"] == HEADER), None)
        if header is None:
            return None
        nodes = [item for item in items if item["item"].startswith(PIPELINE_PREFIX)]
        # Only while a pipeline runs does its next step depend on its execution.
        executions = self.get_executions(
            node["execution_id"]
            for node in nodes
            if "execution_id" in node and not PipelineStatus(node["status"]).ended
        )
        return read_header(
            header,
            {
                node["pipeline"]: read_pipeline(node, executions.get(node.get("execution_id", "")))
                for node in nodes
            },
        )
