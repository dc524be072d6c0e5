"""The fields of each event: their JSON types, and what they mean in words for readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release_core.domain.announcement import MAX_LISTED
from release_core.domain.announcements import (
    APPROVAL_ANSWERED,
    APPROVAL_REQUESTED,
    PIPELINE_SETTLED,
    RELEASE_CANCELLED,
    RELEASE_FAILED,
    RELEASE_FAILING,
    RELEASE_HELD,
    RELEASE_ORPHANED,
    RELEASE_REJECTED,
    RELEASE_STARTED,
    RELEASE_STUCK,
    RELEASE_SUCCEEDED,
)
from release_core.domain.release import OnFailure, PipelineStatus, ReleaseKind, ReleaseStatus

type Schema = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event: when it is put, and its own fields beside the common ones."""

    when: str
    fields: Mapping[str, Schema]
    is_internal: bool = False


def text(says: str) -> Schema:
    return {"description": says, "type": "string"}


def text_or_null(says: str) -> Schema:
    return {"description": says, "type": ["string", "null"]}


def number(says: str) -> Schema:
    return {"description": says, "type": "integer", "minimum": 0}


def flag(says: str) -> Schema:
    return {"description": says, "type": "boolean"}


def time(says: str) -> Schema:
    return {"description": says, "type": "string", "pattern": _TIME}


def time_or_null(says: str) -> Schema:
    return {"description": says, "type": ["string", "null"], "pattern": _TIME}


def one_of(says: str, *values: str) -> Schema:
    return {"description": says, "type": "string", "enum": [*values]}


def texts(says: str, *, most: int | None = None) -> Schema:
    return _list({"type": "string"}, says, most)


def objects(says: str, fields: Mapping[str, Schema], *, most: int | None = None) -> Schema:
    return _list(record(fields), says, most)


def record(fields: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": True,
        "properties": dict(fields),
        "required": [name for name in fields if name not in OPTIONAL],
    }


def statuses(says: str) -> Schema:
    values = {"type": "string", "enum": [each.value for each in PipelineStatus]}
    return {"description": says, "type": "object", "additionalProperties": values}


def _list(items: Schema, says: str, most: int | None) -> Schema:
    limit = {"maxItems": most} if most else {}
    return {"description": says, "type": "array", "items": items, **limit}


_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"
# Absent unless they say something.
OPTIONAL = {"omitted", "waiting", "running", "succeeded", "failed", "skipped"}

_STATUS_OF_NODE = one_of("its status", *(each.value for each in PipelineStatus if each.ended))
_ON_FAILURE = one_of("the `onFailure` of the manifest", *(each.value for each in OnFailure))
_BEGAN = time("when the attempt was opened")
_RUNNING = one_of("the status of the release", ReleaseStatus.RUNNING.value)
_CHANNEL = text_or_null("the door through which the release came")
_QUESTION: Mapping[str, Schema] = {
    "approval": text("the name of the approval"),
    "question": text_or_null("what people are asked"),
    "votes": number("people who have approved so far"),
    "needed": number("people who have to approve"),
}

COMMON: Mapping[str, Schema] = {
    "schemaVersion": {
        "description": "changes only if a field is removed or changes its type",
        "const": "1",
    },
    "eventId": {
        "description": "the same for a repeat of the event",
        "type": "string",
        "format": "uuid",
    },
    "at": time("when it happened, in UTC"),
    "deployment": text("the `name_prefix` of the deployment"),
    "releaseId": text_or_null("the release; `null` if a rejected manifest names none"),
    "title": text_or_null("the `title` of the manifest"),
    "releaseKind": {
        "description": "the `kind` of the manifest; `null` if the manifest was rejected",
        "type": ["string", "null"],
        "enum": [*(each.value for each in ReleaseKind), None],
    },
    "attempt": {
        "description": "the attempt of the release; `null` before it is opened",
        "type": ["integer", "null"],
        "minimum": 1,
    },
    "executionArn": text("the workflow execution"),
    "requester": text_or_null("who asked for the release or retried it last, if known"),
    "counts": {
        "description": "numbers of pipelines: `total`, and `waiting`, `running`, `succeeded`, "
        "`failed` (ended otherwise) and `skipped` where they are known",
        **record(
            {
                name: {"type": "integer", "minimum": 0}
                for name in ("total", "waiting", "running", "succeeded", "failed", "skipped")
            }
        ),
        "required": [],
    },
    "failures": objects(
        f"what did not succeed, at most {MAX_LISTED}: `pipeline` (or approval), `stage`, `action`, "
        "`reason`, `link`",
        {
            "pipeline": text("the name of the pipeline or approval"),
            "stage": text_or_null("the stage that failed"),
            "action": text_or_null("the action that failed"),
            "reason": text("why, in one line"),
            "link": text_or_null("a page with more"),
        },
        most=MAX_LISTED,
    ),
    "nextCommand": text_or_null("the command that a person may want next"),
    "consoleUrl": text_or_null("the workflow execution in the AWS console"),
}


def _outcome(status: ReleaseStatus) -> Mapping[str, Schema]:
    return {
        "status": one_of("the outcome", status.value),
        "why": text("the reason"),
        "beganAt": _BEGAN,
        "pipelines": statuses("the status of each pipeline, by its name"),
        "approvals": statuses("the status of each approval, by its name"),
        "rollbackOf": text_or_null("the release that it rolled back"),
        "rollsBackAs": text_or_null("the rollback that starts now"),
        "omitted": number("pipelines and approvals left out, because the event is large"),
    }


