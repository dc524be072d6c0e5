"""The views at the usual widths of a terminal; the files are in pictures/."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.release import (
    Failure,
    OnFailure,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.domain.revisions import Revision
from release_machine.release.model import Activity, Estimate, Snapshot
from release_machine.release.questions import Asked, AskedByHand
from release_machine.views.approvals_view import Waiting, approvals_table
from release_machine.views.audit_view import audit_table
from release_machine.views.bill_of_materials import materials_table
from release_machine.views.freezes_view import freezes_list
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.tables import attempts_table, release_header
from release_machine.views.timeline import timeline
from tools.operator.tests.conftest import at, pipeline
from tools.operator.tests.samples.asking_release import FREEZE, asking, asking_snapshot, rejected
from tools.operator.tests.samples.drawing import live
from tools.operator.tests.samples.made_release import by_name
from tools.operator.tests.samples.picture_files import compare

at_each_width = pytest.mark.parametrize("width", [60, 80, 120])
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:release-machine:0b2f7c1e"


def shop() -> Release:
    """A release with a failure, and a pipeline that waits for a person."""
    commit = Revision(
        artifact="app",
        revision="3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204",
        summary="Prices with tax\n\nAs the law wants it.",
        action="Source",
        type="COMMIT_ID",
    )
    failure = Failure(
        stage="Deploy",
        action="Migrate",
        code="JobFailed",
        message="index shop-2 is read-only",
        link="https://console.example.com/run/2",
    )
    skip = Failure(message="it depends on shop-search, which is FAILED")
    shipped = {"execution_id": "1a2b3c4d-0001", "revisions": (commit,)}
    tried = {"execution_id": "2b3c4d5e-0002", "retries": 1, "retried": 1, "failure": failure}
    limited: dict[str, Any] = {"execution_id": "3c4d5e6f-0003", "time_limit": timedelta(minutes=30)}
    begun: dict[str, Any] = {"depends_on": ("shop-catalog",), "began": 252}
    pipelines = (
        pipeline(0, "shop-catalog", "SUCCEEDED", began=2, ended=250, **shipped),
        pipeline(1, "shop-search", "FAILED", began=2, ended=95, **tried),
        pipeline(2, "shop-orders", "RUNNING", **limited, **begun),
        pipeline(3, "shop-payments", "RUNNING", execution_id="4d5e6f70-0004", **begun),
        pipeline(4, "shop-front", depends_on=("shop-orders", "shop-payments")),
        pipeline(5, "shop-suggest", "SKIPPED", depends_on=("shop-search",), failure=skip),
    )
    return Release(
        release_id="2026.11.22-1",
        status=ReleaseStatus.RUNNING,
        execution_arn=EXECUTION,
        opened_at=at(0),
        channel="api",
        requester="arn:aws:sts::123456789012:assumed-role/Release/alice",
        pipeline_count=len(pipelines),
        on_failure=OnFailure.CONTINUE,
        max_concurrency=4,
        in_flight=frozenset({"shop-orders", "shop-payments"}),
        audit=(AuditEntry(at=at(0), who="alice", what="opened through api", after="RUNNING"),),
        pipelines=by_name(pipelines),
    )


def closed() -> Release:
    """The same release after it was stopped."""
    release = shop()
    stopped, skipped = PipelineStatus.STOPPED, PipelineStatus.SKIPPED
    ends = {"shop-orders": stopped, "shop-payments": stopped, "shop-front": skipped}
    pipelines = by_name(
        replace(
            each,
            status=ends.get(each.name, each.status),
            attempt=2,
            ended_at=at(700) if ends.get(each.name) is stopped else each.ended_at,
        )
        for each in release.pipelines.values()
    )
    return replace(
        release,
        status=ReleaseStatus.CANCELLED,
        closed_at=at(640),
        why="wrong build, by arn:aws:sts::123456789012:assumed-role/Release/alice (the workflow "
        "execution was stopped: StoppedByHand)",
        in_flight=frozenset(),
        attempt=2,
        resumed_at=at(1),
        attempts=(PastAttempt(number=1, status="FAILED", execution=EXECUTION, why="no quota"),),
        pipelines=pipelines,
    )


def with_long_names() -> Release:
    """The release with names as they are in large accounts, and an earlier attempt."""

    def long(name: str) -> str:
        return f"{name}-production-checkout-and-payments-eu-central-1"

    release = shop()
    entry = AuditEntry(at=at(1), who="shop-run-pipeline", what="started", after="RUNNING")
    past = PastAttempt(number=1, status="FAILED", execution="0b2f7c1e", why="no quota")
    pipelines = by_name(
        replace(
            each,
            name=long(each.name),
            depends_on=tuple(map(long, each.depends_on)),
            attempts=(past,),
            audit=(entry,),
        )
        for each in release.pipelines.values()
    )
    return replace(
        release,
        release_id="2026.11.22-production-checkout-and-payments-hotfix-3-candidate-2",
        pipelines=pipelines,
    )


ACTIVITY = {
    "shop-orders": Activity(stage="Deploy", action="Blue, Green"),
    "shop-payments": Activity(
        stage="Approve",
        action="Ask",
        waits_for="manual approval",
        way_out="release-machine approve 2026.11.22-1 shop-payments/Approve/Ask",
        way_to_reject="release-machine reject 2026.11.22-1 shop-payments/Approve/Ask --reason TEXT",
        link="https://console.example.com/review",
    ),
}


@at_each_width
def test_watch(width: int) -> None:
    """The live view has the facts, the progress, and the activity of each pipeline."""
    usual = {
        "shop-catalog": timedelta(minutes=4),
        "shop-orders": timedelta(minutes=5),
        "shop-front": timedelta(minutes=12, seconds=30),
    }
    estimate = Estimate(usual=usual, left=timedelta(minutes=14))
    seen = Snapshot(at=at(598), release=shop(), activity=ACTIVITY, estimate=estimate)
    compare("watch", live(seen, now=at(600), width=width), width=width)


@at_each_width
def test_what_waits_for_people(width: int) -> None:
    """The live view shows each approval, its votes, what is held, and the commands for both."""
    compare("watch-asking", live(asking_snapshot(), now=at(331), width=width), width=width)


@at_each_width
def test_approvals(width: int) -> None:
    """Each question says how many answers are missing and who may not answer, with its commands."""
    release = asking()
    by_hand = AskedByHand(
        pipeline="shop-payments",
        stage="Approve",
        action="Ask",
        since=at(30),
        question=None,
        link="https://example.com/review",
        token="t",
    )
    waiting: list[Waiting] = [
        (release, Asked(node=release.pipelines["go-live"])),
        (release, by_hand),
    ]
    compare("approvals", approvals_table(waiting, now=at(331)), width=width)


@at_each_width
def test_freezes(width: int) -> None:
    """Each freeze has until when, by whom and why; nothing is shortened, however long it is."""
    everything = replace(FREEZE, scope="*", reason="the big sale of the year, no exceptions please")
    long = replace(
        everything,
        scope="checkout-and-payments-production-eu-central-1-*",
        by="arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_ReleaseManager_0a1b2c3d4e5f6a7b/"
        "alice@example.com",
    )
    compare("freezes", freezes_list([FREEZE, everything, long]), width=width)


@at_each_width
def test_a_rejection(width: int) -> None:
    """A rejected approval says who rejected it, and why; an override says who gave it, and why."""
    release = rejected()
    rows = pipeline_table(release, now=at(900), activity={}, width=width)
    compare("rejected", release_header(release, now=at(900)), rows, width=width)


@at_each_width
def test_show(width: int) -> None:
    """A closed release is shown with its timeline, attempts and audit."""
    release = closed()
    compare(
        "show",
        release_header(release, now=at(9000)),
        pipeline_table(release, now=at(9000), activity={}, width=width),
        "",
        timeline(release, at=at(9000), width=width),
        "",
        attempts_table(release),
        "",
        audit_table(release, width=width),
        width=width,
    )


@at_each_width
def test_bill_of_materials(width: int) -> None:
    """Each revision has a row; a pipeline without revisions has one, too."""
    compare("bom", materials_table(shop(), width=width), width=width)


@at_each_width
def test_names_are_whole(width: int) -> None:
    """Long names and ids are never shortened: what happens stands below them."""
    release = with_long_names()
    compare(
        "long-names",
        release_header(release, now=at(600)),
        pipeline_table(release, now=at(600), activity={}, width=width, usual={}),
        "",
        timeline(release, at=at(600), width=width),
        "",
        materials_table(release, width=width),
        "",
        attempts_table(release),
        "",
        audit_table(release, width=width),
        width=width,
    )


def test_estimated_end_is_a_time_of_day() -> None:
    """The estimate has the time of the end, in UTC."""
    assert at(0) == datetime(2026, 11, 22, 10, tzinfo=UTC)
    seen = Snapshot(at=at(0), release=shop(), estimate=Estimate(left=timedelta(minutes=10)))
    compare("watch-estimate", live(seen, now=at(60)), width=100)
