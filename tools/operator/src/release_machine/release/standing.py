"""How a pipeline stands now, from what was read of it: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from release_core.domain.execution import ExecutionState
from release_core.domain.holds import Freeze
from release_core.domain.past_execution import PastExecution
from release_core.domain.queue import Lock
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.estate import EstatePipeline, HeldBy, LastFailure, OtherRun

if TYPE_CHECKING:
    from release_core.domain.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read of one pipeline.

    ``was_released`` tells that a release has run it. ``latest`` is its part in the release that did
    so last, as far as that is on record, and ``node`` its part in the ``holder``, the release that
    holds it.
    ``listed`` are its newest executions, the newest first, and ``owners`` the releases that have
    started executions. ``pending`` are the releases that are held and will need it.
    """

    name: str
    lock: Lock
    exists: bool = True
    was_released: bool = False
    node: Pipeline | None = None
    holder: Release | None = None
    latest: Pipeline | None = None
    latest_release: Release | None = None
    listed: Sequence[PastExecution] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    live: Live | None = None
    unread: str | None = None
    pending: Sequence[Release] = ()

    @property
    def is_known(self) -> bool:
        """Whether the pipeline exists, or a release has used it or waits for it."""
        is_used = self.lock.holder is not None or bool(self.lock.queue) or bool(self.pending)
        return self.exists or self.was_released or is_used


def standing_of(seen: Seen, freezes: Sequence[Freeze], now: datetime) -> EstatePipeline:
    """How a pipeline stands."""
    holder = seen.lock.holder
    failure = _last_failure(seen)
    return EstatePipeline(
        name=seen.name,
        exists=seen.exists,
        live=seen.live,
        unread=seen.unread,
        release_id=holder.release_id if holder else None,
        node=seen.node,
        holder=seen.holder,
        outside=tuple(_other_runs(seen)),
        queue=seen.lock.queue,
        held=tuple(dict.fromkeys(_holds(seen, freezes, now))),
        failure=failure,
        failed=_closed(seen, failure),
    )


def failed_last(executions: Iterable[PastExecution]) -> PastExecution | None:
    """The execution that has failed last, whatever has ended since.

    An execution that a person has stopped, or that a newer one has replaced, has not failed, and
    repairs nothing.
    """
    failed = (each for each in executions if each.state is ExecutionState.FAILED)
    return max(failed, key=lambda each: each.updated_at, default=None)


def _other_runs(seen: Seen) -> Iterator[OtherRun]:
    """The executions that run, without those of the release that holds the pipeline."""
    holder, node = seen.lock.holder, seen.node
    own = {node.execution_id, *node.earlier_executions} if node else set()
    for each in seen.listed:
        owner = seen.owners.get(each.execution_id)
        of_holder = holder is not None and owner == holder.release_id
        if each.runs and not of_holder and each.execution_id not in own:
            yield OtherRun(
                execution_id=each.execution_id,
                since=each.started_at,
                release_id=owner,
                stops=each.state is ExecutionState.STOPPING,
                by=each.trigger_detail,
                trigger=each.trigger,
            )


def _holds(seen: Seen, freezes: Sequence[Freeze], now: datetime) -> Iterator[HeldBy]:
    holder, node = seen.lock.holder, seen.node
    held = node.held if node and node.status is PipelineStatus.WAITING else None
    if holder and held:
        yield HeldBy(
            kind=held.kind.value,
            until=held.until,
            why=held.why,
            by=held.by,
            scope=held.scope,
            release_id=holder.release_id,
        )
    for each in freezes:
        is_known = held is not None and held.scope == each.scope
        if now < each.until and each.covers(seen.name) and not is_known:
            yield HeldBy(
                kind="freeze", until=each.until, why=each.reason, by=each.by, scope=each.scope
            )
    for pending in seen.pending:
        if pending.not_before:
            yield HeldBy(kind="notBefore", until=pending.not_before, release_id=pending.release_id)


def _last_failure(seen: Seen) -> LastFailure | None:
    """How the pipeline failed last, if nothing has succeeded since."""
    found = [*_of_releases(seen), *_of_executions(seen)]
    last = max(found, key=lambda each: each.at, default=None)
    if last and any(_repairs(each, last) for each in seen.listed):
        return None
    return last


def _repairs(each: PastExecution, failure: LastFailure) -> bool:
    """Whether an execution has succeeded after the failure.

    When CodePipeline has rolled back by itself, the cause of that is still to be repaired.
    """
    return each.succeeded and not each.undoes and each.updated_at >= failure.at


def _of_releases(seen: Seen) -> Iterator[LastFailure]:
    """The failures on record in the release that holds the pipeline, or that ran it last."""
    holder, ran_last = seen.lock.holder, seen.latest_release
    nodes = (
        (holder.release_id if holder else None, seen.node),
        (ran_last.release_id if ran_last else None, seen.latest),
    )
    for release_id, node in nodes:
        if release_id and node and node.ended_at and node.status.broken and not node.late_success:
            yield LastFailure(
                status=node.status,
                at=node.ended_at,
                release_id=release_id,
                execution_id=node.execution_id,
                failure=node.failure,
            )


def _of_executions(seen: Seen) -> Iterator[LastFailure]:
    """The failure of the execution that has failed last, if no release has it on record."""
    failed = failed_last(seen.listed)
    on_record = {each.execution_id for each in (seen.node, seen.latest) if each}
    if failed and failed.execution_id not in on_record:
        yield LastFailure(
            status=PipelineStatus.FAILED,
            at=failed.updated_at,
            release_id=seen.owners.get(failed.execution_id),
            execution_id=failed.execution_id,
        )


def _closed(seen: Seen, failure: LastFailure | None) -> Release | None:
    """The release that has failed the pipeline, if it is closed."""
    release = seen.latest_release
    same = failure is not None and release is not None and release.release_id == failure.release_id
    return release if same and release and release.closed else None
