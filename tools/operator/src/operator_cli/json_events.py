"""One JSON object per line and change, for programs that follow a release."""

import json
from datetime import UTC, datetime
from typing import Any, TextIO

from operator_cli.follow import (
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
    ReleaseFound,
    ReleaseHalted,
    ReleaseProgressed,
)
from operator_cli.json_output import activity_document, failure_document, moment
from operator_cli.model import Release, Snapshot


class JsonView:
    """Writes each event as one line, with the time at which it was seen."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Write what changed since the last look."""
        looked_at = snapshot.at if snapshot else datetime.now(UTC)
        release_id = snapshot.release.release_id if snapshot else None
        for event in events:
            at = event.at if isinstance(event, LookFailed) else looked_at
            document = {
                "at": moment(at),
                "event": event_name(type(event)),
                "releaseId": release_id,
                **_facts(event),
            }
            self._out.write(json.dumps(document, ensure_ascii=False) + "\n")
        self._out.flush()


def event_name(kind: type) -> str:
    """What the events of a kind are called."""
    name = kind.__name__
    return name[0].lower() + name[1:]


def _facts(event: Event) -> dict[str, Any]:
    match event:
        case ReleaseFound(release):
            return {
                **_of_release(release),
                "executionArn": release.execution_arn,
                "attempt": release.attempt,
                "openedAt": moment(release.opened_at),
                "pipelines": [
                    {
                        "name": pipeline.name,
                        "status": pipeline.status,
                        "dependsOn": list(pipeline.depends_on),
                    }
                    for pipeline in release.pipelines
                ],
            }
        case ReleaseHalted(release):
            return {**_of_release(release), "haltedBy": release.halted_by}
        case ReleaseClosed(release):
            return {
                **_of_release(release),
                "closedAt": moment(release.closed_at),
                "why": release.why,
                "rollsBackAs": release.rolls_back_as,
            }
        case ReleaseProgressed(release, remaining, unknown):
            return {
                **_of_release(release),
                "ended": release.ended_count,
                "pipelineCount": release.pipeline_count,
                "secondsLeft": None if remaining is None else round(remaining.total_seconds()),
                "noEstimate": unknown,
            }
        case LookFailed(problem, next_step, _):
            return {"problem": problem, "nextStep": next_step}
        case _:
            pipeline = event.pipeline
            return {"pipeline": pipeline.name, "status": pipeline.status, **_of_pipeline(event)}


def _of_release(release: Release) -> dict[str, Any]:
    return {"status": release.status}


def _of_pipeline(event: PipelineEvent) -> dict[str, Any]:
    match event:
        case PipelineMoved(pipeline, before):
            return {
                "before": before,
                "executionId": pipeline.execution_id,
                "startedAt": moment(pipeline.started_at),
                "endedAt": moment(pipeline.ended_at),
                "failure": failure_document(pipeline.failure),
            }
        case PipelineKept(pipeline):
            return {"attempt": pipeline.attempt}
        case PipelineWaits(_, waits_for):
            return {"waitsFor": waits_for}
        case PipelineRetried(pipeline):
            return {"retried": pipeline.retried, "retries": pipeline.retries}
        case PipelineActs(_, activity):
            return dict(activity_document(activity))
        case PipelineStopping(_, stopping):
            return {"why": stopping}
