"""The end of a workflow execution that did not close its release, and the release's status."""

from release_core.domain.release import OnFailure, Release, ReleaseStatus
from release_core.immutable import Immutable

# By the status of a workflow execution: the status of its release, and the reason in words.
_MEANINGS = {
    "ABORTED": (ReleaseStatus.CANCELLED, "the workflow execution was stopped"),
    "FAILED": (ReleaseStatus.FAILED, "the workflow execution failed"),
    "TIMED_OUT": (ReleaseStatus.FAILED, "the workflow execution timed out"),
}
WHY_LIMIT = 30_000  # characters, below the 32,768 of a Fail state's cause


class WorkflowEnd(Immutable):
    """The end of a workflow execution; ``status`` is its status in Step Functions.

    With ``not_found`` Step Functions does not show the execution, which says little of a new one.
    """

    execution_arn: str
    status: str
    error: str | None = None
    cause: str | None = None
    not_found: bool = False

    @property
    def release_status(self) -> ReleaseStatus | None:
        """The status to close its release with; None when nothing is left to close (SUCCEEDED)."""
        return _MEANINGS[self.status][0] if self.status in _MEANINGS else None

    @property
    def why(self) -> str:
        """The reason that is recorded and announced, with Step Functions' error and cause.

        The cause of a stop is what a person says about it, so it comes first.
        """
        default = (None, f"the workflow execution ended as {self.status}")
        status, words = _MEANINGS.get(self.status, default)
        if status is ReleaseStatus.CANCELLED and self.cause:
            rest = f" ({words}{f': {self.error}' if self.error else ''})"
            return f"{self.cause[: WHY_LIMIT - len(rest)]}{rest}"
        details = ": ".join(each for each in (self.error, self.cause) if each)
        return f"{words}: {details}"[:WHY_LIMIT] if details else words

    def why_for(self, release: Release) -> str:
        """The reason that is recorded for a release; it names a missing automatic rollback."""
        failed = self.release_status is ReleaseStatus.FAILED
        if failed and release.on_failure is OnFailure.ROLLBACK and not release.rolls_back_as:
            return f"{self.why}\nThe automatic rollback was not started. Start it by hand"
        return self.why

    def missing_rollback(self, release: Release) -> str | None:
        """The text to add to the reason of a closed release whose rollback was not started.

        The close names the rollback that the workflow starts next. When the workflow execution
        ends with another reason than the one of the close, it has not started that rollback. None
        when no rollback is missing, or when the reason says so already.
        """
        ended_as_closed = self.status == "FAILED" and self.cause in {None, release.why}
        if not release.rolls_back_as or release.rolled_back_by or ended_as_closed:
            return None
        text = f"The rollback {release.rolls_back_as} was not started. Start it by hand"
        return None if text in (release.why or "") else text

    @property
    def detail(self) -> dict[str, str | None]:
        """The detail of our own event, with the field names of Step Functions' event."""
        return {
            "executionArn": self.execution_arn,
            # arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
            "stateMachineArn": self.execution_arn.rpartition(":")[0].replace(
                ":execution:", ":stateMachine:"
            ),
            "status": self.status,
            "error": self.error,
            "cause": self.cause,
        }


def read_workflow_end(event: object) -> WorkflowEnd | str:
    """The workflow end in an event, or the reason why the event has none."""
    match event:
        case {"detail": {"executionArn": str(arn), "status": str(status)} as detail}:
            error, cause = (
                str(detail[name]) if detail.get(name) else None for name in ("error", "cause")
            )
            return WorkflowEnd(execution_arn=arn, status=status, error=error, cause=cause)
        case _:
            return "the event names no execution and status"
