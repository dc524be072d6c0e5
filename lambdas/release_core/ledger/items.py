"""Ledger items as values, and back: the only module that knows the attributes of the tables."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from release_core.clock import from_iso, to_iso
from release_core.domain.approvals import Approval, Vote
from release_core.domain.automation import Skippable, SkippedStage
from release_core.domain.dropped import ManifestObject
from release_core.domain.execution import Change, Execution, ExecutionState
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.manual_approvals import Answer
from release_core.domain.present_attempt import describe_failure
from release_core.domain.queue import Lock, PipelineRecord, PipelineUse, Place, Waiter
from release_core.domain.release import (
    Failure,
    LockHolder,
    OnFailure,
    OnSkipped,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseKind,
    ReleaseStatus,
    RetryClaim,
)
from release_core.domain.revisions import Good, Pin, Revision
from release_core.ledger.audit import shorten
from release_core.ledger.dynamodb import Item
from release_core.ledger.hold_items import read_hold, read_override
from release_core.ledger.known import known

HEADER = "release"
MANIFEST = "manifest"
# The notes have an item of their own: DynamoDB charges each write of a header by its whole size.
# For people it is read with the pipelines and the header, which follow it in their order.
NOTES = "notes"
POINTER = "execution"
PIPELINE_PREFIX = "pipeline#"
# The partition of what all releases of the deployment share, and its item with the freezes.
ALL_RELEASES = "all releases"
FREEZES = "freezes"
# The partitions of the index by time: releases, and those that wait to be opened.
LISTING, PENDING = "release", "pending"

# What is read for people, of each table. Not the task tokens: they can settle a task, or wake one.
RELEASE_ATTRIBUTES = (
    *("release_id", "item", "status", "attempt", "attempts", "audit", "why", "manifest", "opens"),
    *("title", "notes", "kind"),
    *("execution_arn", "manifest_sha256", "channel", "requester", "source", "pipeline_count"),
    *("opened_at", "resumed_at", "closed_at", "announced_at", "halted_by", "deadline", "abandons"),
    *("not_before", "listing", "place", "waits_for"),
    *("on_failure", "max_concurrency", "in_flight", "ordered"),
    *("rollback_of", "rolls_back_as", "rolled_back_by", "restores"),
    *("pipeline", "position", "depends_on", "dependents", "blocked_by"),
    *("retries", "timeout_minutes"),
    *("variables", "source_revisions", "revisions", "previous_good"),
    *("token_registered_at", "registrations", "settled_at"),
    *("starting_at", "start_tried_at", "starting_registration", "started_by", "starters"),
    *("looks_at", "start_again_at", "start_tried_until", "start_refusals", "given_up"),
    *("execution_id", "earlier_executions", "started_at", "ended_at", "failure", "trouble"),
    *("retried", "retry", "stop_requested_at", "stop_reason", "timed_out", "late_success"),
    *("approvals", "edited_at", "stage_rollback", "skippable", "skipped_stages", "on_skipped"),
    *("approval", "asked_at", "votes", "voters", "rejected_by", "requesters"),
    *("rejected_at", "requested_id"),
    *("freezes", "held", "override", "dropped", "failing_by", "failing_at", "announcements"),
)
PIPELINE_ATTRIBUTES = (
    *("pipeline", "held_by", "held_for", "held_since", "queue"),
    *("latest_release", "taken_from", "last_good.release_id"),
)

# Of the last success in a pipeline everything but the values of variables.
GOOD_ATTRIBUTES = (
    *("pipeline", "last_good.release_id", "last_good.execution_id", "last_good.at"),
    *("last_good.revisions", "last_good.unrecorded_bytes"),
)
# What an export has of a pipeline: of its last success not the values of variables.
RECORD_ATTRIBUTES = (
    *PIPELINE_ATTRIBUTES,
    *("last_good.execution_id", "last_good.at", "last_good.revisions"),
)


def header_key(release_id: str) -> Item:
    """The key of a release's header."""
    return {"release_id": release_id, "item": HEADER}


