"""The workflow as a small explicit model of statemachine.asl.json: who is invoked, and what next.

Names of states and limits of retries are those of the file; test_workflow_model.py compares them.
"""

from dataclasses import dataclass
from datetime import datetime

# MaxAttempts of each state's Retry for errors that may pass.
RETRIES = {"OpenRelease": 6, "RunPipeline": 8, "CloseRelease": 8}
# Errors of a task that end its branch: the manifest is refused, or the pipeline has ended badly.
REJECTIONS = ("ManifestUnreadable", "ManifestInvalid", "ReleaseIdTaken")
# What the rule for ended executions lets through to close_release.
TOLD_ENDINGS = ("ABORTED", "FAILED", "TIMED_OUT")
# An asynchronous invocation that fails is repeated after one and after two minutes.
ASYNCHRONOUS_RETRIES = 2


@dataclass(frozen=True, slots=True)
class Child:
    """One child of RunPipelines: the state RunPipeline of one pipeline, entered `entries` times."""

    pipeline: str
    entries: int = 0
    failures: int = 0
    due: datetime | None = None
    ended: bool = False

    def token(self, arn: str) -> str:
        """Return the token of the task as it waits now."""
        return f"{arn.rpartition(':')[2]}:{self.pipeline}:{self.entries}"


@dataclass(frozen=True, slots=True)
class Workflow:
    """One execution; `stage` is the ASL state it is in, or how it ended."""

    arn: str
    stage: str = "OpenRelease"
    tries: int = 1
    release_id: str = ""
    children: tuple[Child, ...] = ()
    closed_as: str = ""

    @property
    def ended(self) -> bool:
        """Say whether the execution has ended."""
        return self.stage in {"SUCCEEDED", *TOLD_ENDINGS}

    def child(self, pipeline: str) -> Child:
        """Return the child of a pipeline."""
        return next(child for child in self.children if child.pipeline == pipeline)
