"""Finds the stages that CodePipeline skipped in an execution that succeeded."""

from collections.abc import Sequence
from datetime import datetime

from release_core.aws.codepipeline import CodePipeline
from release_core.decide.skips import skipped_stages
from release_core.decide.timing import LOOK_LAG
from release_core.domain.actions import ActionRun
from release_core.domain.automation import SkippedStage
from release_core.domain.execution import Change
from release_core.domain.release import Failure, Pipeline
from release_core.errors import EndUnconfirmed


def find_skipped(
    codepipeline: CodePipeline,
    pipeline: Pipeline,
    *,
    success: Change,
    version: int | None,
    actions: Sequence[ActionRun],
    now: datetime,
) -> tuple[SkippedStage, ...]:
    """The stages that CodePipeline skipped in an execution of this version that succeeded.

    Raises EndUnconfirmed while CodePipeline may not show all actions yet.
    """
    assert pipeline.execution_id
    skippable = pipeline.skippable
    if skippable is None or (version is not None and version != skippable.version):
        skippable = codepipeline.skippable(pipeline.name, version)
    absent = skipped_stages(skippable, actions)
    is_shown = now - success.at >= LOOK_LAG
    # Every execution has actions: if none is listed, the list is late or could not be read.
    if not absent or (is_shown and not actions):
        return ()
    rules = codepipeline.rule_runs(pipeline.name, pipeline.execution_id)
    # A rule that failed in the only attempt proves that its stage was not entered.
    not_entered = {each.stage for each in rules if each.failure} - {each.stage for each in actions}
    proved = success.attempt == 1 and {each.stage for each in absent} <= not_entered
    if not (proved or is_shown):
        raise EndUnconfirmed(f"CodePipeline does not show yet which stages of {pipeline.name} ran")
    return skipped_stages(skippable, actions, rules)


def why_skipped(skipped: Sequence[SkippedStage]) -> Failure | None:
    """Why a pipeline counts as failed that succeeded without these stages; None without any."""
    if not skipped:
        return None
    first, *others = skipped
    why = f": {first.why}" if first.why else ""
    also = "".join(f"; {each}" for each in others)
    message = f"CodePipeline skipped the stage, and onSkipped is fail{why}{also}"
    return Failure(stage=first.stage, message=message)
