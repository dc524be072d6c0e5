"""A release as the operator sees it: read from the ledger, never written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WAITING = "WAITING"
STARTING = "STARTING"
RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
CANCELLED = "CANCELLED"
STOPPED = "STOPPED"
SKIPPED = "SKIPPED"
REJECTED = "REJECTED"

UNENDED = frozenset({WAITING, STARTING, RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a pipeline did not succeed, as far as CodePipeline told."""

    stage: str | None = None
    action: str | None = None
    code: str | None = None
    summary: str | None = None
    link: str | None = None
    message: str | None = None

    @property
    def place(self) -> str:
        """Stage and action, as far as they are known."""
        return " → ".join(part for part in (self.stage, self.action) if part)

    @property
    def reason(self) -> str:
        """Message, code and summary in one line, without saying anything twice."""
        said = self.message or self.summary or "no reason was given"
        code = f" ({self.code})" if self.code and self.code not in said else ""
        summary = f" {self.summary}" if self.summary and self.summary not in said else ""
        return " ".join(f"{said}{code}{summary}".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of what was done to a release, by whom."""

    at: datetime
    who: str
    what: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAttempt:
    """How an earlier attempt of a release, or of one of its pipelines, ended."""

    number: int
    status: str
    execution: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What one source action delivered: ``type`` is its revisionType, None like the action when
    CodePipeline did not tell which it was; ``origin`` is the object or repository it is of.
    """

    artifact: str
    revision: str
    summary: str | None = None
    action: str | None = None
    type: str | None = None
    origin: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """The revision that a source action was told to take; ``type`` is a revisionType."""

    action: str
    type: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """What had last succeeded in a pipeline; of its variables only the names."""

    release_id: str
    execution_id: str
    at: datetime | None = None
    revisions: tuple[Revision, ...] = ()
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """One state change of an execution, in CodePipeline's words.

    ``source`` says how it became known: by an event or by a look.
    """

    state: str
    attempt: int
    at: datetime
    source: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One pipeline of a release.

    ``has_task`` says that its task has registered a token. The values of variables are not read:
    ``variables`` are their names. ``changes`` are those of its present execution, and empty where
    they were not asked for.
    """

    name: str
    position: int
    status: str
    depends_on: tuple[str, ...] = ()
    attempt: int = 1
    retries: int = 0
    retried: int = 0
    time_limit: timedelta | None = None
    has_task: bool = True
    stop_requested_at: datetime | None = None
    stop_reason: str | None = None
    attempts: tuple[PastAttempt, ...] = ()
    execution_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    failure: Failure | None = None
    revisions: tuple[Revision, ...] = ()
    variables: tuple[str, ...] = ()
    source_revisions: tuple[Pin, ...] = ()
    previous_good: Good | None = None
    changes: tuple[StateChange, ...] = ()
    audit: tuple[AuditEntry, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to it in this release."""
        return self.status not in UNENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release's header, with its pipelines in the order they run in where they were read too.

    ``rolls_back_as`` is the rollback that its close has announced, ``rolled_back_by`` the one that
    was opened.
    """

    release_id: str
    status: str
    execution_arn: str | None
    opened_at: datetime | None
    closed_at: datetime | None = None
    channel: str | None = None
    requester: str | None = None
    why: str | None = None
    pipeline_count: int = 0
    attempt: int = 1
    resumed_at: datetime | None = None
    attempts: tuple[PastAttempt, ...] = ()
    on_failure: str = "halt"
    halted_by: str | None = None
    deadline: datetime | None = None
    max_concurrency: int | None = None
    in_flight: frozenset[str] = frozenset()
    abandons: bool = False
    rollback_of: str | None = None
    rolls_back_as: str | None = None
    rolled_back_by: str | None = None
    audit: tuple[AuditEntry, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()

    @property
    def label(self) -> str:
        """The id; of a rejected manifest, which has none, the name of its execution."""
        return self.release_id.rpartition(":")[2] if self.status == REJECTED else self.release_id

    @property
    def ended_count(self) -> int:
        """How many of its pipelines have ended."""
        return sum(pipeline.ended for pipeline in self.pipelines)

    @property
    def began_at(self) -> datetime | None:
        """When the present attempt was opened."""
        return self.resumed_at or self.opened_at

    @property
    def awaits_rollback(self) -> bool:
        """Whether a rollback that its close has announced is not opened."""
        return bool(self.rolls_back_as and not self.rolled_back_by)

    @property
    def closed(self) -> bool:
        """Whether the outcome is recorded."""
        return self.status != RUNNING

    @property
    def over(self) -> bool:
        """Whether it is closed and nothing of it runs any more."""
        return self.closed and all(pipeline.ended for pipeline in self.pipelines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a running pipeline is doing now, and what it can only wait for.

    ``way_out`` is the command with which it goes on, or that ``ends`` it. ``message`` is what an
    approval asks, ``since`` when.
    """

    stage: str | None = None
    action: str | None = None
    waits_for: str | None = None
    since: datetime | None = None
    message: str | None = None
    way_out: str | None = None
    ends: bool = False
    link: str | None = None

    @property
    def can_be_rejected(self) -> bool:
        """Whether the way out is an answer that can be another one, too."""
        return "status=Approved" in (self.way_out or "")

    @property
    def place(self) -> str:
        """Stage and action, as far as they are known."""
        return " → ".join(part for part in (self.stage, self.action) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How long each pipeline usually takes, and what is left of the release: both where known.

    ``unknown`` says why nothing is said of what is left.
    """

    usual: Mapping[str, timedelta] = field(default_factory=dict)
    left: timedelta | None = None
    unknown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look: the release, and what each running pipeline does, by name."""

    at: datetime
    release: Release
    activity: Mapping[str, Activity] = field(default_factory=dict)
    estimate: Estimate = Estimate()
