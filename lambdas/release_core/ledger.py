"""The ledger of running releases: one method for each business act, each safe to repeat.

Every condition is a named variable; the comment above it says which race it closes. An act that
finds it came too late changes nothing and says so by its result. A status change and its audit
entry are one write to one item, so neither can be without the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from release_core.clock import Clock, to_iso
from release_core.dynamodb import Table, Update, Written
from release_core.errors import ExecutionTaken
from release_core.items import (
    HEADER,
    PIPELINE_PREFIX,
    POINTER,
    Item,
    audit_entry,
    change_item,
    pipeline_key,
    plain,
    read_execution,
    read_header,
    read_pipeline,
)
from release_core.model import (
    Change,
    Execution,
    Failure,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
    Revision,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# An execution that nobody has claimed by then was not started by a release.
UNCLAIMED_RETENTION = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class LedgerTables:
    """The names of the three tables, and for how long claimed executions are kept."""

    releases: str
    executions: str
    pipelines: str
    retention: timedelta


class Ledger:
    """What the functions read and record; ``who`` is the function that acts, for the audit."""

    def __init__(
        self, client: "DynamoDBClient", tables: LedgerTables, *, clock: Clock, who: str
    ) -> None:
        self._releases = Table(client, tables.releases)
        self._executions = Table(client, tables.executions)
        self._pipelines = Table(client, tables.pipelines)
        self._retention = tables.retention
        self._clock = clock
        self._who = who

    def read_release(self, release_id: str) -> Release | None:
        """The release with all its pipelines, or None when there is no such release."""
        # The manifest's item may be large; it sorts before "pipeline#" and is left out.
        condition = "#release_id = :release_id AND #item BETWEEN :first AND :last"
        values = {"release_id": release_id, "first": PIPELINE_PREFIX, "last": HEADER}
        return self._join(list(self._releases.query(condition, values)))

    def read_pipeline(self, release_id: str, pipeline: str) -> Release | None:
        """The release with only one of its pipelines."""
        keys = [_header_key(release_id), _node_key(release_id, pipeline)]
        return self._join(list(self._releases.get_all(keys)))

    def _join(self, items: Sequence[Item]) -> Release | None:
        header = next((item for item in items if item["item"] == HEADER), None)
        if header is None:
            return None
        nodes = [item for item in items if item["item"].startswith(PIPELINE_PREFIX)]
        # Only while a pipeline runs does its next step depend on its execution.
        wanted = [
            {"execution_id": node["execution_id"]}
            for node in nodes
            if "execution_id" in node and not PipelineStatus(node["status"]).ended
        ]
        executions = {
            item["execution_id"]: read_execution(item) for item in self._executions.get_all(wanted)
        }
        return read_header(
            header,
            {
                node["pipeline"]: read_pipeline(node, executions.get(node.get("execution_id", "")))
                for node in nodes
            },
        )

    def register_token(self, release_id: str, pipeline: str, token: str) -> Pipeline | None:
        """Keep the token of the task that now waits; None when the release has no such pipeline.

        The token before it is dead, settled or not.
        """
        # A task of a release that was never opened must not make half a pipeline.
        pipeline_exists = "attribute_exists(#release_id)"
        written = self._releases.update(
            _node_key(release_id, pipeline),
            Update(
                put={"task_token": token, "token_registered_at": self._now()},
                add={"registrations": 1},
                remove=["settled_at"],
                condition=pipeline_exists,
            ),
        )
        return read_pipeline(written.item) if written.held else None

    def claim_start(self, release_id: str, pipeline: Pipeline, starter: str) -> bool:
        """Take the right to start a pipeline, as ``<function>/<invocation>``.

        It is taken over from a starter that died; ``starting_at`` stays the time of the first try.
        """
        # Two functions see the same pipeline, waiting or left half started: one of them gets it.
        no_other_try = (
            "(attribute_not_exists(#starting_registration) OR #starting_registration = :tried)"
        )
        at = self._now()
        written = self._change_status(
            release_id,
            pipeline,
            PipelineStatus.STARTING,
            what="start claimed",
            put={
                "starting_at": to_iso(pipeline.starting_at) if pipeline.starting_at else at,
                "start_tried_at": at,
                "starting_registration": pipeline.registrations,
                "started_by": starter,
            },
            condition=no_other_try,
            values={"tried": pipeline.starting_registration},
        )
        # A lost answer makes the SDK write twice: then it is our own claim that we find.
        return written.held or (
            written.item.get("status") == PipelineStatus.STARTING
            and written.item.get("started_by") == starter
        )

    def claim_execution(self, execution_id: str, *, release_id: str, pipeline: str) -> None:
        """Say in the execution's record which release it belongs to.

        Raises ExecutionTaken when it belongs to another one.
        """
        # The execution may have been found by searching: it must not change its release.
        unclaimed_or_ours = "attribute_not_exists(#release_id) OR #release_id = :release_id"
        written = self._executions.update(
            {"execution_id": execution_id},
            Update(
                put={
                    "release_id": release_id,
                    "pipeline": pipeline,
                    "expires_at": self._expiry(self._retention),
                },
                condition=unclaimed_or_ours,
            ),
        )
        if not written.held:
            raise ExecutionTaken(
                f"execution {execution_id} of {pipeline} belongs to release "
                f"{written.item.get('release_id')}, not to {release_id}"
            )

    def bind_execution(self, release_id: str, pipeline: Pipeline, execution_id: str) -> None:
        """Record that the pipeline runs as this execution: STARTING becomes RUNNING."""
        # The starter and the event of the start both come here: the first one binds.
        unbound = "attribute_not_exists(#execution_id)"
        self._change_status(
            release_id,
            pipeline,
            PipelineStatus.RUNNING,
            what=f"started as {execution_id}",
            put={"execution_id": execution_id, "started_at": self._now()},
            condition=unbound,
        )

    def record_change(self, execution_id: str, pipeline: str, change: Change) -> Execution:
        """Add a state change to the execution's record, once; answers the whole record.

        The record is where the event and the start meet: whoever writes second sees both.
        """
        key = f"{change.attempt}#{change.state}"
        # The same change delivered twice may differ in everything but attempt and state.
        not_seen = "NOT contains(#seen, :key)"
        written = self._executions.update(
            {"execution_id": execution_id},
            Update(
                put={"pipeline": pipeline},
                default={"expires_at": self._expiry(UNCLAIMED_RETENTION)},
                append={"changes": change_item(change, recorded_at=self._now())},
                add={"seen": key},
                condition=not_seen,
                values={"key": key},
            ),
        )
        return read_execution(written.item)

    def finish(
        self,
        release_id: str,
        pipeline: Pipeline,
        status: PipelineStatus,
        *,
        ended_at: str | None = None,
        failure: Failure | None = None,
        revisions: Sequence[Revision] = (),
    ) -> None:
        """Record how the pipeline ended, and why when it did not succeed."""
        # Events and looks report the same end: the first one is recorded.
        self._change_status(
            release_id,
            pipeline,
            status,
            what=str(failure) if failure else "ended",
            put={
                "ended_at": ended_at or self._now(),
                "failure": plain(failure) if failure else None,
                "revisions": [plain(revision) for revision in revisions] or None,
            },
        )

    def record_last_good(
        self, release_id: str, pipeline: Pipeline, revisions: Sequence[Revision]
    ) -> None:
        """Keep what succeeded last for the pipeline, as the state to return to."""
        started = to_iso(pipeline.starting_at) if pipeline.starting_at else self._now()
        last_good = {
            "release_id": release_id,
            "execution_id": pipeline.execution_id,
            "revisions": [plain(revision) for revision in revisions],
            "at": self._now(),
        }
        # A success may be heard of late: what was started before does not replace it.
        not_newer = "attribute_not_exists(#last_good_started) OR #last_good_started <= :started"
        self._pipelines.update(
            {"pipeline": pipeline.name},
            Update(
                put={"last_good": last_good, "last_good_started": started},
                condition=not_newer,
                values={"started": started},
            ),
        )

    def mark_stop_requested(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that CodePipeline was asked to stop the pipeline's execution."""
        # The answer to a stop may be the end of the execution, recorded by then.
        still_this_execution = "#execution_id = :execution_id"
        self._releases.update(
            _node_key(release_id, pipeline.name),
            Update(
                put={"stop_requested_at": self._now()},
                append={"audit": self._audit("stop requested", pipeline.status, pipeline.status)},
                condition=still_this_execution,
                values={"execution_id": pipeline.execution_id},
            ),
        )

    def mark_settled(self, release_id: str, pipeline: Pipeline) -> None:
        """Record that the token has been resolved, or found dead."""
        # A newer token may have been registered meanwhile; that one is not settled.
        same_token = "#task_token = :token"  # noqa: S105  # a condition, not a secret
        self._releases.update(
            _node_key(release_id, pipeline.name),
            Update(
                put={"settled_at": self._now()},
                condition=same_token,
                values={"token": pipeline.task_token},
            ),
        )

    def close(self, release_id: str, status: ReleaseStatus, why: str) -> None:
        """Close a running release; one that is closed already stays as it is."""
        # The machine's own close and a stop by hand can meet: the first one is the outcome.
        running = "#status = :running"
        self._releases.update(
            _header_key(release_id),
            Update(
                put={"status": status.value, "closed_at": self._now(), "why": why},
                append={"audit": self._audit(why, ReleaseStatus.RUNNING, status)},
                condition=running,
                values={"running": ReleaseStatus.RUNNING.value},
            ),
        )

    def mark_announced(self, release_id: str) -> None:
        """Record that the outcome of the release has been announced."""
        self._releases.update(_header_key(release_id), Update(put={"announced_at": self._now()}))

    def end_execution(self, execution_arn: str, how: str) -> str | None:
        """Record that a workflow execution was ended from outside; answers the release it opened.

        From here on it can open none: the claim of open_release is conditional on this record.
        """
        written = self._releases.update(
            {"release_id": execution_arn, "item": POINTER},
            Update(put={"ended": how, "ended_at": self._now()}),
        )
        opens = written.item.get("opens")
        return opens if isinstance(opens, str) else None

    def _change_status(
        self,
        release_id: str,
        pipeline: Pipeline,
        to: PipelineStatus,
        *,
        what: str,
        put: Item,
        condition: str = "",
        values: Item | None = None,
    ) -> Written:
        as_seen = "#status = :seen AND #attempt = :attempt"
        return self._releases.update(
            _node_key(release_id, pipeline.name),
            Update(
                put={"status": to.value, **put},
                append={"audit": self._audit(what, pipeline.status, to)},
                condition=f"{as_seen} AND {condition}" if condition else as_seen,
                values={
                    "seen": pipeline.status.value,
                    "attempt": pipeline.attempt,
                    **(values or {}),
                },
            ),
        )

    def _audit(self, what: str, before: str, after: str) -> Item:
        return audit_entry(at=self._now(), who=self._who, what=what, before=before, after=after)

    def _now(self) -> str:
        return to_iso(self._clock())

    def _expiry(self, retention: timedelta) -> int:
        return int((self._clock() + retention).timestamp())


def _header_key(release_id: str) -> Item:
    return {"release_id": release_id, "item": HEADER}


def _node_key(release_id: str, pipeline: str) -> Item:
    return {"release_id": release_id, "item": pipeline_key(pipeline)}
