"""What each event tells: its words for people, and its facts for programs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeAlias

from release_core.domain.release import Pipeline, Release, ReleaseKind
from release_machine.follow.events import (
    ConnectedAgain,
    Event,
    LookFailed,
    PipelineActs,
    PipelineEvent,
    PipelineKept,
    PipelineMoved,
    PipelineRetried,
    PipelineStopping,
    PipelineWaits,
    ReleaseClosed,
    ReleaseEvent,
    ReleaseFound,
    ReleaseHalted,
    ReleaseProgressed,
    ReleaseWaits,
)
from release_machine.release.approvals import approvals_of, for_people, votes
from release_machine.release.busy import Hold, held_until
from release_machine.release.holds import TO_START_NOW
from release_machine.release.model import Activity
from release_machine.release.phrases import (
    WHAT_TO_DO_WHEN_EDITED,
    counted,
    halted,
    pipelines_and_approvals,
    progress,
    retries_used,
    sentence,
    skips,
)
from release_machine.text.wording import clock_time, duration
from release_machine.views.about import HOTFIX
from release_machine.views.json_output import Json, document, part

Described: TypeAlias = tuple[str, Json]


def described(event: Event, *, name_width: int = 0) -> Described:
    """The line of an event, and its facts; ``name_width`` aligns what follows a pipeline's name."""
    match event:
        case ReleaseWaits(execution_arn, holds):
            return waiting(event), {
                "executionArn": execution_arn,
                "holds": document([each for each in holds if isinstance(each, Hold)]),
                "heldUntil": document(held_until(holds)),
            }
        case LookFailed(problem, next_step, _):
            line = f"{sentence(problem)} The release continues; trying again."
            return line, {"problem": problem, "nextStep": next_step}
        case ConnectedAgain(at, since):
            line = f"connected again after {duration(since, at)}"
            return line, {"since": document(since)}
        case ReleaseFound() | ReleaseHalted() | ReleaseProgressed() | ReleaseClosed():
            words, facts = _of_release(event)
            line = f"release {event.release.release_id}: {words}"
            return line, {"status": event.release.status, **facts}
        case _:
            words, facts = _of_pipeline(event)
            name, status = event.pipeline.name, event.pipeline.status
            line = f"{name:<{name_width}} {status}{words}"
            kind = "approval" if event.pipeline.approval else "pipeline"
            return line, {kind: name, "status": status, **facts}


def waiting(waits: ReleaseWaits) -> str:
    """What a release waits for before it is opened."""
    if not waits.holds:
        return "what it waited for is over: it starts soon"
    name, reasons = waits.execution_arn.rpartition(":")[2], "; ".join(map(str, waits.holds))
    told = (
        f"{reasons}; it starts by itself then"
        if held_until(waits.holds)
        else f"waits for busy pipelines: {reasons}; it starts by itself when they are free"
    )
    return f"{told}; cancel it with: release-machine cancel {name}"


def _of_release(event: ReleaseEvent) -> Described:
    match event:
        case ReleaseFound(release):
            facts = part(release, "title kind executionArn attempt openedAt")
            return _found(release), {
                **facts,
                "pipelines": _nodes(release.of_codepipeline),
                "approvals": _nodes(approvals_of(release)),
            }
        case ReleaseHalted(release):
            return f"halted {halted(release)}", part(release, "haltedBy")
        case ReleaseProgressed(release, remaining, unknown):
            why = f"; no estimate: {unknown}" if unknown else ""
            return f"{progress(release, remaining)}{why}", {
                "ended": release.ended_count,
                "pipelineCount": release.pipeline_count,
                "secondsLeft": None if remaining is None else _whole_seconds(remaining),
                "noEstimate": unknown,
            }
        case ReleaseClosed(release):
            return _closed(release), part(release, "closedAt why rollsBackAs")


def _whole_seconds(period: timedelta) -> int:
    """A duration is never negative, also when the clocks of two machines differ."""
    return max(0, round(period.total_seconds()))


def _nodes(found: Mapping[str, Pipeline]) -> list[Json]:
    return [part(each, "name status dependsOn") for each in found.values()]


def _of_pipeline(event: PipelineEvent) -> Described:
    """The words after the status of the pipeline, and the facts beside it."""
    match event:
        case PipelineMoved(pipeline, before):
            facts = part(pipeline, "executionId startedAt endedAt failure skippedStages")
            if pipeline.approval:
                facts = part(pipeline, "endedAt failure") | part(pipeline.approval, "askedAt votes")
            return _moved(pipeline), {"before": before, **facts}
        case PipelineKept(pipeline):
            return f" in attempt {pipeline.attempt}", part(pipeline, "attempt")
        case PipelineWaits(pipeline, waits_for, way_out):
            start = f"; it starts by itself then; {TO_START_NOW}: {way_out}" if way_out else ""
            facts = {**part(pipeline, "held"), "wayOut": way_out}
            return f" {waits_for}{start}", {"waitsFor": waits_for, **facts}
        case PipelineRetried(pipeline):
            return f" {retries_used(pipeline)}", part(pipeline, "retried retries")
        case PipelineActs(_, activity):
            return f" {_acts(activity)}", document(activity)
        case PipelineStopping(_, stopping):
            return f" {stopping}", {"why": stopping}


def _found(release: Release) -> str:
    pipelines = pipelines_and_approvals(release.pipeline_count, len(approvals_of(release)))
    attempt = f", attempt {release.attempt}" if release.attempt > 1 else ""
    hotfix = HOTFIX if release.kind is ReleaseKind.HOTFIX else ""
    about = ", ".join(filter(None, (hotfix, release.title)))
    return f"{about}{'; ' if about else ''}{pipelines}{attempt}, execution {release.execution_arn}"


def _closed(release: Release) -> str:
    took = duration(release.began_at, release.closed_at)
    why = f": {' '.join(for_people(release.why).split())}" if release.why else ""
    return f"{release.status} after {took}, {counted(release.of_codepipeline.values())}{why}"


def _moved(pipeline: Pipeline) -> str:
    text = ""
    if pipeline.status.ended and pipeline.started_at:
        text = f" after {duration(pipeline.started_at, pipeline.ended_at)}"
    elif pipeline.execution_id:
        text = f" execution {pipeline.execution_id}"
    if pipeline.failure is not None:
        place = f" at {pipeline.failure.place}" if pipeline.failure.place else ""
        link = f" {pipeline.failure.link}" if pipeline.failure.link else ""
        text += f"{place}: {for_people(pipeline.failure.reason)}{link}"
    return "; ".join([text, *skips(pipeline), *votes(pipeline)])


def _acts(activity: Activity) -> str:
    text = f"at {activity.place}" if activity.place else ""
    if activity.edited:
        text += f"; {WHAT_TO_DO_WHEN_EDITED}" if text else WHAT_TO_DO_WHEN_EDITED
    if activity.waits_for:
        text += f"{', ' if text else ''}waits for {activity.waits_for}"
        began = " since" if activity.rules else ", asked at"
        text += f"{began} {clock_time(activity.since)}" if activity.since else ""
    text = text or "is stopping"
    if activity.message:
        text += f" ({activity.message})"
    text += "".join(f", {note}" for note in activity.notes)
    if activity.way_out:
        text += f"; {'stop it now' if activity.ends else 'continue'} with: {activity.way_out}"
    if activity.way_to_reject:
        text += f"; reject it with: {activity.way_to_reject}"
    if activity.link:
        text += f" or at {activity.link}"
    return text