def manifest_key(release_id: str) -> Item:
    """The key of the item that holds a release's manifest."""
    return {"release_id": release_id, "item": MANIFEST}


def notes_key(release_id: str) -> Item:
    """The key of the item that holds what people should know about a release."""
    return {"release_id": release_id, "item": NOTES}


def pipeline_key(release_id: str, pipeline: str) -> Item:
    """The key of a pipeline's item in a release."""
    return {"release_id": release_id, "item": PIPELINE_PREFIX + pipeline}


def pointer_key(execution_arn: str) -> Item:
    """The key of the item that names the release which a workflow execution opens."""
    return {"release_id": execution_arn, "item": POINTER}


def freezes_key() -> Item:
    """The key of the item that holds the freezes of the deployment."""
    return {"release_id": ALL_RELEASES, "item": FREEZES}


def execution_key(execution_id: str) -> Item:
    """The key of a pipeline execution in the executions table."""
    return {"execution_id": execution_id}


def lock_holder(item: Item) -> LockHolder:
    """The holder of a locked pipeline, from its item in the pipelines table."""
    return LockHolder(
        release_id=item["held_for"],
        execution_arn=item["held_by"],
        since=_moment(item, "held_since"),
    )


def place_text(place: Place) -> str:
    """A place as a member of a queue, which is a string set."""
    return f"{to_iso(place.since)} {place.execution_arn} {place.release_id}"


def read_lock(pipeline: str, item: Item) -> Lock:
    """The lock of a pipeline, from its item in the pipelines table."""
    return Lock(
        pipeline=pipeline,
        holder=lock_holder(item) if "held_by" in item else None,
        queue=tuple(sorted(map(_place, item.get("queue", ())), key=lambda place: place.order)),
    )


def read_use(item: Item) -> PipelineUse:
    """Who uses a pipeline, from its item in the pipelines table."""
    return PipelineUse(
        lock=read_lock(item["pipeline"], item), latest_release=item.get("latest_release")
    )


def read_pipeline_record(item: Item) -> PipelineRecord:
    """What is on record of a pipeline, from its item in the pipelines table."""
    return PipelineRecord(
        lock=read_lock(item["pipeline"], item),
        latest_release=item.get("latest_release"),
        last_good=read_good({"release_id": None, **item["last_good"]})
        if "last_good" in item
        else None,
    )


def read_waiter(item: Item) -> Waiter | None:
    """The waiter that the item of a workflow execution describes, while it waits."""
    if "waits_for" not in item and "listing" not in item:
        return None
    return Waiter(
        place=_place(item["place"]),
        pipelines=frozenset(item.get("waits_for", ())),
        task_token=item.get("task_token"),
    )


def read_pending(item: Item) -> Release:
    """The release that waits to be opened, from the item of its workflow execution."""
    place = _place(item["place"])
    return Release(
        release_id=place.release_id,
        status=ReleaseStatus.RUNNING,
        execution_arn=place.execution_arn,
        title=item.get("title"),
        notes=item.get("notes"),
        kind=ReleaseKind(item.get("kind", ReleaseKind.STANDARD)),
        opened_at=from_iso(item["opened_at"]),
        not_before=_moment(item, "not_before"),
        pending=True,
        waits_for=tuple(sorted(item.get("waits_for", ()))),
        channel=item.get("channel"),
        requester=item.get("requester"),
        pipeline_count=int(item["pipeline_count"]),
        announcements=frozenset(item.get("announcements", ())),
    )


def change_item(change: Change, *, recorded_at: str) -> Item:
    """A state change as an execution's item lists it."""
    return {
        "state": change.state.value,
        "attempt": change.attempt,
        "at": to_iso(change.at),
        "recorded_at": recorded_at,
        "source": change.source,
        "note": change.note,
    }


def plain(value: Failure | Pin | Revision) -> Item:
    """The known fields of a failure, a pin or a revision."""
    return {
        name: to_iso(known) if isinstance(known, datetime) else known
        for name, known in vars(value).items()
        if known is not None
    }


