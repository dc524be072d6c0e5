"""One release and what is announced of it: the examples in the schemas."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from release_core.domain import announcements
from release_core.domain.announcement import Announcement
from release_core.domain.approvals import Approval, Vote
from release_core.domain.release import (
    Failure,
    LockHolder,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.domain.revisions import Revision
from release_core.domain.workflow_end import WorkflowEnd

_ACCOUNT = "eu-central-1:123456789012"
_DEPLOYMENT = "release-machine"
_MARIA = "arn:aws:iam::123456789012:user/maria"
_GRACE = "arn:aws:iam::123456789012:user/grace"
_OPENED = datetime(2026, 11, 22, 18, 0, 3, 120_000, tzinfo=UTC)


def _execution(name: str) -> str:
    return f"arn:aws:states:{_ACCOUNT}:execution:release-machine:{name}"


def _after(minutes: float) -> datetime:
    return _OPENED + timedelta(minutes=minutes)


_APPROVAL = Approval(
    question="Go live?", expires_after=timedelta(minutes=2880), asked_at=_after(7.5)
)
_VOTE = Vote(voter=_GRACE, by=_GRACE, approves=True, comment="checked the prices", at=_after(12.25))
_ORDERS = Pipeline(
    name="orders",
    status=PipelineStatus.SUCCEEDED,
    started_at=_after(0.1),
    ended_at=_after(7.4),
    execution_id="3f1a9c52-0d6e-4b8e-9a37-5c2b8d1e6f40",
    revisions=(
        Revision(
            artifact="app",
            action="Source",
            revision="7d1f6f2b1c0a9e8d7c6b5a4f3e2d1c0b9a8f7e6d",
            summary="Show prices with tax",
            type="COMMIT_ID",
            origin={"FullRepositoryId": "shop/orders", "BranchName": "main"},
        ),
    ),
)
_PAYMENTS = Pipeline(
    name="payments",
    position=1,
    status=PipelineStatus.FAILED,
    started_at=_after(0.2),
    ended_at=_after(5.0),
    execution_id="9b0e4d7a-6c31-4f02-8e15-7a4d3c2b1f06",
    failure=Failure(
        stage="Deploy", action="Copy", message="The bucket does not exist", code="JobFailed"
    ),
)
_GO_LIVE = Pipeline(name="go-live", position=2, depends_on=("orders",), approval=_APPROVAL)
_RELEASE = Release(
    release_id="2026.11.22-1",
    title="Prices with tax",
    status=ReleaseStatus.RUNNING,
    execution_arn=_execution("7c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e4f"),
    opened_at=_OPENED,
    pipeline_count=2,
    deadline=_after(480),
    channel="api",
    requesters=(_MARIA,),
)
_WAITING = Release(
    release_id="2026.11.22-2",
    status=ReleaseStatus.RUNNING,
    execution_arn=_execution("b7c5d3e1-9f80-4a6b-8c2d-1e3f5a7b9c0d"),
    opened_at=_OPENED,
    pending=True,
    pipeline_count=3,
    channel="s3",
    requester=_MARIA,
)


def _with(*nodes: Pipeline, **more: object) -> Release:
    return replace(_RELEASE, pipelines={each.name: each for each in nodes}, **more)  # type: ignore[arg-type]  # fields of Release


def samples() -> Mapping[str, list[Mapping[str, object]]]:
    """The details of the examples, by detail type."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for each in _samples():
        found.setdefault(each.detail_type, []).append(each.detail)
    return found


def _samples() -> Iterator[Announcement]:
    yield announcements.started(_RELEASE, deployment=_DEPLOYMENT)
    yield from _before_the_opening()
    yield from _while_it_runs()
    yield from _outcomes()
    end = WorkflowEnd(
        execution_arn=_RELEASE.execution_arn,
        status="ABORTED",
        error="Cancelled",
        cause="maria: wrong revision of orders",
    )
    yield announcements.orphaned(_RELEASE.release_id, end)


def _before_the_opening() -> Iterator[Announcement]:
    refused = announcements.Refused(
        at=_OPENED,
        execution_arn=_execution("0e4b8d26-5f3a-4c19-b7d8-6a2c4e9f1b53"),
        error="ManifestInvalid",
        cause="The manifest is not valid:\n- pipelines[0].retries: must be at most 10",
        release_id="2026.11.22-3",
        channel="s3",
        requester=None,
        source="s3://release-machine-manifests-123456789012-eu-central-1/2026.11.22-3.json",
    )
    yield announcements.rejected(refused, deployment=_DEPLOYMENT)
    not_before = replace(_WAITING, not_before=_after(240))
    yield announcements.held(not_before, deployment=_DEPLOYMENT, now=_OPENED)
    first = LockHolder(release_id=_RELEASE.release_id, execution_arn=_RELEASE.execution_arn)
    rivals = {"orders": first}
    yield announcements.held(_WAITING, deployment=_DEPLOYMENT, now=_OPENED, rivals=rivals)


def _while_it_runs() -> Iterator[Announcement]:
    asked = replace(_GO_LIVE, status=PipelineStatus.RUNNING)
    approved = replace(
        _GO_LIVE,
        status=PipelineStatus.SUCCEEDED,
        approval=replace(_APPROVAL, votes=(_VOTE,)),
        ended_at=_VOTE.at,
    )
    halted = _with(
        _ORDERS, _PAYMENTS, halted_by="payments", failing_by="payments", failing_at=_after(5.0)
    )
    running = _with(_ORDERS, _PAYMENTS, asked)
    yield announcements.settled(_RELEASE, _ORDERS, deployment=_DEPLOYMENT)
    yield announcements.settled(_RELEASE, _PAYMENTS, deployment=_DEPLOYMENT)
    yield announcements.settled(_RELEASE, approved, deployment=_DEPLOYMENT)
    yield announcements.failing(halted, _PAYMENTS, deployment=_DEPLOYMENT)
    yield announcements.approval_requested(running, asked, deployment=_DEPLOYMENT)
    yield announcements.approval_answered(running, approved, _VOTE, deployment=_DEPLOYMENT)
    yield announcements.stuck(
        running,
        deployment=_DEPLOYMENT,
        kind=announcements.WAIT,
        since=_after(187.5),
        why="go-live has not been checked since 2026-11-22T18:07:33.120Z",
        pipelines=("go-live",),
    )


def _outcomes() -> Iterator[Announcement]:
    closed = {"closed_at": _after(13), "pipeline_count": 1}
    approved = replace(_GO_LIVE, status=PipelineStatus.SUCCEEDED)
    yield announcements.outcome(
        _with(
            _ORDERS,
            approved,
            status=ReleaseStatus.SUCCEEDED,
            why="its 1 pipeline succeeded",
            **closed,
        ),
        deployment=_DEPLOYMENT,
    )
    yield announcements.outcome(
        _with(
            _ORDERS,
            _PAYMENTS,
            status=ReleaseStatus.FAILED,
            closed_at=_after(13),
            why="1 of 2 pipelines did not succeed:\n- payments failed: The bucket does not exist",
        ),
        deployment=_DEPLOYMENT,
    )
    stopped = replace(_ORDERS, status=PipelineStatus.STOPPED, revisions=(), failure=None)
    yield announcements.outcome(
        _with(
            stopped,
            status=ReleaseStatus.CANCELLED,
            why="wrong revision of orders, by maria (the workflow execution was stopped: "
            "Cancelled)",
            **closed,
        ),
        deployment=_DEPLOYMENT,
    )
