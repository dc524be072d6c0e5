"""Failed executions: what failed if it was no action, and what CodePipeline does about it."""

from datetime import datetime

from release_core.aws.codepipeline import CodePipeline
from release_core.decide.looks import awaits_retry, newest_failed_rule, newest_failure
from release_core.decide.timing import LOOK_LAG
from release_core.domain.actions import ActionRun
from release_core.domain.execution import Change
from release_core.domain.release import Pipeline
from release_core.errors import EndUnconfirmed


def with_failed_rule(
    codepipeline: CodePipeline, pipeline: Pipeline, *, actions: list[ActionRun]
) -> list[ActionRun]:
    """The actions of a failed execution; first the rule that failed, if no action did."""
    assert pipeline.execution_id
    if newest_failure(actions):
        return actions
    rules = codepipeline.rule_runs(pipeline.name, pipeline.execution_id)
    failed = newest_failed_rule(rules, actions)
    return [failed, *actions] if failed else actions


def require_final(
    codepipeline: CodePipeline,
    pipeline: Pipeline,
    *,
    failed: Change,
    actions: list[ActionRun],
    now: datetime,
) -> None:
    """Raise EndUnconfirmed while CodePipeline may be about to retry the failed stage by itself."""
    if now - failed.at >= LOOK_LAG:
        return
    # Race: an automatic retry of the stage comes after the look that showed its failure.
    automation = codepipeline.automation(pipeline.name)
    if awaits_retry(automation, failed, actions=actions, now=now):
        raise EndUnconfirmed(f"CodePipeline may retry a failed stage of {pipeline.name} by itself")
