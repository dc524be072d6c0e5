"""A small model of statemachine.asl.json: its states and their limits.

`machine` has its transitions; test_workflow_model.py compares names and limits with the file.
"""

from dataclasses import dataclass
from datetime import datetime

# MaxAttempts of each state's Retry for temporary errors.
RETRIES = {
    "OpenRelease": 6,
    "WaitForPipelines": 8,
    "RunPipeline": 12,
    "GiveUpTask": 8,
    "CloseRelease": 8,
    "RollBackRelease": 8,
}
# How often OpenRelease is retried while another execution opens the same release.
OPENING_ELSEWHERE = 10
# CloseRelease and GiveUpTask are retried after this many seconds, this often, while a claimed start
# is undecided.
START_UNRESOLVED = (30, 6)
LOOK_AGAIN = "LookAgain"
# The cause with which a person stops an execution.
STOPPED_BECAUSE = "enough"
# The statuses with which the rule for ended executions invokes close_release.
TOLD_ENDINGS = ("ABORTED", "FAILED", "TIMED_OUT")
# Lambda retries a failed asynchronous invocation after one and after two minutes.
ASYNCHRONOUS_RETRIES = 2
# Then it is in the dead-letter queue, which raises an alarm; a person sends it again later.
REDRIVE_MINUTES = 60
# Takes the place of the pipeline's name in the tokens of WaitForPipelines.
BUSY = "%busy"


@dataclass(frozen=True, slots=True)
class Child:
    """A task that waits for its token: RunPipeline of one child workflow, or WaitForPipelines.

    It was entered `entries` times, each time with a new token. It waits `since` its state was
    entered, until `due`. When it is `given_up`, GiveUpTask has its place.
    """

    pipeline: str
    entries: int = 0
    failures: int = 0
    wait_seconds: int = 0
    since: datetime | None = None
    due: datetime | None = None
    given_up: bool = False
    ended: bool = False

    def token(self, arn: str) -> str:
        """Return the current token of the task."""
        return f"{arn.rpartition(':')[2]}:{self.pipeline}:{self.entries}"


@dataclass(frozen=True, slots=True)
class Workflow:
    """One execution; `stage` is its ASL state, or how it ended.

    `closed_as` is the status that close_release returned. `rollback` is the id of the rollback and
    the name of its execution. `busy` is the task WaitForPipelines, and says how long WaitForTime
    takes. The children of a stopped
    execution that `lingers` still run: AWS stops a Map Run after its parent.
    """

    arn: str
    stage: str = "OpenRelease"
    invoked: int = 0
    failures: int = 0
    release_id: str = ""
    attempt: int = 1
    children: tuple[Child, ...] = ()
    busy: Child = Child(BUSY)
    closed_as: str = ""
    rollback: tuple[str, str] | None = None
    outcome: str = ""
    lingers: bool = False

    @property
    def name(self) -> str:
        """Return the short name of the execution."""
        return self.arn.rpartition(":")[2]

    @property
    def ended(self) -> bool:
        """Whether the execution has ended."""
        return self.stage in {"SUCCEEDED", *TOLD_ENDINGS}

    @property
    def waiting(self) -> tuple[Child, ...]:
        """Return the tasks that wait for their tokens."""
        if self.stage in {"WaitForPipelines", "WaitForTime"}:
            return (self.busy,)
        if self.waits_in("RunPipelines"):
            return tuple(child for child in self.children if not child.ended)
        return ()

    def waits_in(self, stage: str) -> bool:
        """Whether the execution is in this state, or its children are."""
        return stage == self.stage or (self.lingers and stage == "RunPipelines")

    def task(self, pipeline: str) -> Child:
        """Return the task of a pipeline, or of WaitForPipelines."""
        if pipeline == BUSY:
            return self.busy
        return next(child for child in self.children if child.pipeline == pipeline)
