"""Whether a stopped execution waits for nothing but manual approvals."""

from datetime import UTC, datetime, timedelta

import pytest

from release_core.decide.manual_approvals import waits_only_for_approvals
from release_core.domain.actions import ActionRun
from release_core.domain.manual_approvals import ManualApproval
from release_core.domain.release import Failure

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def run(*, running: bool = True, approval: ManualApproval | None = None) -> ActionRun:
    """An action of an execution."""
    return ActionRun(
        action_execution_id="r",
        stage="S",
        action="A",
        started_at=NOW,
        running=running,
        approval=approval,
        failure=None if running else Failure(message="broken"),
    )


DEPLOY, ENDED = run(), run(running=False)
ALONE = run(approval=ManualApproval(token="t", confirmed=True, alone=True))
BESIDE = run(approval=ManualApproval(token="t", confirmed=True))
UNSEEN = run(approval=ManualApproval(token="t"))
CANCELLED = run(running=False, approval=ManualApproval(cancelled=True, confirmed=True))
ANSWERED = run(running=False, approval=ManualApproval(confirmed=True, alone=True))


@pytest.mark.parametrize(
    ("actions", "at_once", "after_a_minute"),
    [
        ([], False, False),
        ([ENDED], False, False),
        ([ANSWERED], False, False),
        ([DEPLOY], False, False),
        ([BESIDE, DEPLOY], False, False),
        ([ALONE, ENDED], True, True),
        ([BESIDE, ENDED], None, True),
        ([BESIDE, BESIDE], None, True),
        ([UNSEEN], None, True),
        ([CANCELLED], None, True),
    ],
)
def test_only_what_is_certain_is_abandoned(
    actions: list[ActionRun], *, at_once: bool | None, after_a_minute: bool
) -> None:
    """An approval alone in its stage is certain; others only when the list is complete."""
    ages = (None, timedelta(seconds=54), timedelta(seconds=55))
    found = [
        waits_only_for_approvals(
            actions, stopping_since=None if age is None else NOW - age, now=NOW
        )
        for age in ages
    ]
    assert found == [at_once, at_once, after_a_minute]
