"""What a look at CodePipeline adds to the record: what CodePipeline shows may be seconds old."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from release_core.decide.timing import LOOK_LAG, VISIBLE_WITHIN
from release_core.domain.actions import ActionRun
from release_core.domain.automation import Automation
from release_core.domain.declarations import Existence
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Pipeline

# An event's time is in whole seconds, rounded down: the action that failed may begin after it.
_EVENT_PRECISION = timedelta(seconds=1)


class Verdict(Enum):
    """How the state that a look shows relates to the newest state on record."""

    SAME = auto()  # it adds nothing
    NEWER = auto()  # it is a later state
    UNCLEAR = auto()  # it may be an earlier state that CodePipeline still shows
    CONTRADICTION = auto()  # it contradicts an end: only a repeated action proves it


def compare(latest: Change | None, seen: ExecutionState | None, *, now: datetime) -> Verdict:
    """Compare the state that a look shows with the newest change on record.

    ``seen`` is None while the execution is in progress.
    """
    if latest is None:
        return Verdict.NEWER if seen else Verdict.SAME
    in_progress = seen is None and not latest.state.ended
    if latest.state.final or latest.state is seen or in_progress:
        return Verdict.SAME
    if seen and seen.final:
        return Verdict.NEWER
    if latest.state.ended:
        return Verdict.CONTRADICTION
    # Only an execution that was resumed can show an end that was true before its newest change.
    is_recent = latest.attempt > 1 and now - latest.at < LOOK_LAG
    return Verdict.UNCLEAR if is_recent else Verdict.NEWER


def settle_contradiction(latest: Change, actions: Sequence[ActionRun], *, now: datetime) -> Verdict:
    """Whether an execution that had ended runs again, by its ``actions``, newest first.

    An end that an event reported is believed, unless an action was repeated after it. While the
    look may be older than the end, nothing is decided.
    """
    if repeated_since(actions, latest):
        return Verdict.NEWER
    return Verdict.UNCLEAR if now - latest.at < LOOK_LAG else Verdict.SAME


def why_gone(pipeline: Pipeline, seen: Existence, *, now: datetime) -> str | None:
    """Why an execution that CodePipeline does not find is gone; None if it may only be too new.

    The pipeline existed when its execution was started. If it does not exist now, or was created
    since, the execution was deleted with the former pipeline.
    """
    tried_at = pipeline.start_tried_at or pipeline.started_at or now
    # A pipeline that is started over keeps the time of its first start.
    started_at = max(tried_at, pipeline.started_at or tried_at)
    gone = "CodePipeline no longer has this execution"
    if not seen.exists:
        return f"{gone}: pipeline {pipeline.name} was deleted while it ran"
    # Race: the pipeline is created again while the start is on its way. The execution may be one of
    # the new pipeline, until CodePipeline must show it.
    created_at = seen.created_at or tried_at
    if created_at > started_at or (created_at > tried_at and now - tried_at >= LOOK_LAG):
        return f"{gone}: pipeline {pipeline.name} was deleted and created again while it ran"
    return None if now - tried_at < VISIBLE_WITHIN else gone


def newest_failure(actions: Sequence[ActionRun]) -> ActionRun | None:
    """The newest failed or abandoned action that was not repeated since."""
    return next(iter(failures(actions)), None)


def was_rejected(actions: Sequence[ActionRun]) -> bool:
    """Whether a manual approval failed and was not asked again since."""
    return any(run.approval for run in failures(actions))


def failures(actions: Sequence[ActionRun]) -> Sequence[ActionRun]:
    """The failed and abandoned actions that were not repeated since, the newest first."""
    return [runs[0] for runs in _by_action(actions) if runs[0].failure]


def awaits_retry(
    automation: Automation, failed: Change, *, actions: Sequence[ActionRun], now: datetime
) -> bool:
    """Whether CodePipeline may be about to retry the stage that failed, by itself.

    It does so once, and in a short time. ``actions`` begin with what failed, if that is known.
    """
    if now - failed.at >= LOOK_LAG:
        return False
    failure = newest_failure(actions)
    stages = automation.retried & {failure.stage} if failure else automation.retried
    repeated = {runs[0].stage for runs in _by_action(actions) if len(runs) > 1}
    return not stages <= repeated


def newest_failed_rule(
    rules: Sequence[ActionRun], actions: Sequence[ActionRun]
) -> ActionRun | None:
    """The rule whose condition failed the stage, or None; no action begins after it.

    After a rule that only let a stage be skipped, the actions of another stage begin.
    """
    latest = max((run.started_at for run in actions), default=None)
    failed = newest_failure(rules)
    return failed if failed and (latest is None or failed.started_at >= latest) else None


def repeated_since(actions: Sequence[ActionRun], latest: Change) -> bool:
    """Whether an action was repeated after the newest change on record."""
    return any(
        # Each attempt runs an action once.
        len(runs) > latest.attempt
        or (
            len(runs) > 1
            and not runs[0].failure
            and runs[0].started_at > latest.at + _EVENT_PRECISION
        )
        for runs in _by_action(actions)
    )


def _by_action(actions: Sequence[ActionRun]) -> Iterable[Sequence[ActionRun]]:
    """The executions of each action, the newest first."""
    found: dict[tuple[str, str], list[ActionRun]] = {}
    for run in actions:
        found.setdefault((run.stage, run.action), []).append(run)
    return found.values()
