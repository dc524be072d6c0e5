"""Releases as JSON, with the keys that docs/operating.md describes."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from release_core.clock import to_iso
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.release import Failure, Pipeline, Release
from release_core.domain.revisions import Good, Revision
from release_machine.release.model import Activity

type Json = Mapping[str, Any]


def write(document: Json | Sequence[Json]) -> None:
    """Print a document, indented."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def moment(at: datetime | None) -> str | None:
    """A time as in the ledger: in UTC, with milliseconds."""
    return None if at is None else to_iso(at)


def release_document(release: Release) -> Json:
    """A release, with its pipelines if they were read."""
    document: dict[str, Any] = {
        "releaseId": release.release_id,
        "status": release.status,
        "executionArn": release.execution_arn,
        "openedAt": moment(release.opened_at),
        "closedAt": moment(release.closed_at),
        "channel": release.channel,
        "requester": release.requester,
        "why": release.why,
        "pipelineCount": release.pipeline_count,
        "attempt": release.attempt,
        "resumedAt": moment(release.resumed_at),
        "attempts": [_past(each) for each in release.attempts],
        "onFailure": release.on_failure,
        "haltedBy": release.halted_by,
        "deadline": moment(release.deadline),
        "maxConcurrency": release.max_concurrency,
        "rollbackOf": release.rollback_of,
        "rollsBackAs": release.rolls_back_as,
        "rolledBackBy": release.rolled_back_by,
        "audit": [_audit(each) for each in release.audit],
    }
    if release.pipelines:
        document["pipelines"] = [pipeline_document(each) for each in release.pipelines.values()]
    return document


def pipeline_document(pipeline: Pipeline) -> Json:
    """One pipeline of a release."""
    limit = pipeline.time_limit
    return {
        "name": pipeline.name,
        "status": pipeline.status,
        "dependsOn": list(pipeline.depends_on),
        "attempt": pipeline.attempt,
        "attempts": [_past(each) for each in pipeline.attempts],
        "retries": pipeline.retries,
        "retried": pipeline.retried,
        "timeoutMinutes": None if limit is None else int(limit.total_seconds() // 60),
        "executionId": pipeline.execution_id,
        "startedAt": moment(pipeline.started_at),
        "endedAt": moment(pipeline.ended_at),
        "stopRequestedAt": moment(pipeline.stop_requested_at),
        "stopReason": pipeline.stop_reason if pipeline.stop_requested_at else None,
        "failure": failure_document(pipeline.failure),
        "variables": list(pipeline.variable_names),
        "sourceRevisions": [
            {
                "actionName": pin.action,
                "revisionType": pin.type,
                "revisionValue": pin.revision,
            }
            for pin in pipeline.source_revisions
        ],
        "revisions": [_revision(each) for each in pipeline.revisions],
        "previousGood": _good(pipeline.previous_good),
        "changes": [
            {
                "state": change.state,
                "attempt": change.attempt,
                "at": moment(change.at),
                "source": change.source,
                "note": change.note,
            }
            for change in pipeline.changes
        ],
        "audit": [_audit(each) for each in pipeline.audit],
    }


def bom_document(release: Release) -> Json:
    """The bill of materials of a release."""
    return {
        "releaseId": release.release_id,
        "status": release.status,
        "pipelines": [
            {
                "name": pipeline.name,
                "status": pipeline.status,
                "executionId": pipeline.execution_id,
                "revisions": [_revision(each) for each in pipeline.revisions],
            }
            for pipeline in release.pipelines.values()
        ],
    }


def failure_document(failure: Failure | None) -> Json | None:
    """Why a pipeline did not succeed."""
    if failure is None:
        return None
    return {
        "stage": failure.stage,
        "action": failure.action,
        "code": failure.code or None,
        "message": failure.message,
        "summary": failure.summary or None,
        "link": failure.link or None,
    }


def activity_document(activity: Activity) -> Json:
    """The activity of a running pipeline, and what it waits for."""
    return {
        "stage": activity.stage,
        "action": activity.action,
        "waitsFor": activity.waits_for,
        "since": moment(activity.since),
        "message": activity.message,
        "wayOut": activity.way_out,
        "ends": activity.ends,
        "link": activity.link,
    }


def _revision(revision: Revision) -> Json:
    return {
        "action": revision.action,
        "type": revision.type,
        "revision": revision.revision,
        "origin": None if revision.origin is None else dict(revision.origin),
        "artifact": revision.artifact,
        "summary": revision.summary or None,
    }


def _good(good: Good | None) -> Json | None:
    if good is None:
        return None
    return {
        "releaseId": good.release_id,
        "executionId": good.execution_id,
        "at": moment(good.at),
        "revisions": [_revision(each) for each in good.revisions],
        "variables": list(good.variable_names),
    }


def _past(past: PastAttempt) -> Json:
    return {
        "attempt": past.number,
        "status": past.status,
        "execution": past.execution,
        "why": past.why,
    }


def _audit(entry: AuditEntry) -> Json:
    return {
        "at": moment(entry.at),
        "who": entry.who,
        "what": entry.what,
        "before": entry.before,
        "after": entry.after,
    }
