"""Releases as JSON, with the keys that docs/operating.md describes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import click

from release_core.clock import to_iso
from release_core.domain.approvals import Approval, Vote
from release_core.domain.automation import SkippedStage
from release_core.domain.dropped import ManifestObject
from release_core.domain.execution import Change
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.holds import Freeze, Override
from release_core.domain.holds import Hold as Held
from release_core.domain.manual_approvals import Answer
from release_core.domain.release import Failure, Pipeline, Release
from release_core.domain.revisions import Good, Pin, Revision
from release_machine.release.approvals import approvals_of, behind
from release_machine.release.busy import Behind, HeldUntil, Hold
from release_machine.release.model import Activity
from release_machine.text.printable import json_text

Json: TypeAlias = Mapping[str, Any]

# What is shown of each type, in this order: nothing else, so no token and no value of a variable.
_KEYS = {
    Release: (
        "releaseId title notes kind status executionArn openedAt closedAt channel requester why "
        "pipelineCount "
        "attempt resumedAt attempts onFailure onSkipped haltedBy pending notBefore deadline "
        "maxConcurrency "
        "rollbackOf restores rollsBackAs rolledBackBy requesters override requestedId object audit"
    ),
    Pipeline: (
        "name status dependsOn held attempt attempts retries retried timeoutMinutes executionId "
        "startedAt endedAt stopRequestedAt stopReason editedAt failure lateSuccess skippedStages "
        "approvals variables sourceRevisions revisions previousGood changes audit"
    ),
    ManifestObject: "bucket key versionId",
    Freeze: "scope until reason by at",
    Held: "kind until why by scope",
    Override: "reason by at",
    Vote: "by approves comment at",
    SkippedStage: "stage deploys why",
    Answer: "stage action answer by comment at",
    PastAttempt: "attempt status execution why",
    AuditEntry: "at who what before after",
    Change: "state attempt at source note",
    Failure: "stage action code message summary link",
    Revision: "action type revision origin artifact summary committedAt author",
    Pin: "actionName revisionType revisionValue",
    Good: "releaseId executionId at revisions variables",
    Activity: (
        "stage action waitsFor condition rules opensAt since message wayOut wayToReject ends "
        "edited link"
    ),
    Hold: "pipeline releaseId executionArn since",
    HeldUntil: "until",
    Behind: "releaseId executionArn since pipelines",
}
# The attributes whose keys are not their names in camelCase.
_ATTRIBUTES = {
    (Approval, "expiresAfterMinutes"): "expires_after",
    (PastAttempt, "attempt"): "number",
    (Release, "object"): "dropped",
    (Pipeline, "timeoutMinutes"): "time_limit",
    (Pipeline, "variables"): "variable_names",
    (Good, "variables"): "variable_names",
    (Pin, "actionName"): "action",
    (Pin, "revisionType"): "type",
    (Pin, "revisionValue"): "revision",
}
_NULL_IF_EMPTY = {"code", "summary", "link"}


def write(document: Json | Sequence[Json]) -> None:
    """Print a document, indented."""
    click.echo(json_text(document, indent=2))


def release_document(release: Release) -> Json:
    """A release, with its pipelines and approvals if they were read."""
    if not release.pipelines:
        return document(release)  # type: ignore[no-any-return] # an object
    pipelines = [document(each) for each in release.of_codepipeline.values()]
    approvals = [approval_document(release, each) for each in approvals_of(release).values()]
    return {**document(release), "pipelines": pipelines, "approvals": approvals}


def approval_document(release: Release, node: Pipeline) -> Json:
    """An approval of a release."""
    return {
        **part(node, "name status dependsOn"),
        **part(node.approval, "question minApprovals fourEyes expiresAfterMinutes"),
        **part(node.approval, "askedAt expiresAt votes"),
        "behind": behind(release, node),
        **part(node, "endedAt failure attempt attempts audit"),
    }


def bom_document(release: Release) -> Json:
    """The bill of materials of a release."""
    pipelines = [
        part(each, "name status executionId revisions") for each in release.of_codepipeline.values()
    ]
    return {**part(release, "releaseId status"), "pipelines": pipelines}


def document(item: object) -> Any:
    """A value as JSON: times as in the ledger, and of a release or a part of one its known keys."""
    if type(item) in _KEYS:
        return part(item, _KEYS[type(item)])
    if isinstance(item, datetime):
        return to_iso(item)
    if isinstance(item, timedelta):
        return int(item.total_seconds() // 60)
    if isinstance(item, tuple | list):
        return [document(each) for each in item]
    return dict(item) if isinstance(item, Mapping) else item


def part(item: object, keys: str) -> dict[str, Any]:
    """Some keys of a value, separated by spaces."""
    return {key: _value(item, key) for key in keys.split()}


def _value(item: object, key: str) -> Any:
    if isinstance(item, Pipeline) and key == "stopReason" and item.stop_requested_at is None:
        return None
    attribute = _ATTRIBUTES.get((type(item), key)) or re.sub("([A-Z])", r"_\1", key).lower()
    value = document(getattr(item, attribute))
    return None if key in _NULL_IF_EMPTY and not value else value
