"""What failed in an execution, if it was no action."""

from release_core.aws.codepipeline import CodePipeline
from release_core.decide.looks import newest_failed_rule, newest_failure
from release_core.domain.actions import ActionRun
from release_core.domain.release import Pipeline


def with_failed_rule(
    codepipeline: CodePipeline, pipeline: Pipeline, actions: list[ActionRun]
) -> list[ActionRun]:
    """The actions of a failed execution; first the rule that failed, if no action did."""
    assert pipeline.execution_id
    if newest_failure(actions):
        return actions
    rules = codepipeline.rule_runs(pipeline.name, pipeline.execution_id)
    failed = newest_failed_rule(rules, actions)
    return [failed, *actions] if failed else actions