def answer_item(answer: Answer) -> Item:
    """The answer to a manual approval as a pipeline's item lists it."""
    comment = shorten(answer.comment) if answer.comment else None
    return {**vars(answer), "at": to_iso(answer.at), "comment": comment}


def failure_item(failure: Failure) -> Item:
    """A failure as a pipeline's item holds it, shortened: AWS sets no limit for its texts."""
    return {name: shorten(text) for name, text in plain(failure).items()}


def skipped_item(skipped: SkippedStage) -> Item:
    """A skipped stage as a pipeline's item lists it."""
    why = shorten(skipped.why) if skipped.why else None
    return {"stage": skipped.stage, "deploys": skipped.deploys, "why": why}


def skippable_item(skippable: Skippable) -> Item:
    """The stages that may be skipped, as a pipeline's item holds them."""
    return {"version": skippable.version, "stages": dict(skippable.stages)}


def read_good(item: Item) -> Good:
    """What last succeeded in a pipeline, from ``last_good`` or ``previous_good``."""
    return Good(
        release_id=item["release_id"],
        execution_id=item["execution_id"],
        at=from_iso(item["at"]),
        revisions=_revisions(item),
        variables=item.get("variables", {}),
        unrecorded_bytes=int(item["unrecorded_bytes"]) if "unrecorded_bytes" in item else None,
    )


def read_execution(item: Item) -> Execution:
    """The execution that an item of the executions table records."""
    changes = tuple(
        Change(
            state=ExecutionState(each["state"]),
            attempt=int(each["attempt"]),
            at=from_iso(each["at"]),
            source=each["source"],
            note=each.get("note"),
        )
        for each in item.get("changes", ())
    )
    return Execution(
        execution_id=item["execution_id"],
        pipeline=item["pipeline"],
        changes=changes,
        release_id=item.get("release_id"),
        attempt=int(item["attempt"]) if "attempt" in item else None,
    )


def read_pipeline(item: Item, execution: Execution | None = None) -> Pipeline:
    """The pipeline that an item of the releases table holds, joined with its execution."""
    return Pipeline(
        name=item["pipeline"],
        status=PipelineStatus(item["status"]),
        position=int(item["position"]),
        depends_on=tuple(item.get("depends_on", ())),
        dependents=tuple(item.get("dependents", ())),
        blocked_by=frozenset(item.get("blocked_by", ())),
        retries=int(item.get("retries", 0)),
        time_limit=timedelta(minutes=int(item["timeout_minutes"]))
        if "timeout_minutes" in item
        else None,
        variables=item.get("variables", {}),
        source_revisions=tuple(known(Pin, each) for each in item.get("source_revisions", ())),
        previous_good=read_good(item["previous_good"]) if "previous_good" in item else None,
        attempt=int(item["attempt"]),
        task_token=item.get("task_token"),
        token_registered_at=_moment(item, "token_registered_at"),
        looks_at=_moment(item, "looks_at"),
        registrations=int(item.get("registrations", 0)),
        starting_registration=int(item.get("starting_registration", 0)),
        starting_at=_moment(item, "starting_at"),
        start_tried_at=_moment(item, "start_tried_at"),
        started_by=item.get("started_by"),
        starters=frozenset(item.get("starters", ())),
        start_again_at=_moment(item, "start_again_at"),
        start_tried_until=_moment(item, "start_tried_until"),
        start_refusals=int(item.get("start_refusals", 0)),
        held=read_hold(item["held"]) if "held" in item else None,
        started_at=_moment(item, "started_at"),
        execution_id=item.get("execution_id"),
        earlier_executions=tuple(item.get("earlier_executions", ())),
        ran_before=bool(_runs(item)),
        began_before=max((at for at in _runs(item) if at), default=None),
        execution=execution,
        retried=int(item.get("retried", 0)),
        retry=_retry(item["retry"]) if "retry" in item else None,
        stop_requested_at=_moment(item, "stop_requested_at"),
        stop_reason=item.get("stop_reason"),
        timed_out=item.get("timed_out", False),
        trouble=item.get("trouble"),
        given_up=item.get("given_up"),
        failure=known(Failure, item["failure"]) if "failure" in item else None,
        late_success=_moment(item, "late_success"),
        revisions=_revisions(item),
        edited_at=_moment(item, "edited_at"),
        approval=_approval(item) if "approval" in item else None,
        approvals=tuple(
            known(Answer, {**each, "at": from_iso(each["at"])})
            for each in item.get("approvals", ())
        ),
        skippable=_skippable(item["skippable"]) if "skippable" in item else None,
        skipped_stages=tuple(
            SkippedStage(stage=each["stage"], deploys=each["deploys"], why=each.get("why"))
            for each in item.get("skipped_stages", ())
        ),
        settled="settled_at" in item,
        ended_at=_moment(item, "ended_at"),
        announcements=frozenset(item.get("announcements", ())),
    )


