"""The executions table: the state changes of each execution, and the release that owns it."""

from datetime import timedelta

from release_core.domain.execution import Change, Execution
from release_core.domain.release import Pipeline
from release_core.errors import ExecutionTaken
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Table, Update
from release_core.ledger.items import change_item, execution_key, read_execution

# For executions that no release has claimed: these were not started by a release.
UNCLAIMED_RETENTION = timedelta(days=2)


class Executions:
    """Writes to records of executions, each safe to repeat; ``retention`` is for claimed ones."""

    def __init__(self, executions: Table, author: Author, *, retention: timedelta) -> None:
        self._executions = executions
        self._author = author
        self._retention = retention

    def claim(self, execution_id: str, *, release_id: str, pipeline: Pipeline) -> Execution:
        """Record the release and attempt that the execution belongs to; return the whole record.

        Raises ExecutionTaken when it belongs to another release or attempt.
        """
        # Race: a search finds an execution that another release claims first. It keeps its owner.
        ours = "#release_id = :release_id AND #attempt = :attempt"
        unclaimed_or_ours = f"attribute_not_exists(#release_id) OR {ours}"
        written = self._executions.update(
            execution_key(execution_id),
            Update(
                put={
                    "release_id": release_id,
                    "attempt": pipeline.attempt,
                    "pipeline": pipeline.name,
                    "expires_at": self._expiry(self._retention),
                },
                condition=unclaimed_or_ours,
            ),
        )
        if not written.applied:
            raise ExecutionTaken(
                f"execution {execution_id} of {pipeline.name} belongs to release "
                f"{written.item.get('release_id')}, attempt {written.item.get('attempt')}, not to "
                f"{release_id}, attempt {pipeline.attempt}"
            )
        return read_execution(written.item)

    def record_change(self, execution_id: str, pipeline: str, change: Change) -> Execution:
        """Add a state change to the execution's record, once; return the whole record.

        Race: the event of an execution arrives before its start is recorded. Both write to this
        record and read it in the same write, so the second of the two sees both.
        """
        key = f"{change.attempt}#{change.state}"
        # Race: an event is delivered twice. Repeats agree only in attempt and state.
        not_seen = "NOT contains(#seen, :key)"
        written = self._executions.update(
            execution_key(execution_id),
            Update(
                put={"pipeline": pipeline},
                default={"expires_at": self._expiry(UNCLAIMED_RETENTION)},
                append={"changes": change_item(change, recorded_at=self._author.now())},
                add={"seen": key},
                condition=not_seen,
                values={"key": key},
            ),
        )
        return read_execution(written.item)

    def _expiry(self, retention: timedelta) -> int:
        return int((self._author.clock() + retention).timestamp())
