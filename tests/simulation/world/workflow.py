"""The workflow as a small explicit model of statemachine.asl.json: its states and their limits.

`machine` moves it; test_workflow_model.py compares names and limits with the file.
"""

from dataclasses import dataclass
from datetime import datetime

# MaxAttempts of each state's Retry for errors that may pass.
RETRIES = {
    "OpenRelease": 6,
    "WaitForPipelines": 8,
    "RunPipeline": 12,
    "CloseRelease": 8,
    "RollBackRelease": 8,
}
# So often OpenRelease waits for another execution that opens the same release.
OPENING_ELSEWHERE = 10
# CloseRelease waits so many seconds, so often, for a start that may still be on its way.
START_UNRESOLVED = (30, 6)
# A manifest that never becomes a release.
REJECTIONS = frozenset(
    {
        "ManifestUnreadable",
        "ManifestInvalid",
        "ReleaseIdTaken",
        "ReleaseNotResumable",
        "RollbackRefused",
        "PipelinesBusy",
    }
)
LOOK_AGAIN = "LookAgain"
# What the person says who stops an execution.
STOPPED_BECAUSE = "enough"
# What the rule for ended executions lets through to close_release.
TOLD_ENDINGS = ("ABORTED", "FAILED", "TIMED_OUT")
# An asynchronous invocation that fails is repeated after one and after two minutes.
ASYNCHRONOUS_RETRIES = 2
# Then it is a dead letter, which raises an alarm; in a while somebody sends it again.
REDRIVE_MINUTES = 60
# Stands in a token where the name of a pipeline is otherwise.
BUSY = "%busy"


@dataclass(frozen=True, slots=True)
class Child:
    """A task that waits for its token: the state RunPipeline of one child, or WaitForPipelines.

    It was entered `entries` times, each time with a token of its own, and waits until `due`.
    """

    pipeline: str
    entries: int = 0
    failures: int = 0
    wait_seconds: int = 0
    due: datetime | None = None
    ended: bool = False

    def token(self, arn: str) -> str:
        """Return the token of the task as it waits now."""
        return f"{arn.rpartition(':')[2]}:{self.pipeline}:{self.entries}"


@dataclass(frozen=True, slots=True)
class Workflow:
    """One execution; `stage` is the ASL state it is in, or how it ended.

    `closed_as` is the status that close_release answered, and `rollback` the release and the name
    of the execution that are to roll back; `busy` is the task WaitForPipelines.
    """

    arn: str
    stage: str = "OpenRelease"
    invoked: int = 0
    failures: int = 0
    release_id: str = ""
    children: tuple[Child, ...] = ()
    busy: Child = Child(BUSY)
    closed_as: str = ""
    rollback: tuple[str, str] | None = None
    outcome: str = ""

    @property
    def name(self) -> str:
        """Return the short name of the execution."""
        return self.arn.rpartition(":")[2]

    @property
    def ended(self) -> bool:
        """Say whether the execution has ended."""
        return self.stage in {"SUCCEEDED", *TOLD_ENDINGS}

    @property
    def waiting(self) -> tuple[Child, ...]:
        """Return the tasks that wait for their tokens now."""
        if self.stage == "WaitForPipelines":
            return (self.busy,)
        if self.stage == "RunPipelines":
            return tuple(child for child in self.children if not child.ended)
        return ()

    def task(self, pipeline: str) -> Child:
        """Return the task of a pipeline, or that for busy pipelines."""
        if pipeline == BUSY:
            return self.busy
        return next(child for child in self.children if child.pipeline == pipeline)
