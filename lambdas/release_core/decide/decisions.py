"""Decides what should happen next to a release: a pure function of what the ledger says.

Several functions may decide at the same time from slightly different reads of the ledger. Each
decision is applied by a conditional write, so a decision that comes too late changes nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

from release_core.decide.approvals import Answer, answer_to
from release_core.decide.missing import is_question_missing, missing_votes
from release_core.decide.timing import CLAIM_WINDOW, MIN_WAIT, TASK_WINDOW, look_after_hold
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.holds import Hold, HoldKind
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.immutable import Immutable


class Stop(Immutable, kw_only=False):
    """Ask CodePipeline to stop the execution; ``timed_out`` at its time limit or the deadline."""

    pipeline: Pipeline
    why: str
    timed_out: bool = False


class End(Immutable, kw_only=False):
    """Record how the execution ended."""

    pipeline: Pipeline
    change: Change


class Skip(Immutable, kw_only=False):
    """Never start the pipeline; it ``fails`` when it should have been started."""

    pipeline: Pipeline
    why: str
    fails: bool = False


class Free(Immutable, kw_only=False):
    """Free the ``max_concurrency`` slot of a pipeline that has ended."""

    pipeline: Pipeline


class Retry(Immutable, kw_only=False):
    """Retry the failed stage; ``again`` when an earlier retry was claimed and not completed."""

    pipeline: Pipeline
    change: Change
    again: bool = False


class Resolve(Immutable, kw_only=False):
    """Find out whether a start or retry that was claimed and not completed took place.

    A start that did not take place is then held, if there is a ``hold``.
    """

    pipeline: Pipeline
    hold: Hold | None = None


class Start(Immutable, kw_only=False):
    """Start the pipeline; ``again`` when an earlier start was claimed and not completed."""

    pipeline: Pipeline
    again: bool = False


class Keep(Immutable, kw_only=False):
    """Keep the pipeline from being started for a while, and record why."""

    pipeline: Pipeline
    hold: Hold


class Ask(Immutable, kw_only=False):
    """Ask people for the approval: all that it depends on has succeeded."""

    pipeline: Pipeline


class StopAsking(Immutable, kw_only=False):
    """Take no more votes for the approval, because it ends without an answer."""

    pipeline: Pipeline
    answer: Answer


class EndApproval(Immutable, kw_only=False):
    """Record how the approval ended: by its votes, or because nobody answers it any more."""

    pipeline: Pipeline
    answer: Answer


class Announce(Immutable, kw_only=False):
    """Announce that people are asked for the approval, or how they have answered until now."""

    pipeline: Pipeline


class LookEarlier(Immutable, kw_only=False):
    """Let the task of the pipeline look at this time, before its wait ends."""

    pipeline: Pipeline
    at: datetime


class Settle(Immutable, kw_only=False):
    """Settle the task token with the outcome on record."""

    pipeline: Pipeline


Decision: TypeAlias = (
    Stop
    | End
    | StopAsking
    | EndApproval
    | Skip
    | Free
    | Retry
    | Resolve
    | Keep
    | Start
    | Ask
    | Announce
    | LookEarlier
    | Settle
)

# Settling comes last: while its token is not settled, the task times out and returns here, so
# decisions that could not be applied are made again.
_URGENCY = (
    *(Stop, End, StopAsking, EndApproval, Skip, Free),
    *(Retry, Resolve, Keep, Start, Ask, LookEarlier, Announce, Settle),
)


def decide(
    release: Release, now: datetime, *, actor: str = "", only: str | None = None
) -> list[Decision]:
    """The decisions that are due, the most urgent first; empty when nothing is due.

    ``actor`` names the invocation that decides: it continues a start or retry that it has claimed.
    ``only`` limits the decisions to one pipeline; then ``release`` needs only that pipeline and the
    pipelines it depends on.
    """
    decisions = [
        decision
        for pipeline in sorted(release.pipelines.values(), key=lambda each: each.position)
        if only in {None, pipeline.name} and not release.renews(pipeline)
        for decision in _decide_pipeline(release, pipeline, now, actor)
    ]
    # A pipeline is skipped after the pipeline that it depends on.
    places = {name: place for place, name in enumerate(release.lost)}
    decisions.sort(key=lambda each: (_URGENCY.index(type(each)), places.get(each.pipeline.name, 0)))
    return decisions


def _decide_pipeline(
    release: Release, pipeline: Pipeline, now: datetime, actor: str
) -> Iterator[Decision]:
    if pipeline.status.ended:
        if pipeline.name in release.in_flight:
            yield Free(pipeline)
        if pipeline.task_token and not pipeline.settled:
            yield Settle(pipeline)
        return
    if pipeline.approval:
        now_due = [*_decide_approval(release, pipeline, now)]
    elif pipeline.execution_id:
        now_due = [*_decide_started(release, pipeline, now, actor)]
    elif pipeline.status is PipelineStatus.STARTING:
        now_due = [*_decide_starting(release, pipeline, now, actor)]
    else:
        now_due = [*_decide_waiting(release, pipeline, now)]
    later, planned = next_look(release, pipeline, now), pipeline.looks_at
    if later and planned and max(later, now) + timedelta(seconds=MIN_WAIT) < planned:
        now_due = now_due or [LookEarlier(pipeline, later)]
    yield from now_due
    # The end of an approval announces its votes, too.
    ends = any(isinstance(each, EndApproval) for each in now_due)
    if not ends and (is_question_missing(pipeline) or missing_votes(pipeline)):
        yield Announce(pipeline)


def _decide_started(
    release: Release, pipeline: Pipeline, now: datetime, actor: str
) -> Iterator[Decision]:
    latest = pipeline.execution.latest if pipeline.execution else None
    if latest is None or not latest.state.ended:
        if not pipeline.stop_requested_at:
            yield from _decide_running(release, pipeline, now)
        return
    if waits_for_rollbacks(release, now) and _is_rolled_back_now(pipeline):
        # CodePipeline itself is at work: the pipeline is locked until its rollback has ended.
        return
    claim = pipeline.retry if latest.state is ExecutionState.FAILED else None
    if claim and claim.attempt != latest.attempt:
        claim = None
    # Race: a retry is claimed and its claimant may still be working. As with a start, the claim can
    # be continued if it is our own, if a task token was registered since, or after CLAIM_WINDOW.
    claimant_is_gone = claim is not None and (
        claim.by == actor
        or pipeline.registrations > claim.registration
        or now - claim.at > CLAIM_WINDOW
    )
    if claim and not claimant_is_gone:
        if release.status is not ReleaseStatus.RUNNING or pipeline.given_up:
            yield Resolve(pipeline)
    elif _may_retry(release, pipeline, latest, now) and (
        claim or pipeline.retried < pipeline.retries
    ):
        yield Retry(pipeline, latest, again=claim is not None)
    else:
        yield End(pipeline, latest)


def waits_for_rollbacks(release: Release, now: datetime) -> bool:
    """Whether the release waits for the end of rollbacks that CodePipeline makes by itself."""
    is_late = release.deadline is not None and now >= release.deadline
    return release.status is ReleaseStatus.RUNNING and not is_late


def _is_rolled_back_now(pipeline: Pipeline) -> bool:
    rollback = pipeline.stage_rollback
    return rollback is not None and not (rollback.latest and rollback.latest.state.ended)


def _may_retry(release: Release, pipeline: Pipeline, latest: Change, now: datetime) -> bool:
    return (
        latest.state is ExecutionState.FAILED
        and not pipeline.stop_requested_at
        and not any(_decide_running(release, pipeline, now))  # it would be stopped immediately
    )


def _decide_running(release: Release, pipeline: Pipeline, now: datetime) -> Iterator[Decision]:
    end = expiry(release, pipeline)
    if release.status is not ReleaseStatus.RUNNING:
        yield Stop(pipeline, f"release {release.release_id} is {release.status}")
    elif release.halted_by and release.on_failure.stops:
        yield Stop(pipeline, f"{release.halted_by} did not succeed")
    elif pipeline.given_up:
        yield Stop(pipeline, pipeline.given_up)
    elif end and now >= end:
        limit = "the deadline of the release" if end == release.deadline else "its time limit"
        yield Stop(pipeline, f"{limit} has passed", timed_out=True)


def _decide_starting(
    release: Release, pipeline: Pipeline, now: datetime, actor: str
) -> Iterator[Decision]:
    # Race: a start is claimed and its starter may still be working. The starter is gone if a task
    # token was registered since its claim: then the workflow has retried the task. A claim of our
    # own is from an earlier try of this invocation. No starter lives longer than CLAIM_WINDOW.
    starter_is_gone = (
        pipeline.registrations > pipeline.starting_registration
        or pipeline.started_by == actor
        or (pipeline.start_tried_at is not None and now - pipeline.start_tried_at > CLAIM_WINDOW)
    )
    why_not = _why_not(release, now) or why_not_started(pipeline)
    hold = None if why_not else hold_of(release, pipeline, now)
    starts = not (why_not or hold)
    if release.status is not ReleaseStatus.RUNNING or pipeline.given_up:
        yield Resolve(pipeline)
    elif starts and pipeline.start_again_at and now < pipeline.start_again_at:
        return
    elif starter_is_gone:
        yield Start(pipeline, again=True) if starts else Resolve(pipeline, hold)


def _decide_approval(release: Release, pipeline: Pipeline, now: datetime) -> Iterator[Decision]:
    answer = answer_to(release, pipeline, now=now, end=expiry(release, pipeline))
    if answer and answer.nobody and not pipeline.stop_reason:
        yield StopAsking(pipeline, answer)
    elif answer:
        yield EndApproval(pipeline, answer)
    elif pipeline.status is PipelineStatus.WAITING:
        yield from _decide_waiting(release, pipeline, now)


def _decide_waiting(release: Release, pipeline: Pipeline, now: datetime) -> Iterator[Decision]:
    why_not = _why_not(release, now) or _unmet_dependency(release, pipeline)
    if pipeline.given_up:
        yield Skip(pipeline, pipeline.given_up, fails=True)
    elif why_not:
        yield Skip(pipeline, why_not)
    elif pipeline.task_token and all(
        release.pipelines[name].status is PipelineStatus.SUCCEEDED for name in pipeline.depends_on
    ):
        if pipeline.approval:
            yield Ask(pipeline)
        else:
            yield from _decide_ready(release, pipeline, now)
    elif not pipeline.task_token and now - release.began_at > TASK_WINDOW:
        yield Skip(pipeline, "the workflow did not start its task in time")


def _decide_ready(release: Release, pipeline: Pipeline, now: datetime) -> Iterator[Decision]:
    """What is due for a pipeline that can be started: it is started, or held."""
    hold = hold_of(release, pipeline, now)
    if hold is None:
        yield Start(pipeline)
    elif hold != pipeline.held or pipeline.name in release.in_flight:
        # It has a slot if its starter died, or found it held, between the slot and the claim.
        yield Keep(pipeline, hold)


def hold_of(release: Release, pipeline: Pipeline, now: datetime) -> Hold | None:
    """Why a pipeline that could be started is held now, or None."""
    freeze = release.freeze_of(pipeline.name, now)
    if freeze:
        return Hold(
            kind=HoldKind.FREEZE,
            until=freeze.until,
            why=freeze.reason,
            by=freeze.by,
            scope=freeze.scope,
        )
    held = pipeline.held
    # Whether a freeze holds is known from the freezes. Other holds last as long as is on record.
    if held is None or held.kind is HoldKind.FREEZE or now >= held.until:
        return None
    return None if held.kind is HoldKind.CALENDAR and release.never_held else held


def _why_not(release: Release, now: datetime) -> str | None:
    """Why the release starts no more pipelines, or None."""
    if release.why_over:
        return release.why_over
    if release.deadline and now >= release.deadline:
        return "the deadline of the release has passed"
    return None


def why_not_started(pipeline: Pipeline) -> str | None:
    """Why a pipeline that has no execution fails, or None while it may still be started."""
    tried, until = pipeline.start_tried_at, pipeline.start_tried_until
    begun = pipeline.starting_at or tried
    if pipeline.given_up or not (begun and tried and until and tried >= until):
        return pipeline.given_up
    minutes = (tried - begun) // timedelta(minutes=1)
    return f"could not be started for {minutes} minutes: {pipeline.trouble}"


def _unmet_dependency(release: Release, pipeline: Pipeline) -> str | None:
    for name in pipeline.depends_on:
        if name in release.lost:
            return f"it depends on {name}, which is {release.lost[name]}"
    return None


def expiry(release: Release, pipeline: Pipeline) -> datetime | None:
    """When a started pipeline reaches its time limit or the release's deadline, if it has any.

    The time limit of an approval counts from when people were asked. While CodePipeline itself
    rolls a stage back, only the deadline counts.
    """
    limits = [release.deadline] if release.deadline else []
    if pipeline.time_limit and pipeline.started_at and not pipeline.stage_rollback:
        limits.append(pipeline.started_at + pipeline.time_limit)
    if pipeline.approval and pipeline.approval.expires_at:
        limits.append(pipeline.approval.expires_at)
    return min(limits, default=None)


def next_look(release: Release, pipeline: Pipeline, now: datetime) -> datetime | None:
    """When a task has to look because no event comes: at a limit, or to start the pipeline."""
    if release.status is not ReleaseStatus.RUNNING:
        return None
    limit = None if pipeline.stop_requested_at else expiry(release, pipeline)
    again = pipeline.start_again_at if pipeline.status is PipelineStatus.STARTING else None
    held = _end_of_hold(release, pipeline)
    if held and held <= now:
        held = None  # it waits for something else now
    return min((each for each in (limit, again, held) if each), default=None)


def _end_of_hold(release: Release, pipeline: Pipeline) -> datetime | None:
    held = pipeline.held
    if held is None:
        return None
    if held.kind is HoldKind.TURN:
        return held.until
    return look_after_hold(held.until, key=f"{release.execution_arn} {pipeline.name}")
