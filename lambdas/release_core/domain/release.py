"""A release as the ledger holds it: plain values, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from release_core.domain.revisions import Good, Pin, Revision


class ReleaseStatus(StrEnum):
    """Where a release stands; every status but RUNNING is the last one."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


class PipelineStatus(StrEnum):
    """Where one pipeline of a release stands."""

    WAITING = "WAITING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    SUPERSEDED = "SUPERSEDED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    SKIPPED = "SKIPPED"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the pipeline in this attempt."""
        return self not in {self.WAITING, self.STARTING, self.RUNNING}

    @property
    def broken(self) -> bool:
        """Whether the pipeline ran and did not succeed, which is what onFailure is about."""
        return self.ended and self not in {self.SUCCEEDED, self.SKIPPED}


class OnFailure(StrEnum):
    """What a release does when one of its pipelines does not succeed."""

    HALT = "halt"
    CONTINUE = "continue"
    STOP = "stop"
    ROLLBACK = "rollback"

    @property
    def stops(self) -> bool:
        """Whether the running pipelines are stopped; a rollback begins with that too."""
        return self in {self.STOP, self.ROLLBACK}


class ExecutionState(StrEnum):
    """A state of a pipeline execution, as CodePipeline's events spell it."""

    STARTED = "STARTED"
    RESUMED = "RESUMED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    SUCCEEDED = "SUCCEEDED"
    SUPERSEDED = "SUPERSEDED"
    CANCELED = "CANCELED"

    @property
    def final(self) -> bool:
        """Whether no retry can leave this state; FAILED and STOPPED can be resumed."""
        return self in {self.SUCCEEDED, self.SUPERSEDED, self.CANCELED}

    @property
    def ended(self) -> bool:
        """Whether the execution is at rest, for good or until somebody retries it."""
        return self.final or self in {self.STOPPED, self.FAILED}