def read_header(item: Item, pipelines: Mapping[str, Pipeline] | None = None) -> Release:
    """The release that a header describes; that of a rejected manifest has no hash and attempt."""
    return Release(
        release_id=item["release_id"],
        status=ReleaseStatus(item["status"]),
        execution_arn=item["execution_arn"],
        title=item.get("title"),
        notes=item.get("notes"),
        kind=ReleaseKind(item.get("kind", ReleaseKind.STANDARD)),
        manifest_sha256=item.get("manifest_sha256", ""),
        opened_at=from_iso(item["opened_at"]),
        resumed_at=_moment(item, "resumed_at"),
        attempt=int(item.get("attempt", 1)),
        closed_at=_moment(item, "closed_at"),
        why=item.get("why"),
        announced="announced_at" in item,
        on_failure=OnFailure(item.get("on_failure", OnFailure.HALT)),
        on_skipped=OnSkipped(item.get("on_skipped", OnSkipped.ACCEPT)),
        pipeline_count=int(item.get("pipeline_count", 0)),
        max_concurrency=int(item["max_concurrency"]) if "max_concurrency" in item else None,
        in_flight=frozenset(item.get("in_flight", ())),
        halted_by=item.get("halted_by"),
        failing_by=item.get("failing_by", item.get("halted_by")),
        failing_at=_moment(item, "failing_at"),
        announcements=frozenset(item.get("announcements", ())),
        not_before=_moment(item, "not_before"),
        deadline=_moment(item, "deadline"),
        abandons=item.get("abandons", False),
        ordered=item.get("ordered", False),
        rollback_of=item.get("rollback_of"),
        channel=item.get("channel"),
        rolls_back_as=item.get("rolls_back_as"),
        rolled_back_by=item.get("rolled_back_by"),
        restores=item.get("restores", {}),
        requester=item.get("requester"),
        source=item.get("source"),
        requesters=tuple(item.get("requesters", ())),
        override=read_override(item["override"]) if "override" in item else None,
        dropped=known(ManifestObject, item["dropped"]) if "dropped" in item else None,
        requested_id=item.get("requested_id"),
        pipelines=pipelines or {},
    )


def pipeline_for_people(pipeline: Pipeline, item: Item) -> Pipeline:
    """The pipeline of an item with its history, and only the names of its variables.

    An approval starts when people are asked.
    """
    good, approval = pipeline.previous_good, pipeline.approval
    started_at = approval.asked_at if approval else pipeline.started_at
    return replace(
        pipeline,
        variables={},
        variable_names=tuple(pipeline.variables),
        previous_good=good and replace(good, variables={}, variable_names=tuple(good.variables)),
        started_at=started_at,
        ended_at=_not_before(pipeline.ended_at, started_at),
        attempts=tuple(_past_of_pipeline(each) for each in item.get("attempts", ())),
        audit=_audit(item),
    )


