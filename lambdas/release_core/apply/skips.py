"""Finds the stages that CodePipeline skipped in an execution that succeeded."""

from collections.abc import Sequence
from datetime import datetime

from botocore.exceptions import ClientError

from release_core.aws.codepipeline import CodePipeline, ExecutionSnapshot, is_permanent
from release_core.decide.skips import skipped_stages
from release_core.decide.timing import LOOK_LAG
from release_core.domain.actions import ActionRun
from release_core.domain.automation import SkippedStage
from release_core.domain.execution import Change
from release_core.domain.release import Failure, Pipeline
from release_core.errors import EndUnconfirmed
from release_core.logs import log_of

log = log_of(__name__)


def find_skipped(
    codepipeline: CodePipeline,
    pipeline: Pipeline,
    *,
    success: Change,
    seen: ExecutionSnapshot,
    actions: Sequence[ActionRun],
    now: datetime,
) -> tuple[SkippedStage, ...]:
    """The stages that CodePipeline skipped in an execution that succeeded.

    Raises EndUnconfirmed while CodePipeline may not show all actions yet.
    """
    assert pipeline.execution_id
    if seen.gone:
        return ()
    skippable = pipeline.skippable
    if skippable is None or (seen.version is not None and seen.version != skippable.version):
        skippable = codepipeline.skippable(pipeline.name, seen.version)
    absent = skipped_stages(skippable, actions)
    is_shown = now - success.at >= LOOK_LAG
    # Every execution has actions: if none is listed, the list is late or could not be read.
    if not absent or (is_shown and not actions):
        return ()
    rules = _rules(codepipeline, pipeline)
    # A rule that failed in the only attempt proves that its stage was not entered.
    not_entered = {each.stage for each in rules if each.failure} - {each.stage for each in actions}
    proved = success.attempt == 1 and {each.stage for each in absent} <= not_entered
    if not (proved or is_shown):
        raise EndUnconfirmed(f"CodePipeline does not show yet which stages of {pipeline.name} ran")
    return skipped_stages(skippable, actions, rules)


def _rules(codepipeline: CodePipeline, pipeline: Pipeline) -> Sequence[ActionRun]:
    """The executions of rules; none, if a retry cannot read them either."""
    assert pipeline.execution_id
    try:
        return codepipeline.rule_runs(pipeline.name, pipeline.execution_id)
    except ClientError as error:
        if not is_permanent(error):
            raise
        log.warning("could not list the rules: %s", error)
        return ()


def why_skipped(skipped: Sequence[SkippedStage]) -> Failure | None:
    """Why a pipeline counts as failed that succeeded without these stages; None without any."""
    if not skipped:
        return None
    first, *others = skipped
    why = f": {first.why}" if first.why else ""
    also = "".join(f"; {each}" for each in others)
    message = f"CodePipeline skipped the stage, and onSkipped is fail{why}{also}"
    return Failure(stage=first.stage, message=message)
