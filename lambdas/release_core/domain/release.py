"""A release as the ledger holds it: plain values, no I/O.

Fields of history are filled only for people, by ledger/history.py.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from release_core.domain.approvals import Approval
from release_core.domain.automation import Skippable, SkippedStage
from release_core.domain.dropped import ManifestObject
from release_core.domain.execution import Change, Execution, ExecutionState
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.holds import Freeze, Hold, Override, longest_freeze
from release_core.domain.manual_approvals import Answer
from release_core.domain.revisions import Good, Pin, Revision
from release_core.immutable import Immutable

# The channel of releases whose manifest the ledger made, to roll another release back.
ROLLBACK_CHANNEL = "rollback"


class ReleaseStatus(StrEnum):
    """The status of a release; every status but RUNNING is final."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


class PipelineStatus(StrEnum):
    """The status of one pipeline of a release."""

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
        """Whether nothing more happens to the pipeline in this attempt."""
        return self not in {self.WAITING, self.STARTING, self.RUNNING}

    @property
    def broken(self) -> bool:
        """Whether the pipeline ran and did not succeed: then onFailure applies."""
        return self.ended and self not in {self.SUCCEEDED, self.SKIPPED}


class OnFailure(StrEnum):
    """What a release does when one of its pipelines does not succeed."""

    HALT = "halt"
    CONTINUE = "continue"
    STOP = "stop"
    ROLLBACK = "rollback"

    @property
    def stops(self) -> bool:
        """Whether the running pipelines are stopped; a rollback stops them first, too."""
        return self in {self.STOP, self.ROLLBACK}


class ReleaseKind(StrEnum):
    """Whether a release is planned, or repairs what an earlier deployment broke."""

    STANDARD = "standard"
    HOTFIX = "hotfix"


class OnSkipped(StrEnum):
    """What a success counts for in whose execution CodePipeline skipped a stage."""

    ACCEPT = "accept"
    FAIL = "fail"


# The status of a pipeline whose execution has ended in this state.
STATUS_OF_STATE = {
    ExecutionState.SUCCEEDED: PipelineStatus.SUCCEEDED,
    ExecutionState.FAILED: PipelineStatus.FAILED,
    ExecutionState.STOPPED: PipelineStatus.STOPPED,
    ExecutionState.SUPERSEDED: PipelineStatus.SUPERSEDED,
    ExecutionState.CANCELED: PipelineStatus.CANCELLED,
}


class Failure(Immutable):
    """Why a pipeline did not succeed, as precisely as CodePipeline reports it."""

    message: str
    stage: str | None = None
    action: str | None = None
    code: str | None = None
    summary: str | None = None
    link: str | None = None

    @property
    def place(self) -> str:
        """Stage and action, as far as they are known."""
        return " → ".join(part for part in (self.stage, self.action) if part)

    @property
    def reason(self) -> str:
        """Message, code and summary in one line, without repeating any of them."""
        said = self.message or self.summary or "no reason was given"
        code = f" ({self.code})" if self.code and self.code not in said else ""
        summary = f" {self.summary}" if self.summary and self.summary not in said else ""
        return " ".join(f"{said}{code}{summary}".split())

    def __str__(self) -> str:
        """One line a person can act on."""
        action = f", action {self.action}" if self.action else ""
        where = f"stage {self.stage}{action}: " if self.stage else ""
        link = f" See {self.link}" if self.link else ""
        return f"{where}{self.reason}{link}"


class LockHolder(Immutable):
    """The release that holds the lock of a pipeline, and the workflow execution that runs it."""

    release_id: str
    execution_arn: str
    since: datetime | None = field(default=None, compare=False)


class RetryClaim(Immutable):
    """The claim of one retry: the failed attempt and action, who claimed it and when."""

    attempt: int
    action_execution_id: str
    by: str
    at: datetime
    registration: int