def header_for_people(release: Release, item: Item) -> Release:
    """The release of a header with its history."""
    return replace(
        release,
        closed_at=_not_before(release.closed_at, release.began_at),
        attempts=tuple(
            _past(each, execution=each.get("execution_arn"), why=each.get("why"))
            for each in item.get("attempts", ())
        ),
        audit=_audit(item),
    )


def retry_item(retry: RetryClaim) -> Item:
    """The claim of a retry as a pipeline's item holds it."""
    return {**vars(retry), "at": to_iso(retry.at)}


def dropped_item(dropped: ManifestObject) -> Item:
    """The object of a dropped manifest as a header holds it."""
    return {**vars(dropped)}


def approval_item(approval: Approval) -> Item:
    """What an approval asks, as its item holds it; its votes are attributes of their own."""
    expires = approval.expires_after
    return {
        "question": approval.question,
        "min_approvals": approval.min_approvals,
        "four_eyes": approval.four_eyes,
        "expires_after_minutes": expires // timedelta(minutes=1) if expires else None,
    }


def vote_item(vote: Vote) -> Item:
    """A vote as the item of its approval holds it, in the order in which the votes came."""
    return {
        "voter": vote.voter,
        "by": vote.by,
        "approves": vote.approves,
        "comment": shorten(vote.comment) if vote.comment else None,
        "at": to_iso(vote.at),
    }


def _approval(item: Item) -> Approval:
    asked, minutes = item["approval"], item["approval"].get("expires_after_minutes")
    return Approval(
        question=asked.get("question"),
        min_approvals=int(asked["min_approvals"]),
        four_eyes=asked["four_eyes"],
        expires_after=timedelta(minutes=int(minutes)) if minutes is not None else None,
        asked_at=_moment(item, "asked_at"),
        votes=tuple(
            known(Vote, {**each, "at": from_iso(each["at"])}) for each in item.get("votes", ())
        ),
    )


def _skippable(item: Item) -> Skippable:
    version = item.get("version")
    return Skippable(version=None if version is None else int(version), stages=item["stages"])


def _revisions(item: Item) -> tuple[Revision, ...]:
    return tuple(
        known(Revision, {**each, "committed_at": _moment(each, "committed_at")})
        for each in item.get("revisions", ())
    )


def _runs(item: Item) -> list[datetime | None]:
    """The start of each earlier attempt that had an execution; None in older records."""
    return [
        _moment(each, "starting_at")
        for each in item.get("attempts", ())
        if each.get("execution_id")
    ]


def _place(text: str) -> Place:
    since, execution_arn, release_id = text.split(" ", 2)
    return Place(since=from_iso(since), execution_arn=execution_arn, release_id=release_id)


def _retry(item: Item) -> RetryClaim:
    return RetryClaim(
        attempt=int(item["attempt"]),
        action_execution_id=item["action_execution_id"],
        by=item["by"],
        at=from_iso(item["at"]),
        registration=int(item["registration"]),
    )


def _audit(item: Item) -> tuple[AuditEntry, ...]:
    return tuple(
        AuditEntry(
            at=from_iso(each["at"]),
            who=each["who"],
            what=each["what"],
            before=each.get("before"),
            after=each.get("after"),
        )
        for each in item.get("audit", ())
    )


def _past_of_pipeline(item: Item) -> PastAttempt:
    failure = known(Failure, item["failure"]) if item.get("failure") else None
    why = describe_failure(failure) if failure else None
    return _past(item, execution=item.get("execution_id"), why=why)


def _past(item: Item, *, execution: str | None, why: str | None) -> PastAttempt:
    return PastAttempt(
        number=int(item["attempt"]), status=item["status"], execution=execution, why=why
    )


def _not_before(end: datetime | None, begin: datetime | None) -> datetime | None:
    """An end that is not before its begin, so that people read no negative duration.

    CodePipeline tells whole seconds, and the clocks of two functions may differ. Functions read the
    end as it is on record: conditions of writes and ids of events are made of it.
    """
    return max(begin, end) if begin and end else end


def _moment(item: Item, name: str) -> Any:
    return from_iso(item[name]) if name in item else None
