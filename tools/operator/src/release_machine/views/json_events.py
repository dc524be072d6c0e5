"""Events as JSON, one object per line, for programs that follow a release."""

import json
from datetime import UTC, datetime
from typing import TextIO

from release_machine.follow.events import (
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
from release_machine.follow.opening import AlreadyReleased, Answer, Planned, Rejected
from release_machine.release.busy import Hold
from release_machine.release.model import Snapshot
from release_machine.views.json_output import Json, activity_document, failure_document, moment


class JsonView:
    """Writes each event as one line, with the time when it was seen."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Write the events since the last look."""
        looked_at = snapshot.at if snapshot else datetime.now(UTC)
        release_id = snapshot.release.release_id if snapshot else None
        for event in events:
            at = event.at if isinstance(event, LookFailed) else looked_at
            self._write(at, event, {"releaseId": release_id, **_facts(event)})
        self._out.flush()

    def answer(self, answer: Answer) -> None:
        """Write the answer of an execution that opened nothing new."""
        self._write(datetime.now(UTC), answer, {"releaseId": None, **_of_answer(answer)})
        self._out.flush()

    def _write(self, at: datetime, event: Event | Answer, facts: Json) -> None:
        document = {"at": moment(at), "event": event_name(type(event)), **facts}
        self._out.write(json.dumps(document, ensure_ascii=False) + "\n")


def event_name(kind: type) -> str:
    """The name of a kind of event."""
    name = kind.__name__
    return name[0].lower() + name[1:]


def _of_answer(answer: Answer) -> Json:
    match answer:
        case AlreadyReleased():
            return {"releaseId": answer.release_id, "releasedBy": answer.released_by}
        case Planned():
            return answer.plan
        case Rejected():
            return {"error": answer.error, "cause": answer.cause}


def _facts(event: Event) -> Json:
    match event:
        case ReleaseWaits(execution_arn, holds):
            return {"executionArn": execution_arn, "holds": [_hold(each) for each in holds]}
        case LookFailed(problem, next_step, _):
            return {"problem": problem, "nextStep": next_step}
        case ReleaseFound() | ReleaseHalted() | ReleaseProgressed() | ReleaseClosed():
            return {"status": event.release.status, **_of_release(event)}
        case _:
            pipeline = event.pipeline
            return {"pipeline": pipeline.name, "status": pipeline.status, **_of_pipeline(event)}


def _hold(hold: Hold) -> Json:
    return {
        "pipeline": hold.pipeline,
        "releaseId": hold.release_id,
        "executionArn": hold.execution_arn,
        "since": moment(hold.since),
    }


def _of_release(event: ReleaseEvent) -> Json:
    match event:
        case ReleaseFound(release):
            return {
                "executionArn": release.execution_arn,
                "attempt": release.attempt,
                "openedAt": moment(release.opened_at),
                "pipelines": [
                    {
                        "name": pipeline.name,
                        "status": pipeline.status,
                        "dependsOn": list(pipeline.depends_on),
                    }
                    for pipeline in release.pipelines.values()
                ],
            }
        case ReleaseHalted(release):
            return {"haltedBy": release.halted_by}
        case ReleaseProgressed(release, remaining, unknown):
            return {
                "ended": release.ended_count,
                "pipelineCount": release.pipeline_count,
                "secondsLeft": None if remaining is None else round(remaining.total_seconds()),
                "noEstimate": unknown,
            }
        case ReleaseClosed(release):
            return {
                "closedAt": moment(release.closed_at),
                "why": release.why,
                "rollsBackAs": release.rolls_back_as,
            }


def _of_pipeline(event: PipelineEvent) -> Json:
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
            return activity_document(activity)
        case PipelineStopping(_, stopping):
            return {"why": stopping}