# What a pipeline becomes when its execution has come to rest.
STATUS_OF_STATE = {
    ExecutionState.SUCCEEDED: PipelineStatus.SUCCEEDED,
    ExecutionState.FAILED: PipelineStatus.FAILED,
    ExecutionState.STOPPED: PipelineStatus.STOPPED,
    ExecutionState.SUPERSEDED: PipelineStatus.SUPERSEDED,
    ExecutionState.CANCELED: PipelineStatus.CANCELLED,
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One state change; ``source`` is ``event`` or ``look``, ``note`` what whoever stopped said."""

    state: ExecutionState
    attempt: int
    at: datetime
    source: str
    note: str | None = None

    @property
    def order(self) -> tuple[bool, int, int]:
        """What makes one state newer than another: never when its event arrived."""
        rank = 2 if self.state.ended else int(self.state is ExecutionState.STOPPING)
        return (self.state.final, self.attempt, rank)


@dataclass(frozen=True, kw_only=True)
class Execution:
    """The record of a pipeline execution; without ``release_id`` no release has claimed it."""

    execution_id: str
    pipeline: str
    changes: tuple[Change, ...] = ()
    release_id: str | None = None
    attempt: int | None = None

    @property
    def latest(self) -> Change | None:
        """The newest change, by attempt and rank."""
        return max(self.changes, key=lambda change: change.order, default=None)

    @property
    def note(self) -> str | None:
        """What was said by whoever stopped the execution last, if anything was."""
        notes = [change for change in self.changes if change.note]
        return max(notes, key=lambda change: change.order).note if notes else None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a pipeline did not succeed, as precisely as CodePipeline tells."""

    message: str
    stage: str | None = None
    action: str | None = None
    code: str | None = None
    summary: str | None = None
    link: str | None = None

    def __str__(self) -> str:
        """One line a person can act on."""
        where = f"stage {self.stage}, action {self.action}: " if self.stage else ""
        code = f" ({self.code})" if self.code else ""
        summary = f" {self.summary}" if self.summary and self.summary not in self.message else ""
        link = f" See {self.link}" if self.link else ""
        return f"{where}{self.message}{code}{summary}{link}"


@dataclass(frozen=True, kw_only=True)
class LockHolder:
    """The release that holds the lock of a pipeline, and the workflow execution that runs it."""

    release_id: str
    execution_arn: str


@dataclass(frozen=True, kw_only=True)
class RetryClaim:
    """The claim of one retry: of which failed attempt and action, by whom and when."""

    attempt: int
    action_execution_id: str
    by: str
    at: datetime
    registration: int


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """One pipeline of a release, with what is known of its execution."""

    name: str
    status: PipelineStatus = PipelineStatus.WAITING
    position: int = 0
    depends_on: tuple[str, ...] = ()
    retries: int = 0
    time_limit: timedelta | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    source_revisions: tuple[Pin, ...] = ()
    previous_good: Good | None = None
    attempt: int = 1
    task_token: str | None = field(default=None, repr=False)
    token_registered_at: datetime | None = None
    registrations: int = 0
    starting_registration: int = 0
    starting_at: datetime | None = None
    start_tried_at: datetime | None = None
    started_by: str | None = None
    starters: frozenset[str] = frozenset()
    started_at: datetime | None = None
    execution_id: str | None = None
    earlier_executions: tuple[str, ...] = ()
    ran_before: bool = False
    began_before: datetime | None = None
    execution: Execution | None = None
    retried: int = 0
    retry: RetryClaim | None = None
    stop_requested_at: datetime | None = None
    stop_reason: str | None = None
    timed_out: bool = False
    trouble: str | None = None
    failure: Failure | None = None
    revisions: tuple[Revision, ...] = ()
    settled: bool = False

    @property
    def ran(self) -> bool:
        """Whether the release had an execution of the pipeline, in any attempt, or may have one."""
        return self.ran_now or self.ran_before

    @property
    def ran_now(self) -> bool:
        """Whether the pipeline's present attempt had an execution, or may have one."""
        started = self.execution_id is not None or self.status is PipelineStatus.STARTING
        return started or bool(self.earlier_executions)

    @property
    def began_at(self) -> datetime | None:
        """When the release began to start the pipeline last, as far as that is on record."""
        return self.starting_at if self.ran_now else self.began_before


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release: its header and those of its pipelines that were read."""

    release_id: str
    status: ReleaseStatus
    execution_arn: str
    manifest_sha256: str
    opened_at: datetime
    resumed_at: datetime | None = None
    attempt: int = 1
    closed_at: datetime | None = None
    why: str | None = None
    announced: bool = False
    on_failure: OnFailure = OnFailure.HALT
    max_concurrency: int | None = None
    in_flight: frozenset[str] = frozenset()
    halted_by: str | None = None
    deadline: datetime | None = None
    abandons: bool = False
    ordered: bool = False
    rollback_of: str | None = None
    rolls_back_as: str | None = None
    rolled_back_by: str | None = None
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether pipelines may still be started."""
        return self.status is ReleaseStatus.RUNNING and self.halted_by is None

    @property
    def coupled(self) -> bool:
        """Whether the end of one pipeline can mean something for another one."""
        return bool(self.ordered or self.max_concurrency or self.on_failure.stops)

    @property
    def began_at(self) -> datetime:
        """When the present attempt was opened."""
        return self.resumed_at or self.opened_at

    def renews(self, pipeline: Pipeline) -> bool:
        """Whether this attempt is about to make the pipeline wait again: it means nothing yet."""
        return pipeline.attempt != self.attempt and pipeline.status is not PipelineStatus.SUCCEEDED

    @cached_property
    def lost(self) -> Mapping[str, PipelineStatus]:
        """What each pipeline came to that did not succeed, or will come to for want of another."""
        lost = {
            each.name: each.status
            for each in self.pipelines.values()
            if each.status.ended
            and each.status is not PipelineStatus.SUCCEEDED
            and not self.renews(each)
        }
        waiting = [
            each for each in self.pipelines.values() if each.status is PipelineStatus.WAITING
        ]
        dependents: dict[str, list[str]] = {}
        for each in waiting:
            for name in each.depends_on:
                dependents.setdefault(name, []).append(each.name)
        passing = list(lost)
        while passing:
            for dependent in dependents.get(passing.pop(), ()):
                if dependent not in lost:
                    lost[dependent] = PipelineStatus.SKIPPED
                    passing.append(dependent)
        return lost


def describe_outcome(pipeline: Pipeline) -> str:
    """One line that says how a pipeline ended and why."""
    words = pipeline.status.value.lower().replace("_", " ")
    reason = pipeline.failure or pipeline.trouble
    why = f": {reason}" if reason else ""
    execution = f" (execution {pipeline.execution_id})" if pipeline.execution_id else ""
    return f"{pipeline.name} {words}{execution}{why}"
