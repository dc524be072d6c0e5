"""A release with approvals in every state, a manual approval, and pipelines that are held."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from release_core.domain.approvals import Approval, Vote
from release_core.domain.holds import Freeze, Hold, HoldKind, Override
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_machine.release.model import MANUAL_APPROVAL, Activity, Snapshot
from release_machine.release.situation import with_ways_out
from tools.operator.tests.conftest import at, pipeline
from tools.operator.tests.samples.made_release import by_name

ROLE = "arn:aws:sts::123456789012:assumed-role/Releaser"
ALICE, BOB = f"{ROLE}/alice", "arn:aws:iam::123456789012:user/bob"
FREEZE = Freeze(scope="shop-*", until=at(7200), reason="incident 4711", by=BOB, at=at(200))
FROZEN = Hold(
    kind=HoldKind.FREEZE, until=FREEZE.until, why=FREEZE.reason, by=FREEZE.by, scope=FREEZE.scope
)


def vote(by: str, *, approves: bool = True, comment: str | None = None, ago: float = 0) -> Vote:
    """The answer of a person."""
    return Vote(voter=by, by=by, approves=approves, comment=comment, at=at(300 - ago))


def approval(position: int, name: str, status: str, asked: Approval, **more: Any) -> Pipeline:
    """An approval of the release."""
    began = None if asked.asked_at is None else (asked.asked_at - at(0)).total_seconds()
    return pipeline(position, name, status, approval=asked, began=began, **more)


def asking() -> Release:
    """The release: built and reviewed, it asks to go live; payments ask by hand."""
    reviewed = Approval(
        four_eyes=False, asked_at=at(60), votes=(vote(BOB, comment="looks good", ago=200),)
    )
    go_live = Approval(
        question="Go live?\nSee the report of the load test.",
        min_approvals=2,
        expires_after=timedelta(hours=2),
        asked_at=at(240),
        votes=(vote(BOB, comment="load test is fine"),),
    )
    nodes = (
        pipeline(0, "shop-catalog", "SUCCEEDED", began=2, ended=60),
        pipeline(1, "shop-payments", "RUNNING", execution_id="3c4d5e6f-0003", began=2),
        approval(2, "review", "SUCCEEDED", reviewed, depends_on=("shop-catalog",), ended=100),
        approval(3, "go-live", "RUNNING", go_live, depends_on=("review",)),
        pipeline(4, "shop-orders", depends_on=("review",), held=FROZEN, token_registered_at=at(0)),
        pipeline(5, "shop-web", depends_on=("go-live",)),
        approval(6, "announce", "WAITING", Approval(), depends_on=("shop-web",)),
    )
    return Release(
        release_id="2026.11.22-1",
        status=ReleaseStatus.RUNNING,
        execution_arn="arn:aws:states:eu-central-1:123456789012:execution:release-machine:0b2f7c1e",
        opened_at=at(0),
        channel="api",
        requester=ALICE,
        requesters=(ALICE,),
        pipeline_count=4,
        pipelines=by_name(nodes),
    )


def asking_snapshot() -> Snapshot:
    """A look at the release."""
    doing = Activity(stage="Approve", action="Ask", waits_for=MANUAL_APPROVAL, since=at(30))
    release = asking()
    activity = with_ways_out(release, {"shop-payments": doing})
    return Snapshot(at=at(330), release=release, activity=activity)


def rejected() -> Release:
    """The release after carol has overridden the freeze, and bob has rejected."""
    release = asking()
    go_live = release.pipelines["go-live"]
    assert go_live.approval
    no = vote(BOB, approves=False, comment="not today")
    failed = replace(
        go_live,
        status=PipelineStatus.FAILED,
        ended_at=at(320),
        approval=replace(go_live.approval, votes=(no,)),
        failure=Failure(message="not today (rejected by arn:aws:iam::123456789012:user/bob)"),
    )
    started = pipeline(
        4,
        "shop-orders",
        "RUNNING",
        execution_id="4d5e6f70-0004",
        depends_on=("review",),
        began=252,
        token_registered_at=at(0),
    )
    skipped = {
        name: replace(
            release.pipelines[name],
            status=PipelineStatus.SKIPPED,
            ended_at=at(320),
            failure=Failure(message=f"it depends on {on}"),
        )
        for name, on in (
            ("shop-web", "go-live, which is FAILED"),
            ("announce", "shop-web, which is SKIPPED"),
        )
    }
    return replace(
        release,
        override=Override(reason="fixes incident 4711", by=f"{ROLE}/carol", at=at(250)),
        halted_by="go-live",
        pipelines={
            **release.pipelines,
            "go-live": failed,
            "shop-orders": started,
            **skipped,
        },
    )
