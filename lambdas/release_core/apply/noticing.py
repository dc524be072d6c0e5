"""Records what is seen of an execution beside its state: answers to approvals, and edits."""

from collections.abc import Sequence
from datetime import datetime

from release_core.aws.codepipeline import CodePipeline, ExecutionSnapshot
from release_core.decide.timing import LOOK_LAG
from release_core.domain.actions import ActionRun
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Pipeline, Release
from release_core.errors import EndUnconfirmed
from release_core.ledger.ledger import Ledger

# Executions of this mode keep the version of the pipeline that they started with.
_NOT_AFFECTED = "PARALLEL"


def note_answers(
    ledger: Ledger, release: Release, pipeline: Pipeline, actions: Sequence[ActionRun]
) -> None:
    """Record the answers to manual approvals, each of them once."""
    known = {each.action_execution_id for each in pipeline.approvals}
    for run in reversed(actions):
        answer = run.approval.answer if run.approval else None
        if answer and answer.action_execution_id not in known:
            ledger.notes.note_answer(release.release_id, pipeline, answer)


def require_answers(
    pipeline: Pipeline, change: Change, actions: Sequence[ActionRun], *, now: datetime
) -> None:
    """Raise EndUnconfirmed while CodePipeline may still show an answered approval as running.

    ``change`` is the end of the execution. An approval that the list shows as running, and the
    state of the pipeline does not show, was answered before that end.
    """
    if change.state not in {ExecutionState.SUCCEEDED, ExecutionState.FAILED}:
        return
    if now - change.at < LOOK_LAG and any(
        run.running and run.approval and not run.approval.confirmed for run in actions
    ):
        raise EndUnconfirmed(f"CodePipeline does not show yet who answered in {pipeline.name}")


def note_edit(
    ledger: Ledger,
    codepipeline: CodePipeline,
    *,
    release: Release,
    pipeline: Pipeline,
    seen: ExecutionSnapshot,
) -> None:
    """Record that the pipeline was edited while its execution ran, if it was.

    AWS documents that an edit cancels running executions, and was seen to leave one in progress.
    """
    if pipeline.edited_at or seen.version is None or seen.mode == _NOT_AFFECTED:
        return
    current = codepipeline.current_version(pipeline.name)
    if current and current > seen.version:
        ledger.notes.note_edit(release.release_id, pipeline, ran=seen.version, current=current)
