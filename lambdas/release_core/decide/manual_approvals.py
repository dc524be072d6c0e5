"""Whether a stopped execution waits for nothing but manual approvals."""

from collections.abc import Sequence
from datetime import datetime

from release_core.decide.timing import ACTION_LAG
from release_core.domain.actions import ActionRun
from release_core.domain.execution import Execution, ExecutionState


def waits_only_for_approvals(
    actions: Sequence[ActionRun], *, stopping_since: datetime | None, now: datetime
) -> bool | None:
    """Whether only manual approvals keep a stopping execution from its end; None if not certain.

    ``actions`` may be late. While it is not certain that no other action runs, the execution must
    not be abandoned.
    """
    waiting = [each for each in actions if each.running or _is_cancelled(each)]
    if not waiting or not all(each.approval for each in waiting):
        return False
    # In a stage with one action, nothing else can run. Otherwise another action of the stage may be
    # missing in a late list. No action begins in an execution that is stopping, so a list is
    # complete after a while.
    is_alone = all(each.approval and each.approval.alone for each in waiting)
    is_complete = stopping_since is not None and now - stopping_since >= ACTION_LAG
    return True if is_alone or is_complete else None


def stopping_since(execution: Execution | None) -> datetime | None:
    """Since when the execution is stopping, if that is the newest state on record."""
    latest = execution.latest if execution else None
    return latest.at if latest and latest.state is ExecutionState.STOPPING else None


def _is_cancelled(run: ActionRun) -> bool:
    return run.approval is not None and run.approval.cancelled
