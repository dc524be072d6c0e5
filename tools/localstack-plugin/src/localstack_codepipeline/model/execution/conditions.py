"""Checks the conditions of a stage: runs their rules, and says what follows.

Source: the CodePipeline user guide, "Configure conditions for a stage".
"""

from enum import StrEnum

from localstack_codepipeline.model.effects import AbandonAction
from localstack_codepipeline.model.execution import runs
from localstack_codepipeline.model.rules import ON_FAILURE, as_action, condition_of
from localstack_codepipeline.model.state import ConditionRun, Execution, Pipeline, StageRun, Turn


class Outcome(StrEnum):
    """What follows from a condition: the stage goes on, or the result of the failed condition."""

    WAIT = "WAIT"
    GO_ON = "GO_ON"
    FAIL = "FAIL"
    SKIP = "SKIP"
    ROLLBACK = "ROLLBACK"
    RETRY = "RETRY"


def check(turn: Turn, pipeline: Pipeline, execution: Execution, *, kind: str) -> Outcome:
    """Return what follows from the condition of that type; WAIT while its rules run.

    The first call starts the rules. A rollback checks no conditions.
    """
    stage = execution.stage_run
    if execution.rollback_target:
        return Outcome.GO_ON
    automatic = execution.stage.get("onFailure", {}).get("result") if kind == ON_FAILURE else None
    if automatic == "RETRY" and stage.automatic_retries == 0:
        return Outcome.RETRY
    declared = condition_of(execution.stage, kind)
    if declared is None:
        return Outcome.GO_ON if automatic in (None, "RETRY") else Outcome(automatic)
    condition = stage.conditions.get(kind)
    if condition is None:
        stage.conditions[kind] = ConditionRun(turn.now)
        for rule in declared["rules"]:
            runs.open_run(turn, pipeline, execution, declaration=as_action(rule), condition=kind)
        return Outcome.WAIT
    if condition.status == "InProgress":
        _conclude(turn, pipeline, condition)
    if condition.passed:
        return Outcome.GO_ON
    engaged = Outcome(declared.get("result") or automatic or "FAIL")
    used_up = engaged is Outcome.RETRY and stage.automatic_retries
    return Outcome.FAIL if used_up else engaged


def reset(stage: StageRun, *, everything: bool) -> None:
    """Forget the conditions that a retry of the stage checks again."""
    stage.conditions = {
        kind: condition
        for kind, condition in stage.conditions.items()
        if not everything and kind != ON_FAILURE and condition.passed
    }


def override(turn: Turn, pipeline: Pipeline, condition: ConditionRun) -> None:
    """Let the condition pass; its running rules no longer count."""
    for run_id in condition.runs.values():
        run = pipeline.runs[run_id]
        if run.status == "InProgress":
            run.status, run.updated_at = "Abandoned", turn.now
            turn.effects.append(AbandonAction(pipeline.name, run.id))
    condition.status, condition.updated_at = "Overridden", turn.now
    condition.summary = f"Overridden by {turn.caller}"


def close(turn: Turn, execution: Execution, *, status: str) -> None:
    """Close the conditions that are checked while the execution is stopped or cancelled."""
    for condition in execution.stage_run.conditions.values():
        if condition.status == "InProgress":
            condition.status, condition.updated_at = status, turn.now


def _conclude(turn: Turn, pipeline: Pipeline, condition: ConditionRun) -> None:
    """Set the status of a condition whose rules have all ended."""
    rules = [pipeline.runs[run_id] for run_id in condition.runs.values()]
    failed = [run for run in rules if not run.result.succeeded]
    errors = {run.result.error_code for run in failed} - {"JobFailed"}
    condition.status = "Errored" if errors else "Failed" if failed else "Succeeded"
    condition.updated_at = turn.now
    condition.summary = "; ".join(
        f"The rule {run.action} failed: {run.result.error_message}" for run in failed
    )
