"""What the release machine announces: a function for each type of event, pure.

A repeat has the same ``eventId``. No event has a task token or the value of a variable. The fields
of each type are in ``schemas/events``; ``release_core/domain/announcement.py`` has what they share.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from release_core.clock import to_iso
from release_core.domain.announcement import (
    MAX_LISTED,
    Announcement,
    Occasion,
    counts_of,
    cut,
    failures_of,
    of_release,
)
from release_core.domain.approvals import Approval, Vote
from release_core.domain.console import page_of_pipeline
from release_core.domain.queue import Rival
from release_core.domain.release import LockHolder, Pipeline, Release, ReleaseStatus
from release_core.domain.remedies import unusable_pins
from release_core.domain.revisions import Revision
from release_core.domain.workflow_end import WorkflowEnd
from release_core.immutable import Immutable

RELEASE_STARTED = "Release Started"
RELEASE_REJECTED = "Release Rejected"
RELEASE_HELD = "Release Held"
PIPELINE_SETTLED = "Pipeline Settled"
RELEASE_FAILING = "Release Failing"
APPROVAL_REQUESTED = "Approval Requested"
APPROVAL_ANSWERED = "Approval Answered"
RELEASE_STUCK = "Release Stuck"
RELEASE_SUCCEEDED = "Release Succeeded"
RELEASE_FAILED = "Release Failed"
RELEASE_CANCELLED = "Release Cancelled"
RELEASE_ORPHANED = "Release Orphaned"  # internal

# What people and their rules may listen to.
TOLD_TO_PEOPLE = (
    *(RELEASE_STARTED, RELEASE_REJECTED, RELEASE_HELD, PIPELINE_SETTLED, RELEASE_FAILING),
    *(APPROVAL_REQUESTED, APPROVAL_ANSWERED, RELEASE_STUCK),
    *(RELEASE_SUCCEEDED, RELEASE_FAILED, RELEASE_CANCELLED),
)

FOR_ITS_TIME, FOR_PIPELINES = "time", "pipelines"  # what a release is held for
DEADLINE, WAIT = "deadline", "wait"  # why a release counts as stuck

# Errors of a rejection that speak of a release on record.
_SPEAKS_OF_A_RELEASE = {"ReleaseIdTaken", "ReleaseNotResumable"}
_MAX_WHY = 8_000  # characters of the reason of a rejection


def started(release: Release, *, deployment: str) -> Announcement:
    """Release Started: an attempt of a release was opened. ``release`` needs only its header."""
    return of_release(release, deployment=deployment, at=release.began_at).announce(
        RELEASE_STARTED,
        counts=counts_of(release),
        next_command=f"watch {release.release_id}",
        # As it was opened: it may have been stopped since.
        status=ReleaseStatus.RUNNING.value,
        beganAt=to_iso(release.began_at),
        channel=release.channel,
        onFailure=release.on_failure.value,
        deadline=_moment(release.deadline),
        rollbackOf=release.rollback_of,
    )


class Refused(Immutable):
    """A manifest that was rejected: ``error`` is the name of the rejection.

    ``cause`` has one line for each problem. The rest is None where it is not known; ``source`` is
    the object that had the manifest, or the id of the request.
    """

    at: datetime
    execution_arn: str
    error: str
    cause: str
    release_id: str | None = None
    channel: str | None = None
    requester: str | None = None
    source: str | None = None


def rejected(refused: Refused, *, deployment: str) -> Announcement:
    """Release Rejected: a manifest became no release. The workflow execution identifies it."""
    occasion = Occasion(
        deployment=deployment,
        at=refused.at,
        execution_arn=refused.execution_arn,
        # An id that is no id is a part of the problem, and of no use.
        release_id=refused.release_id and cut(refused.release_id),
        requester=refused.requester,
    )
    known = refused.release_id is not None and refused.error in _SPEAKS_OF_A_RELEASE
    return occasion.announce(
        RELEASE_REJECTED,
        next_command=f"show {refused.release_id}" if known else None,
        status=ReleaseStatus.REJECTED.value,
        error=refused.error,
        why=cut(refused.cause, _MAX_WHY),
        problems=[cut(each) for each in problems_in(refused.cause)[:MAX_LISTED]],
        channel=refused.channel,
        source=refused.source,
    )


def problems_in(cause: str) -> list[str]:
    """The problems that the message of a rejection lists, each on a line of its own."""
    return [line[2:] for line in cause.splitlines() if line.startswith("- ")]


def held(
    release: Release, *, deployment: str, now: datetime, rivals: Mapping[str, Rival] | None = None
) -> Announcement:
    """Release Held: a release waits for its time, or for pipelines; it is not opened.

    ``release`` is pending. ``rivals`` are the releases that come first, by pipeline, if known.
    """
    kind = held_for(release, now)
    for_its_time = kind == FOR_ITS_TIME
    occasion = Occasion(
        deployment=deployment,
        at=release.opened_at,
        execution_arn=release.execution_arn,
        release_id=release.release_id,
        title=release.title,
        kind=release.kind.value,
        requester=release.requester,
        identity=(kind,),
    )
    first = [*(rivals or {}).items()][:MAX_LISTED]
    return occasion.announce(
        RELEASE_HELD,
        counts={"total": release.pipeline_count},
        next_command=f"watch {release.release_id}",
        kind=kind,
        why=_why_held(release, [*dict.fromkeys(rival.release_id for _, rival in first)], kind),
        heldUntil=_moment(release.not_before) if for_its_time else None,
        holds=[
            {
                "pipeline": name,
                "releaseId": rival.release_id,
                "executionArn": rival.execution_arn,
                "waits": not isinstance(rival, LockHolder),
            }
            for name, rival in first
        ],
        channel=release.channel,
    )


def held_for(release: Release, now: datetime) -> str:
    """What a pending release waits for: FOR_ITS_TIME or FOR_PIPELINES."""
    return FOR_ITS_TIME if release.is_held(now) else FOR_PIPELINES


def _why_held(release: Release, before: Sequence[str], kind: str) -> str:
    if kind == FOR_ITS_TIME and release.not_before:
        return f"it is held until {to_iso(release.not_before)}"
    if not before:
        return "other releases hold pipelines that it needs"
    return f"it waits for pipelines of {'release' if len(before) == 1 else 'releases'} " + (
        ", ".join(before)
    )


def settled(release: Release, node: Pipeline, *, deployment: str) -> Announcement:
    """Pipeline Settled: a pipeline or an approval has ended in this attempt."""
    began_at = node.approval.asked_at if node.approval else node.started_at
    at = node.ended_at or release.began_at
    return of_release(
        release, deployment=deployment, at=at, identity=(node.name, node.ended_at)
    ).announce(
        PIPELINE_SETTLED,
        counts=counts_of(release),
        failures=failures_of(release, [node]),
        next_command=f"watch {release.release_id}",
        pipeline=node.name,
        kind="approval" if node.approval else "pipeline",
        status=node.status.value,
        why=cut(node.failure.reason) if node.failure else None,
        beganAt=_moment(began_at),
        executionId=node.execution_id,
        link=page_of_pipeline(node.name, node.execution_id, beside=release.execution_arn),
        retried=node.retried,
        revisions=[_revision(each) for each in node.revisions[:MAX_LISTED]],
        skippedStages=[cut(str(each)) for each in node.skipped_stages[:MAX_LISTED]],
    )


def failing(release: Release, node: Pipeline, *, deployment: str) -> Announcement:
    """Release Failing: the first pipeline or approval did not succeed, and the release is open."""
    return of_release(
        release, deployment=deployment, at=release.failing_at or node.ended_at or release.began_at
    ).announce(
        RELEASE_FAILING,
        counts=counts_of(release),
        failures=failures_of(release, [node]),
        next_command=f"watch {release.release_id}",
        status=release.status.value,
        beganAt=to_iso(release.began_at),
        pipeline=node.name,
        onFailure=release.on_failure.value,
        halted=release.halted_by is not None,
    )


def approval_requested(release: Release, node: Pipeline, *, deployment: str) -> Announcement:
    """Approval Requested: all that an approval depends on has succeeded, and people are asked."""
    asked = _asked(node)
    at = asked.asked_at or release.began_at
    limits = [each for each in (asked.expires_at, release.deadline) if each]
    return of_release(release, deployment=deployment, at=at, identity=(node.name,)).announce(
        APPROVAL_REQUESTED,
        counts=counts_of(release),
        next_command=f"approve {release.release_id} {node.name}",
        **_question(node),
        fourEyes=asked.four_eyes,
        expiresAt=_moment(min(limits, default=None)),
    )


def approval_answered(
    release: Release, node: Pipeline, vote: Vote, *, deployment: str
) -> Announcement:
    """Approval Answered: the answer of a person to an approval counts."""
    return of_release(
        release, deployment=deployment, at=vote.at, identity=(node.name, vote.voter)
    ).announce(
        APPROVAL_ANSWERED,
        counts=counts_of(release),
        next_command=f"watch {release.release_id}",
        **_question(node),
        decision="approve" if vote.approves else "reject",
        by=vote.by,
        comment=cut(vote.comment) if vote.comment else None,
        status=node.status.value,
    )


def _question(node: Pipeline) -> dict[str, Any]:
    asked = _asked(node)
    return {
        "approval": node.name,
        "question": cut(asked.question) if asked.question else None,
        "votes": len(asked.approved_by),
        "needed": asked.min_approvals,
    }


def stuck(
    release: Release,
    *,
    deployment: str,
    kind: str,
    since: datetime,
    why: str,
    pipelines: Sequence[str] = (),
) -> Announcement:
    """Release Stuck: the hourly rule found an open release that does not go on as it should.

    ``kind`` is DEADLINE or WAIT, ``since`` when it should have gone on. ``pipelines`` are those
    whose tasks should have looked.
    """
    return of_release(release, deployment=deployment, at=since, identity=(kind,)).announce(
        RELEASE_STUCK,
        counts=counts_of(release),
        failures=failures_of(release),
        next_command=f"show {release.release_id}",
        status=release.status.value,
        beganAt=to_iso(release.began_at),
        kind=kind,
        why=cut(why),
        since=to_iso(since),
        deadline=_moment(release.deadline),
        stuckPipelines=[*pipelines[:MAX_LISTED]],
    )


def outcome(release: Release, *, deployment: str) -> Announcement:
    """Release Succeeded, Failed or Cancelled; ``release`` is closed and has all its nodes."""
    at = release.closed_at or release.began_at
    nodes = release.pipelines.values()
    return of_release(release, deployment=deployment, at=at, identity=(at,)).announce(
        f"Release {release.status.value.capitalize()}",
        counts=counts_of(release),
        failures=failures_of(release),
        next_command=_after(release),
        status=release.status.value,
        why=release.why or "",
        beganAt=to_iso(release.began_at),
        pipelines={each.name: each.status.value for each in nodes if not each.approval},
        approvals={each.name: each.status.value for each in nodes if each.approval},
        rollbackOf=release.rollback_of,
        rollsBackAs=release.rolls_back_as,
    )


def orphaned(release_id: str, end: WorkflowEnd) -> Announcement:
    """Release Orphaned, which stands for the missed event of a workflow execution's end."""
    detail = {"releaseId": release_id, **end.detail}
    return Announcement(detail_type=RELEASE_ORPHANED, detail=detail)


def _after(release: Release) -> str | None:
    """What a person does next about an outcome, as arguments of the command."""
    if release.status is ReleaseStatus.SUCCEEDED:
        return None
    if release.rolls_back_as:
        return f"watch {release.rolls_back_as}"
    # A retry has the same pins.
    return f"{'show' if unusable_pins(release) else 'retry'} {release.release_id}"


def _revision(revision: Revision) -> dict[str, Any]:
    """What a source action delivered; ``source`` is its object or repository."""
    return {
        "action": revision.action,
        "artifact": revision.artifact,
        "revision": cut(revision.revision),
        "summary": cut(revision.summary) if revision.summary else None,
        "source": dict(revision.origin or {}),
    }


def _asked(node: Pipeline) -> Approval:
    assert node.approval
    return node.approval


def _moment(moment: datetime | None) -> str | None:
    return to_iso(moment) if moment else None
