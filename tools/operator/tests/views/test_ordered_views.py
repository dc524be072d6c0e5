"""How a release with an order, limits and a history looks, to the letter, at a fixed width."""

import io
from dataclasses import replace
from datetime import timedelta

from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.order import in_order
from release_core.domain.release import (
    Failure,
    OnFailure,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_machine.follow.loop import changes
from release_machine.release.model import Activity, Snapshot
from release_machine.release.phrases import halted
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.plain import PlainView
from release_machine.views.tables import attempts_table, release_header
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.drawing import drawn


def ordered() -> Release:
    """The second attempt of a release with an order, limits and a failure policy."""
    pipelines = (
        Pipeline(
            name="mail",
            position=0,
            status=PipelineStatus.SKIPPED,
            depends_on=("web",),
            attempt=2,
            failure=Failure(message="it depends on web, which is SKIPPED"),
        ),
        Pipeline(
            name="catalog",
            position=1,
            status=PipelineStatus.SUCCEEDED,
            started_at=at(0),
            ended_at=at(12),
        ),
        Pipeline(
            name="search",
            position=2,
            status=PipelineStatus.SUCCEEDED,
            attempt=2,
            retries=2,
            retried=1,
            started_at=at(65),
            ended_at=at(70),
        ),
        Pipeline(
            name="payments",
            position=3,
            status=PipelineStatus.RUNNING,
            attempt=2,
            execution_id="3c4d",
            started_at=at(70),
            stop_requested_at=at(80),
            stop_reason="search did not succeed",
            attempts=(
                PastAttempt(
                    number=1,
                    status="FAILED",
                    execution="1f2e3d4c-0000-4000-8000-000000000001",
                    why="Deploy → Copy: no such bucket",
                ),
            ),
        ),
        Pipeline(
            name="orders",
            position=4,
            status=PipelineStatus.RUNNING,
            attempt=2,
            execution_id="4d5e",
            started_at=at(70),
            time_limit=timedelta(minutes=30),
        ),
        Pipeline(
            name="web",
            position=5,
            token_registered_at=at(60),
            attempt=2,
            depends_on=("payments", "orders"),
        ),
        Pipeline(
            name="news",
            position=6,
            token_registered_at=at(60),
            attempt=2,
        ),
    )
    return Release(
        release_id="5.10",
        status=ReleaseStatus.RUNNING,
        execution_arn="arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f",
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


def test_ordered_release_on_eighty_columns() -> None:
    """Order, limits, retries, stops and earlier attempts are all there, and it fits."""
    release = ordered()
    activity = {"payments": Activity(stage="Deploy", action="Copy")}
    picture = drawn(
        release_header(release, now=at(100)),
        pipeline_table(release, now=at(100), activity=activity, width=80),
        width=80,
    )
    assert (
        picture
        == """\
Release 5.10  ▶ RUNNING  0:40
████████████░░░░░░░░░░░░░░░░░░  3 of 7 ended
pipelines  2 SUCCEEDED, 2 RUNNING, 2 WAITING, 1 SKIPPED
execution  arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f
opened     2026-11-22T10:00:00Z
by         alice through s3
attempt    2, since 2026-11-22T10:01:00Z, by bob
deadline   2026-11-22T11:00:00Z, 58:20 left
slots      2 of 2 taken
halted     by search: no more pipelines start, running pipelines are stopped

PIPELINE  STATUS       TIME  NOW
catalog   ✔ SUCCEEDED  0:12  in attempt 1
search    ✔ SUCCEEDED  0:05  retry 1 of 2
payments  ▶ RUNNING    0:30  Deploy → Copy
                             stopping: waits for the action in progress (search
                             did not succeed)
orders    ▶ RUNNING    0:30  29:30 left
news      · WAITING          waits for a free slot, 2 of 2 taken
  web     · WAITING          after payments, orders
    mail  - SKIPPED          it depends on web, which is SKIPPED
"""
    )
    assert max(map(len, picture.splitlines())) <= 80


def test_failure_policy_is_said_with_the_halt() -> None:
    """A halt says what becomes of what runs; a closed release names its cause only."""
    release = ordered()
    assert halted(replace(release, on_failure=OnFailure.HALT)).endswith(
        "running pipelines continue"
    )
    assert halted(replace(release, status=ReleaseStatus.FAILED)) == "by search"
    assert halted(replace(release, status=ReleaseStatus.CANCELLED)) == ""
    assert halted(replace(release, halted_by=None)) == ""


def test_earlier_attempts() -> None:
    """What became of each earlier attempt is told for the release and its pipelines."""
    assert (
        drawn(attempts_table(ordered()))
        == """\
ATTEMPT  PIPELINE  STATUS    EXECUTION  WHY
1                  ✘ FAILED  7c8d9e0f   1 of 7 pipelines did not succeed
1        payments  ✘ FAILED  1f2e3d4c   Deploy → Copy: no such bucket
"""
    )


def test_plain_lines_of_an_ordered_release() -> None:
    """Piped, it is told what waits, what is retried and stopped, and what halted the release."""
    release = ordered()
    out = io.StringIO()
    seen = Snapshot(at=at(100), release=release)
    PlainView(out).show(seen, changes(None, seen))
    told = [line.removeprefix("2026-11-22T10:01:40Z ") for line in out.getvalue().splitlines()]
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
