"""What should happen next to a release, as a pure function of what the ledger says.

Any number of functions may decide at once from slightly different views: each decision is applied
by a conditional write, so a decision that came too late changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from release_core.decide.timing import CLAIM_WINDOW, TASK_WINDOW
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus


@dataclass(frozen=True)
class Stop:
    """Ask CodePipeline to stop the execution; ``timed_out`` when its time is up."""

    pipeline: Pipeline
    why: str
    timed_out: bool = False


@dataclass(frozen=True)
class End:
    """Record how the execution ended."""

    pipeline: Pipeline
    change: Change


@dataclass(frozen=True)
class Skip:
    """Never start the pipeline."""

    pipeline: Pipeline
    why: str


@dataclass(frozen=True)
class Free:
    """Give back the slot of a pipeline that has ended."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Retry:
    """Retry the failed stage; ``again`` when an earlier retry was left half done."""

    pipeline: Pipeline
    change: Change
    again: bool = False


@dataclass(frozen=True)
class Find:
    """Find out whether a start or retry that nobody recorded took place."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Start:
    """Start the pipeline; ``again`` when an earlier start was left half done."""

    pipeline: Pipeline
    again: bool = False


@dataclass(frozen=True)
class Settle:
    """Resolve the task token with the outcome on record."""

    pipeline: Pipeline


type Decision = Stop | End | Skip | Free | Retry | Find | Start | Settle

# A token that is not settled yet brings its task back here: so settling comes last.
_URGENCY = (Stop, End, Skip, Free, Retry, Find, Start, Settle)


def decide(
    release: Release, now: datetime, *, actor: str = "", only: str | None = None
) -> list[Decision]:
    """The decisions that are due, the most urgent first; empty when there is none.

    ``actor`` names the invocation that asks: a claim of its own is one that it has to go on with.
    With ``only``, just that pipeline and those it depends on need to be known.
    """
    decisions = [
        decision
        for pipeline in sorted(release.pipelines.values(), key=lambda each: each.position)
        if only in {None, pipeline.name} and not release.renews(pipeline)
        for decision in _decide_pipeline(release, pipeline, now, actor)
    ]
    # What is skipped for want of another one is skipped after it.
    places = {name: place for place, name in enumerate(release.lost)}
    decisions.sort(key=lambda each: (_URGENCY.index(type(each)), places.get(each.pipeline.name, 0)))
    return _within_limit(release, decisions)


def _within_limit(release: Release, decisions: Sequence[Decision]) -> list[Decision]:
    if release.max_concurrency is None:
        return list(decisions)
    free = release.max_concurrency - len(release.in_flight)
    within: list[Decision] = []
    for decision in decisions:
        if isinstance(decision, Start) and decision.pipeline.name not in release.in_flight:
            free -= 1
            if free < 0:
                continue
        within.append(decision)
    return within


def _decide_pipeline(
    release: Release, pipeline: Pipeline, now: datetime, actor: str
) -> Iterator[Decision]:
    if pipeline.status.ended:
        if pipeline.name in release.in_flight:
            yield Free(pipeline)
        if pipeline.task_token and not pipeline.settled:
            yield Settle(pipeline)
    elif pipeline.execution_id:
        yield from _decide_started(release, pipeline, now, actor)
    elif pipeline.status is PipelineStatus.STARTING:
        yield from _decide_starting(release, pipeline, now, actor)
    else:
        yield from _decide_waiting(release, pipeline, now)


def _decide_started(
    release: Release, pipeline: Pipeline, now: datetime, actor: str
) -> Iterator[Decision]:
    latest = pipeline.execution.latest if pipeline.execution else None
    if latest is None or not latest.state.ended:
        if not pipeline.stop_requested_at:
            yield from _decide_running(release, pipeline, now)
        return
    claim = pipeline.retry if latest.state is ExecutionState.FAILED else None
    if claim and claim.attempt != latest.attempt:
        claim = None
    # As with a start: a token registered since, a claim of our own, or enough time has passed.
    if claim and not (
        claim.by == actor
        or pipeline.registrations > claim.registration
        or now - claim.at > CLAIM_WINDOW
    ):
        if release.status is not ReleaseStatus.RUNNING:
            yield Find(pipeline)
    elif _may_retry(release, pipeline, latest, now) and (
        claim or pipeline.retried < pipeline.retries
    ):
        yield Retry(pipeline, latest, again=claim is not None)
    else:
        yield End(pipeline, latest)


def _may_retry(release: Release, pipeline: Pipeline, latest: Change, now: datetime) -> bool:
    return (
        latest.state is ExecutionState.FAILED
        and not pipeline.stop_requested_at
        and not any(_decide_running(release, pipeline, now))  # what would be stopped at once
    )


def _decide_running(release: Release, pipeline: Pipeline, now: datetime) -> Iterator[Decision]:
    end = expiry(release, pipeline)
    if release.status is not ReleaseStatus.RUNNING:
        yield Stop(pipeline, f"release {release.release_id} is {release.status}")
    elif release.halted_by and release.on_failure.stops:
        yield Stop(pipeline, f"{release.halted_by} did not succeed")
    elif end and now >= end:
        yield Stop(pipeline, "its time is up", timed_out=True)


def _decide_starting(
    release: Release, pipeline: Pipeline, now: datetime, actor: str
) -> Iterator[Decision]:
    # The starter is gone when a token was registered since its claim: that is a retry's. A claim
    # of our own is what our first try left; and no starter lives longer than the window.
    gone = (
        pipeline.registrations > pipeline.starting_registration
        or pipeline.started_by == actor
        or (pipeline.start_tried_at is not None and now - pipeline.start_tried_at > CLAIM_WINDOW)
    )
    if release.status is not ReleaseStatus.RUNNING:
        yield Find(pipeline)
    elif gone:
        yield Start(pipeline, again=True) if _why_not(release, now) is None else Find(pipeline)


def _decide_waiting(release: Release, pipeline: Pipeline, now: datetime) -> Iterator[Decision]:
    why_not = _why_not(release, now) or _bad_dependency(release, pipeline)
    if why_not:
        yield Skip(pipeline, why_not)
    elif pipeline.task_token and all(
        release.pipelines[name].status is PipelineStatus.SUCCEEDED for name in pipeline.depends_on
    ):
        yield Start(pipeline)
    elif not pipeline.task_token and now - release.began_at > TASK_WINDOW:
        yield Skip(pipeline, "its task never came")


def _why_not(release: Release, now: datetime) -> str | None:
    """Why the release starts nothing any more, if so."""
    if release.status is not ReleaseStatus.RUNNING:
        return f"release {release.release_id} is {release.status}"
    if release.halted_by:
        return f"the release is halted: {release.halted_by} did not succeed"
    if release.deadline and now >= release.deadline:
        return "the deadline of the release has passed"
    return None


def _bad_dependency(release: Release, pipeline: Pipeline) -> str | None:
    for name in pipeline.depends_on:
        if name in release.lost:
            return f"it depends on {name}, which is {release.lost[name]}"
    return None


def expiry(release: Release, pipeline: Pipeline) -> datetime | None:
    """When the time of a started pipeline is up, if it is limited."""
    limits = [release.deadline] if release.deadline else []
    if pipeline.time_limit and pipeline.started_at:
        limits.append(pipeline.started_at + pipeline.time_limit)
    return min(limits, default=None)