class Pipeline(Immutable):
    """One pipeline of a release, with what is known of its execution.

    ``dependents`` are the pipelines that depend on it directly. ``blocked_by`` are the positions of
    those that it depends on and that have not succeeded yet: a hint when it can be started, while
    the decision reads their status. ``stage_rollback`` is the execution with which CodePipeline
    itself rolls a failed stage back. ``skippable`` is what the pipeline declared when the release
    was opened, ``skipped_stages`` what its execution has skipped. A node with an ``approval`` is
    not a pipeline of CodePipeline: it has no execution, and runs while people are asked. ``held``
    is why a waiting pipeline is not started although nothing else keeps it from starting.
    ``announcements`` are those that were made of it and that no other mark is on record for.
    """

    name: str
    status: PipelineStatus = PipelineStatus.WAITING
    position: int = 0
    depends_on: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    blocked_by: frozenset[str] = frozenset()
    retries: int = 0
    time_limit: timedelta | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    source_revisions: tuple[Pin, ...] = ()
    previous_good: Good | None = None
    attempt: int = 1
    task_token: str | None = field(default=None, repr=False)
    token_registered_at: datetime | None = None
    looks_at: datetime | None = None
    registrations: int = 0
    starting_registration: int = 0
    starting_at: datetime | None = None
    start_tried_at: datetime | None = None
    started_by: str | None = None
    starters: frozenset[str] = frozenset()
    start_again_at: datetime | None = None
    start_tried_until: datetime | None = None
    start_refusals: int = 0
    held: Hold | None = None
    started_at: datetime | None = None
    execution_id: str | None = None
    earlier_executions: tuple[str, ...] = ()
    ran_before: bool = False
    began_before: datetime | None = None
    execution: Execution | None = None
    stage_rollback: Execution | None = None
    retried: int = 0
    retry: RetryClaim | None = None
    stop_requested_at: datetime | None = None
    stop_reason: str | None = None
    timed_out: bool = False
    trouble: str | None = None
    given_up: str | None = None
    failure: Failure | None = None
    late_success: datetime | None = None
    revisions: tuple[Revision, ...] = ()
    edited_at: datetime | None = None
    approval: Approval | None = None
    approvals: tuple[Answer, ...] = ()
    skippable: Skippable | None = None
    skipped_stages: tuple[SkippedStage, ...] = ()
    settled: bool = False
    ended_at: datetime | None = None
    announcements: frozenset[str] = frozenset()
    # History, for people only:
    variable_names: tuple[str, ...] = ()
    attempts: tuple[PastAttempt, ...] = ()
    audit: tuple[AuditEntry, ...] = ()

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
        """When the release last began to start the pipeline, if that is on record."""
        return self.starting_at if self.ran_now else self.began_before

    @property
    def changes(self) -> tuple[Change, ...]:
        """The state changes of its execution by time, where the execution was read."""
        changes = self.execution.changes if self.execution else ()
        return tuple(sorted(changes, key=lambda change: change.at))


