"""The reason that is recorded when a workflow execution ends without closing its release."""

import pytest

from release_core.domain.workflow_end import WHY_LIMIT, WorkflowEnd

ARN = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"


@pytest.mark.parametrize(
    ("status", "error", "cause", "why"),
    [
        (
            *("ABORTED", "StoppedByHand", "wrong build, by alice"),
            "wrong build, by alice (the workflow execution was stopped: StoppedByHand)",
        ),
        (
            *("ABORTED", None, "wrong build"),
            "wrong build (the workflow execution was stopped)",
        ),
        ("ABORTED", "Enough", None, "the workflow execution was stopped: Enough"),
        ("ABORTED", None, None, "the workflow execution was stopped"),
        (
            *("FAILED", "States.Runtime", "no path"),
            "the workflow execution failed: States.Runtime: no path",
        ),
        ("TIMED_OUT", None, None, "the workflow execution timed out"),
    ],
)
def test_the_words_of_a_person_come_first(
    status: str, error: str | None, cause: str | None, why: str
) -> None:
    """The cause of a stop is what a person said about it; other causes are of Step Functions."""
    end = WorkflowEnd(execution_arn=ARN, status=status, error=error, cause=cause)
    assert end.why == why


def test_a_long_cause_is_cut() -> None:
    """That it was stopped is always said."""
    end = WorkflowEnd(execution_arn=ARN, status="ABORTED", cause="x" * 32_768)
    assert len(end.why) == WHY_LIMIT
    assert end.why.endswith("x (the workflow execution was stopped)")