EVENTS: Mapping[str, Event] = {
    RELEASE_STARTED: Event(
        when="an attempt of a release was opened",
        fields={
            "status": _RUNNING,
            "beganAt": _BEGAN,
            "channel": _CHANNEL,
            "onFailure": _ON_FAILURE,
            "deadline": time_or_null("the deadline of the release"),
            "rollbackOf": text_or_null("the release that it rolls back"),
        },
    ),
    RELEASE_REJECTED: Event(
        when="a manifest became no release",
        fields={
            "status": one_of("the outcome", ReleaseStatus.REJECTED.value),
            "error": text("the name of the error"),
            "why": text("what is wrong, with a line for each problem"),
            "problems": texts(f"the first {MAX_LISTED} problems, if it lists any", most=MAX_LISTED),
            "channel": _CHANNEL,
            "source": text_or_null("the object that had the manifest"),
        },
    ),
    RELEASE_HELD: Event(
        when="a release waits to be opened, for its time or for pipelines",
        fields={
            "kind": one_of("what it waits for", "time", "pipelines"),
            "why": text("what it waits for, in words"),
            "heldUntil": time_or_null("its `notBefore`"),
            "holds": objects(
                f"the first {MAX_LISTED} pipelines it waits for: `pipeline`, and `releaseId` and "
                "`executionArn` of the release that comes first; with `waits`, that one waits, too",
                {
                    "pipeline": text("the name of the pipeline"),
                    "releaseId": text("the release that comes first"),
                    "executionArn": text("its workflow execution"),
                    "waits": flag("whether that release waits, too, instead of holding the lock"),
                },
                most=MAX_LISTED,
            ),
            "channel": _CHANNEL,
        },
    ),
    PIPELINE_SETTLED: Event(
        when="a pipeline or an approval has ended in this attempt",
        fields={
            "pipeline": text("the name of the pipeline or approval"),
            "kind": one_of("which of them", "pipeline", "approval"),
            "status": _STATUS_OF_NODE,
            "why": text_or_null("why it did not succeed"),
            "beganAt": time_or_null("when it was started, or when people were asked"),
            "executionId": text_or_null("its execution in CodePipeline"),
            "link": text_or_null("its execution in the AWS console"),
            "retried": number("retries that were used"),
            "revisions": objects(
                f"what it shipped, at most {MAX_LISTED}: `action`, `artifact`, `revision`, "
                "`summary`, and `source` with the keys of the action's configuration",
                {
                    "action": text_or_null("the source action"),
                    "artifact": text("the artifact"),
                    "revision": text("the revision, such as a commit"),
                    "summary": text_or_null("its summary, such as a commit message"),
                    "source": {
                        "description": "the object or repository",
                        "type": "object",
                        "additionalProperties": {"type": "string"},
                    },
                },
                most=MAX_LISTED,
            ),
            "skippedStages": texts("stages that CodePipeline skipped, and why", most=MAX_LISTED),
        },
    ),
    RELEASE_FAILING: Event(
        when="the first pipeline or approval did not succeed, and the release is still open; "
        "if nothing else of it runs, the outcome follows at once",
        fields={
            "status": one_of("the status of the release", *(each.value for each in ReleaseStatus)),
            "beganAt": _BEGAN,
            "pipeline": text("the pipeline or approval"),
            "onFailure": _ON_FAILURE,
            "halted": flag("whether nothing more starts"),
        },
    ),
    APPROVAL_REQUESTED: Event(
        when="all that an approval depends on has succeeded, and people are asked",
        fields={
            **_QUESTION,
            "fourEyes": flag("whether the requesters cannot answer"),
            "expiresAt": time_or_null("when it counts as not answered in time"),
        },
    ),
    APPROVAL_ANSWERED: Event(
        when="the answer of a person to an approval counts",
        fields={
            **_QUESTION,
            "decision": one_of("the answer", "approve", "reject"),
            "by": text("the ARN of the person"),
            "comment": text_or_null("what the person said"),
            "status": one_of(
                "the status of the approval", *(each.value for each in PipelineStatus)
            ),
        },
    ),
    RELEASE_STUCK: Event(
        when="the hourly rule found an open release that does not go on",
        fields={
            "status": _RUNNING,
            "beganAt": _BEGAN,
            "kind": one_of(
                "`deadline`: it is open past its deadline; `wait`: a task did not look in time",
                "deadline",
                "wait",
            ),
            "why": text("what is late, in words"),
            "since": time("since when it is late"),
            "deadline": time_or_null("the deadline of the release"),
            "stuckPipelines": texts(
                f"the first {MAX_LISTED} pipelines and approvals that it waits for", most=MAX_LISTED
            ),
        },
    ),
    RELEASE_SUCCEEDED: Event(
        when="a release was closed, and every pipeline succeeded",
        fields=_outcome(ReleaseStatus.SUCCEEDED),
    ),
    RELEASE_FAILED: Event(
        when="a release was closed, and not every pipeline succeeded",
        fields=_outcome(ReleaseStatus.FAILED),
    ),
    RELEASE_CANCELLED: Event(
        when="a release was closed because its workflow execution was stopped",
        fields=_outcome(ReleaseStatus.CANCELLED),
    ),
    RELEASE_ORPHANED: Event(
        when="the workflow execution of a release had ended, and the release was not closed",
        is_internal=True,
        fields={
            "releaseId": text("the release"),
            "executionArn": text("the workflow execution"),
            "stateMachineArn": text("the state machine"),
            "status": one_of("how the execution ended", "ABORTED", "FAILED", "TIMED_OUT"),
            "error": text_or_null("its error"),
            "cause": text_or_null("its cause"),
        },
    ),
}
