"""Reading releases from the ledger: whole, or as much as one pipeline needs."""

from collections.abc import Iterator, Sequence

from release_core.dynamodb import Table
from release_core.executions import Executions
from release_core.items import (
    HEADER,
    PIPELINE_PREFIX,
    Item,
    node_key,
    read_header,
    read_pipeline,
)
from release_core.model import Pipeline, PipelineStatus, Release


class LedgerReader:
    """Releases joined with the executions of those of their pipelines that run."""

    def __init__(self, releases: Table, executions: Executions) -> None:
        self._releases = releases
        self.executions = executions

    def read_release(self, release_id: str) -> Release | None:
        """The release with all its pipelines, or None when there is no such release."""
        # The manifest's item may be large; it sorts before "pipeline#" and is left out.
        condition = "#release_id = :release_id AND #item BETWEEN :first AND :last"
        values = {"release_id": release_id, "first": PIPELINE_PREFIX, "last": HEADER}
        return self._join(list(self._releases.query(condition, values)))

    def read_pipeline(self, release_id: str, pipeline: str) -> Release | None:
        """The release with only one of its pipelines, and those that it depends on."""
        keys = [{"release_id": release_id, "item": HEADER}, node_key(release_id, pipeline)]
        items = list(self._releases.get_all(keys))
        before = {name for item in items for name in item.get("depends_on", ())}
        items += self._releases.get_all([node_key(release_id, name) for name in sorted(before)])
        return self._join(items)

    def read_pipelines(self, wanted: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Pipeline]]:
        """Pipelines, given by release and name, each with its release, without their executions."""
        keys = dict.fromkeys(wanted)
        for item in self._releases.get_all([node_key(*each) for each in keys]):
            yield item["release_id"], read_pipeline(item)

    def _join(self, items: Sequence[Item]) -> Release | None:
        header = next((item for item in items if item["item"] == HEADER), None)
        if header is None:
            return None
        nodes = [item for item in items if item["item"].startswith(PIPELINE_PREFIX)]
        # Only while a pipeline runs does its next step depend on its execution.
        executions = self.executions.read(
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
