"""How a workflow execution ends without closing its release, and what that makes of the release."""

from dataclasses import dataclass

from release_core.domain.release import OnFailure, Release, ReleaseStatus

# What the end of a workflow execution from outside makes of its release, and how that is said.
_MEANINGS = {
    "ABORTED": (ReleaseStatus.CANCELLED, "the workflow execution was stopped"),
    "FAILED": (ReleaseStatus.FAILED, "the workflow execution failed"),
    "TIMED_OUT": (ReleaseStatus.FAILED, "the workflow execution timed out"),
}
WHY_LIMIT = 30_000  # characters, below the 32,768 of a Fail state's cause


@dataclass(frozen=True, kw_only=True)
class WorkflowEnd:
    """The end of a workflow execution, as Step Functions tells it; ``how`` is its status."""

    execution_arn: str
    how: str
    error: str | None = None
    cause: str | None = None

    @property
    def makes(self) -> ReleaseStatus | None:
        """What its release is closed as; None when such an end leaves nothing to close."""
        return _MEANINGS[self.how][0] if self.how in _MEANINGS else None

    @property
    def why(self) -> str:
        """The reason that is recorded and announced."""
        words = _MEANINGS[self.how][1] if self.how in _MEANINGS else f"it ended as {self.how}"
        said = ": ".join(each for each in (self.error, self.cause) if each)
        return f"{words}: {said}"[:WHY_LIMIT] if said else words

    def why_of(self, release: Release) -> str:
        """The reason that is recorded of a release, whose policy the workflow could not follow."""
        failed = self.makes is ReleaseStatus.FAILED
        if failed and release.on_failure is OnFailure.ROLLBACK and not release.rolls_back_as:
            return f"{self.why}\nIts rollback was not started: roll it back by hand"
        return self.why

    def leaves_undone(self, release: Release) -> str | None:
        """What is to be added to the reason of a closed release whose rollback is not coming.

        Its close names the rollback that the workflow starts next; that never happens when the
        workflow ends otherwise than with the reason of the close.
        """
        as_closed = self.how == "FAILED" and self.cause in {None, release.why}
        if not release.rolls_back_as or release.rolled_back_by or as_closed:
            return None
        said = f"The rollback {release.rolls_back_as} was not started: roll it back by hand"
        return None if said in (release.why or "") else said

    @property
    def detail(self) -> dict[str, str | None]:
        """What an event tells of it, in the words of Step Functions' own event."""
        return {
            "executionArn": self.execution_arn,
            # arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
            "stateMachineArn": self.execution_arn.rpartition(":")[0].replace(
                ":execution:", ":stateMachine:"
            ),
            "status": self.how,
            "error": self.error,
            "cause": self.cause,
        }


def read_workflow_end(event: object) -> WorkflowEnd | str:
    """The ending that an event tells, or the reason why it tells none."""
    match event:
        case {"detail": {"executionArn": str(arn), "status": str(how)} as detail}:
            error, cause = (
                str(detail[name]) if detail.get(name) else None for name in ("error", "cause")
            )
            return WorkflowEnd(execution_arn=arn, how=how, error=error, cause=cause)
        case _:
            return "the event names no execution and status"
