"""Which stages CodePipeline skipped in an execution that succeeded."""

from collections.abc import Sequence

from release_core.decide.looks import failures
from release_core.domain.actions import ActionRun
from release_core.domain.automation import Skippable, SkippedStage
from release_core.domain.release import Failure


def skipped_stages(
    skippable: Skippable, actions: Sequence[ActionRun], rules: Sequence[ActionRun] = ()
) -> tuple[SkippedStage, ...]:
    """The stages that were skipped, by the ``actions`` of the execution.

    In such a stage no action ran, or an action failed and was not repeated with success. ``rules``
    say why: they are the executions of the rules of stage conditions.
    """
    ran = {run.stage for run in actions}
    failed = {run.stage: run.failure for run in reversed(failures(actions))}
    because = failed | {run.stage: run.failure for run in reversed(failures(rules))}
    return tuple(
        SkippedStage(stage=stage, deploys=deploys, why=_reason(because.get(stage)))
        for stage, deploys in skippable.stages.items()
        if stage in failed or stage not in ran
    )


def _reason(failure: Failure | None) -> str | None:
    return failure.reason if failure else None
