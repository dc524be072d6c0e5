"""AWS's quotas, and what one pipeline takes from each. These numbers are only here.

docs/scale.md shows them. Where a quota differs by Region, this is the one of the smaller Regions.
A source that says "unverified" is an assumption.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

# One pipeline that succeeds at its first try. tests/contract pins the first two.
DYNAMODB_CALLS = 14
CODEPIPELINE_CALLS = 4
WRITES = 7  # of the DynamoDB calls; the others read
STATE_EVENTS = 1  # SUCCEEDED: the rule does not deliver STARTED

WRITE_UNITS = 2  # of one write: items have 1 to 3 KB
READ_UNITS = 1  # of one read: at most 4 KB
OPENING_WRITES = 1  # the item of the pipeline

# The parts of these numbers: run_pipeline begins a pipeline, record_state_change ends it.
BEGIN_WRITES, BEGIN_READS = 3, 3
END_WRITES, END_READS = WRITES - BEGIN_WRITES, DYNAMODB_CALLS - WRITES - BEGIN_READS
STARTS = 1
OPENING_LOOKS = 1  # GetPipeline
END_LOOKS = CODEPIPELINE_CALLS - STARTS - OPENING_LOOKS  # how it ended, and what it shipped

BEGIN_SECONDS = 1.5  # of run_pipeline, cold starts included
END_SECONDS = 1.5  # of record_state_change
LOOKS_AT_ONCE, LOOK_SECONDS = 8, 0.08  # of open_release, also there

BEGIN_TRANSITIONS = 2  # the child execution and its task
AGAIN_TRANSITIONS = 2  # WaitOtherwise, and the task again
END_TRANSITIONS = 1  # the end


class Name(StrEnum):
    """What a pipeline may have to wait for."""

    START = "CodePipeline: StartPipelineExecution"
    LOOK = "CodePipeline: reads"
    WRITE = "DynamoDB: writes of one partition"
    READ = "DynamoDB: reads of one partition"
    CHILD = "Step Functions: children of a Map Run"
    EXECUTION = "Step Functions: StartExecution"
    TRANSITION = "Step Functions: state transitions"
    TOKEN = "Step Functions: SendTask*"
    EVENT = "EventBridge: invocations"
    FUNCTION = "Lambda: concurrency"
    SLOT = "`maxConcurrency`"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A bucket of tokens that refills.

    ``takes`` is what one pipeline takes. All deployments in an account and Region share the bucket,
    unless each release has its own.
    """

    per_second: float
    burst: float
    takes: float
    source: str
    moved_by: str
    of_release: bool = False

    @property
    def pipelines_a_minute(self) -> float:
        """How many pipelines the quota allows, in the long run."""
        return self.per_second * 60 / self.takes


_STEP_FUNCTIONS = "[Step Functions](#sources)"
_PARTITION = "[DynamoDB](#sources)"
_MORE_RELEASES = "divide the release: each release has a partition"
_ASK = "ask AWS for more"

QUOTAS: Mapping[Name, Quota] = {
    Name.START: Quota(
        per_second=20 / 60,
        burst=20,
        takes=STARTS,
        source="[seen](#sources), not published; the burst is unverified",
        moved_by="ask AWS; divide the pipelines between accounts or Regions; `maxConcurrency`",
    ),
    Name.LOOK: Quota(
        per_second=10,
        burst=100,
        takes=OPENING_LOOKS + END_LOOKS,
        source="unverified, not published",
        moved_by="the SDK waits and tries again; divide the pipelines",
    ),
    Name.WRITE: Quota(
        per_second=1000,
        burst=1000,
        takes=(WRITES + OPENING_WRITES) * WRITE_UNITS,
        source=_PARTITION,
        moved_by=_MORE_RELEASES,
        of_release=True,
    ),
    Name.READ: Quota(
        per_second=3000,
        burst=3000,
        takes=(DYNAMODB_CALLS - WRITES) * READ_UNITS,
        source=_PARTITION,
        moved_by=_MORE_RELEASES,
        of_release=True,
    ),
    Name.CHILD: Quota(
        per_second=100,
        burst=100,
        takes=1,
        source=_STEP_FUNCTIONS,
        moved_by="fixed; divide the release",
        of_release=True,
    ),
    Name.EXECUTION: Quota(
        per_second=150,
        burst=800,
        takes=1,
        source=f"{_STEP_FUNCTIONS}; that children count is unverified",
        moved_by=_ASK,
    ),
    Name.TRANSITION: Quota(
        per_second=800,
        burst=800,
        takes=BEGIN_TRANSITIONS + END_TRANSITIONS,
        source=_STEP_FUNCTIONS,
        moved_by=f"{_ASK}; new accounts have fewer",
    ),
    Name.TOKEN: Quota(per_second=300, burst=1500, takes=1, source=_STEP_FUNCTIONS, moved_by=_ASK),
    Name.EVENT: Quota(
        per_second=750,
        burst=750,
        takes=STATE_EVENTS,
        source="[EventBridge](#sources)",
        moved_by=f"{_ASK}; invocations are delayed, not lost",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """All limits of one account and Region, and the setting of a manifest."""

    quotas: Mapping[Name, Quota] = field(default_factory=lambda: QUOTAS)
    functions: int = 1000  # Lambda's concurrency
    max_concurrency: int | None = None

    def times(self, factor: float, *names: Name) -> "Limits":
        """The same limits, with more of some quotas."""
        raised = {
            name: replace(
                self.quotas[name],
                per_second=self.quotas[name].per_second * factor,
                burst=self.quotas[name].burst * factor,
            )
            for name in names
        }
        return replace(self, quotas={**self.quotas, **raised})