class Release(Immutable):
    """A release: its header, and the pipelines that were read with it, by name.

    Its ``title``, ``notes`` and ``kind`` are those of its first manifest; once it is opened, its
    ``notes`` are read only for people, and only with its pipelines. ``rolls_back_as`` is the
    rollback that its close has announced, ``rolled_back_by`` the one that was opened. Its
    ``channel`` is that of the first request, its ``source`` the object or the id of that request.
    ``restores`` is for a rollback: the execution that each pipeline goes back to, if no release
    started it. A ``pending`` release is handed in and not opened: it is held until its
    ``not_before``, or has places in the queues of the pipelines that it ``waits_for``.
    ``failing_by`` is the first pipeline or approval that did not succeed in this attempt, and
    ``announcements`` are those that were made of the attempt, beside its outcome. ``requesters``
    are the ARNs of all who asked for it, retries included. ``freezes`` are those of the deployment,
    and an ``override`` lets the release start its pipelines in spite of them. ``dropped`` is the
    object of the latest attempt that came through the bucket; its result is written beside it. A
    rejected manifest has the ARN of its workflow execution as its id, and ``requested_id`` is the
    id that it names, valid or not.
    """

    release_id: str
    status: ReleaseStatus
    execution_arn: str
    title: str | None = None
    notes: str | None = None
    kind: ReleaseKind = ReleaseKind.STANDARD
    manifest_sha256: str = ""
    opened_at: datetime
    resumed_at: datetime | None = None
    attempt: int = 1
    closed_at: datetime | None = None
    why: str | None = None
    announced: bool = False
    on_failure: OnFailure = OnFailure.HALT
    on_skipped: OnSkipped = OnSkipped.ACCEPT
    pipeline_count: int = 0
    max_concurrency: int | None = None
    in_flight: frozenset[str] = frozenset()
    halted_by: str | None = None
    failing_by: str | None = None
    failing_at: datetime | None = None
    announcements: frozenset[str] = frozenset()
    not_before: datetime | None = None
    pending: bool = False
    waits_for: tuple[str, ...] = ()
    deadline: datetime | None = None
    abandons: bool = False
    ordered: bool = False
    rollback_of: str | None = None
    rolls_back_as: str | None = None
    rolled_back_by: str | None = None
    restores: Mapping[str, str] = field(default_factory=dict)
    channel: str | None = None
    requester: str | None = None
    source: str | None = None
    requesters: tuple[str, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    override: Override | None = None
    dropped: ManifestObject | None = None
    requested_id: str | None = None
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)
    # History, for people only:
    attempts: tuple[PastAttempt, ...] = ()
    audit: tuple[AuditEntry, ...] = ()

    @property
    def open(self) -> bool:
        """Whether pipelines may still be started."""
        return self.status is ReleaseStatus.RUNNING and self.halted_by is None

    def is_held(self, now: datetime) -> bool:
        """Whether the release is pending because its time has not come yet."""
        return self.pending and self.not_before is not None and now < self.not_before

    @property
    def closed(self) -> bool:
        """Whether the outcome is recorded."""
        return self.status is not ReleaseStatus.RUNNING

    @property
    def over(self) -> bool:
        """Whether the release is closed and none of its pipelines and approvals goes on."""
        return self.closed and all(each.status.ended for each in self.pipelines.values())

    @property
    def of_codepipeline(self) -> Mapping[str, Pipeline]:
        """Those of its ``pipelines`` that are pipelines of CodePipeline, not approvals."""
        return {name: each for name, each in self.pipelines.items() if each.approval is None}

    @property
    def ended_count(self) -> int:
        """The number of pipelines that have ended; approvals do not count."""
        return sum(pipeline.status.ended for pipeline in self.of_codepipeline.values())

    @property
    def why_over(self) -> str | None:
        """Why the release starts nothing more, or None while it is open."""
        if self.closed:
            return f"release {self.release_id} is {self.status}"
        if self.halted_by:
            return f"the release is halted: {self.halted_by} did not succeed"
        return None

    @property
    def awaits_rollback(self) -> bool:
        """Whether its close has announced a rollback that is not opened."""
        return bool(self.rolls_back_as and not self.rolled_back_by)

    @property
    def label(self) -> str:
        """The id; a rejected manifest has none and is named by its workflow execution."""
        rejected = self.status is ReleaseStatus.REJECTED
        return self.release_id.rpartition(":")[2] if rejected else self.release_id

    @property
    def began_at(self) -> datetime:
        """When the present attempt was opened."""
        return self.resumed_at or self.opened_at

    def freeze_of(self, pipeline: str, now: datetime) -> Freeze | None:
        """The freeze that keeps the pipeline from being started now, or None."""
        return None if self.never_held else longest_freeze(self.freezes, pipeline, now)

    @property
    def never_held(self) -> bool:
        """Whether freezes and calendars do not hold it: a rollback, or one with an override.

        Not every manifest with ``rollbackOf``: its author can pin what no release has shipped.
        """
        return self.channel == ROLLBACK_CHANNEL or self.override is not None

    def renews(self, pipeline: Pipeline) -> bool:
        """Whether the pipeline still has its state of an earlier attempt, which does not count."""
        return pipeline.attempt != self.attempt and pipeline.status is not PipelineStatus.SUCCEEDED

    @cached_property
    def lost(self) -> Mapping[str, PipelineStatus]:
        """The pipelines that did not succeed, and those that cannot start because of them.

        Each has its status; SKIPPED is what a pipeline that cannot start will get.
        """
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
    kind = "approval " if pipeline.approval else ""
    return f"{kind}{pipeline.name} {words}{execution}{why}"
