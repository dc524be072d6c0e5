"""The views of a release with dependencies, limits and a history, at a fixed width."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.order import in_order
from release_core.domain.release import (
    Failure,
    OnFailure,
    Release,
    ReleaseStatus,
)
from release_machine.release.model import Activity, Snapshot
from release_machine.release.phrases import halted
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.tables import attempts_table, release_header
from tools.operator.tests.conftest import EXECUTION, at, pipeline
from tools.operator.tests.samples.drawing import lines
from tools.operator.tests.samples.picture_files import compare


def ordered() -> Release:
    """The second attempt of a release with dependencies, limits and a policy."""
    past = PastAttempt(
        number=1,
        status="FAILED",
        execution="1f2e3d4c-0000-4000-8000-000000000001",
        why="Deploy → Copy: no such bucket",
    )
    skip = Failure(message="it depends on web, which is SKIPPED")
    second: dict[str, Any] = {"attempt": 2, "began": 70}
    stop = {"stop_requested_at": at(80), "stop_reason": "search did not succeed"}
    stopped: dict[str, Any] = {**second, **stop}
    limited: dict[str, Any] = {**second, "time_limit": timedelta(minutes=30)}
    waiting: dict[str, Any] = {"attempt": 2, "token_registered_at": at(60)}
    pipelines = (
        pipeline(0, "mail", "SKIPPED", depends_on=("web",), attempt=2, failure=skip),
        pipeline(1, "catalog", "SUCCEEDED", began=0, ended=12),
        pipeline(2, "search", "SUCCEEDED", attempt=2, retries=2, retried=1, began=65, ended=70),
        pipeline(3, "payments", "RUNNING", attempts=(past,), execution_id="3c4d", **stopped),
        pipeline(4, "orders", "RUNNING", execution_id="4d5e", **limited),
        pipeline(5, "web", depends_on=("payments", "orders"), **waiting),
        pipeline(6, "news", **waiting),
    )
    return Release(
        release_id="5.10",
        status=ReleaseStatus.RUNNING,
        execution_arn=EXECUTION,
        opened_at=at(0),
        resumed_at=at(60),
        channel="s3",
        requester="alice",
        pipeline_count=7,
        attempt=2,
        attempts=(
            PastAttempt(
                number=1,
                status="FAILED",
                execution="arn:aws:states:us-east-1:000000000000:execution:m:7c8d9e0f-1111",
                why="1 of 7 pipelines did not succeed:\n- payments failed: no such bucket",
            ),
        ),
        on_failure=OnFailure.STOP,
        halted_by="search",
        deadline=at(3600),
        max_concurrency=2,
        in_flight=frozenset({"payments", "orders"}),
        audit=(AuditEntry(at=at(60), who="bob", what="resumed"),),
        pipelines=in_order(pipelines),
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_ordered_release(width: int) -> None:
    """Dependencies, limits, retries, stops and earlier attempts fit on each terminal."""
    release = ordered()
    activity = {"payments": Activity(stage="Deploy", action="Copy")}
    compare(
        "ordered",
        release_header(release, now=at(100)),
        pipeline_table(release, now=at(100), activity=activity, width=width),
        "",
        attempts_table(release),
        width=width,
    )


@pytest.mark.parametrize(
    ("policy", "now", "then"),
    [
        (OnFailure.HALT, "continue to their end", ""),
        (OnFailure.CONTINUE, "continue to their end", ""),
        (OnFailure.STOP, "are stopped", ", running pipelines were stopped"),
        (
            OnFailure.ROLLBACK,
            "are stopped, then the release is rolled back",
            ", running pipelines were stopped",
        ),
    ],
)
def test_the_halt_shows_the_policy(policy: OnFailure, now: str, then: str) -> None:
    """A halt tells what happens to running pipelines by the policy, also after the close."""
    release = replace(ordered(), on_failure=policy)
    no_more = "by search: no more pipelines"
    assert halted(release) == f"{no_more} start, running pipelines {now}"
    closed = replace(release, status=ReleaseStatus.FAILED)
    assert halted(closed) == f"{no_more} started{then}"


def test_what_is_not_halted() -> None:
    """In a cancelled release a stopped pipeline is a result, not the reason of the halt."""
    release = ordered()
    assert halted(replace(release, status=ReleaseStatus.CANCELLED)) == ""
    assert halted(replace(release, halted_by=None)) == ""


def test_plain_lines_of_an_ordered_release() -> None:
    """The lines tell waits, retries, stops and the halt."""
    seen = Snapshot(at=at(100), release=ordered())
    told = [line.removeprefix("2026-11-22T10:01:40Z ") for line in lines(seen).splitlines()]
    assert told[1:] == [
        "catalog  SUCCEEDED in attempt 1",
        "search   SUCCEEDED after 0:05",
        "search   SUCCEEDED retry 1 of 2",
        "payments RUNNING execution 3c4d",
        "payments RUNNING stopping: waits for the action in progress (search did not succeed)",
        "orders   RUNNING execution 4d5e",
        "web      WAITING after payments, orders",
        "mail     SKIPPED: it depends on web, which is SKIPPED",
        "release 5.10: 3 of 7 ended",
        "release 5.10: halted by search: no more pipelines start, running pipelines are stopped",
    ]
    assert told[0].startswith("release 5.10: 7 pipelines, attempt 2, execution arn:")
