"""How a release looks, to the letter, at a fixed width."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from rich.console import Console

from operator_cli.follow import LookFailed, changes
from operator_cli.live import LiveView
from operator_cli.model import (
    Pipeline,
    Release,
    Snapshot,
)
from operator_cli.pipeline_rows import pipeline_table
from operator_cli.plain import PlainView
from operator_cli.release_list import release_table
from operator_cli.tables import release_header
from operator_cli.wording import duration, left
from tools.operator.tests.drawing import drawn

type At = Callable[[float], datetime]


def test_plain_lines(running: Snapshot, at: At) -> None:
    """Piped, each change is one line that begins with the time in UTC."""
    out = io.StringIO()
    view = PlainView(out)
    view.show(running, changes(None, running))
    closed = replace(
        running,
        at=at(50),
        release=replace(
            running.release, status="FAILED", closed_at=at(49.5), why="orders: FAILED\nat Deploy"
        ),
    )
    view.show(closed, [LookFailed("AWS does not answer."), *changes(running, closed)])
    assert out.getvalue() == (
        "2026-11-22T10:00:42Z release 2026.11.22-1: 5 pipelines, execution "
        "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f\n"
        "2026-11-22T10:00:42Z catalog  SUCCEEDED after 0:12\n"
        "2026-11-22T10:00:42Z orders   FAILED after 0:21 at Deploy → Copy: "
        "no such bucket (JobFailed) https://example.com/run/2\n"
        "2026-11-22T10:00:42Z payments RUNNING execution 3c4d5e6f-0000-4000-8000-000000000003\n"
        "2026-11-22T10:00:42Z payments RUNNING at Deploy → Copy\n"
        "2026-11-22T10:00:42Z web      RUNNING execution 4d5e6f70-0000-4000-8000-000000000004\n"
        "2026-11-22T10:00:42Z web      RUNNING at Approve → Ask, waits for manual approval; "
        "go on with: aws codepipeline put-approval-result --pipeline-name web "
        "or at https://example.com/review\n"
        "2026-11-22T10:00:42Z release 2026.11.22-1: 2 of 5 ended\n"
        "2026-11-22T10:00:50Z AWS does not answer. The release goes on; looking again.\n"
        "2026-11-22T10:00:50Z release 2026.11.22-1: FAILED after 0:49, 1 SUCCEEDED, 1 FAILED, "
        "2 RUNNING, 1 WAITING: orders: FAILED at Deploy\n"
    )


def test_running_release(running: Snapshot, at: At) -> None:
    """The live view's picture: who and how long, then one row for each pipeline in order."""
    picture = drawn(
        release_header(running.release, now=at(42)),
        pipeline_table(running.release, now=at(42), activity=running.activity, width=100),
    )
    assert (
        picture
        == """\
Release 2026.11.22-1  ▶ RUNNING  0:42
████████████░░░░░░░░░░░░░░░░░░  2 of 5 ended
pipelines  1 SUCCEEDED, 1 FAILED, 2 RUNNING, 1 WAITING
execution  arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f
opened     2026-11-22T10:00:00Z
by         alice through s3

PIPELINE  STATUS       TIME  EXECUTION  NOW
catalog   ✔ SUCCEEDED  0:12  1a2b3c4d
orders    ✘ FAILED     0:21  2b3c4d5e   Deploy → Copy: no such bucket (JobFailed)
                                        https://example.com/run/2
payments  ▶ RUNNING    0:40  3c4d5e6f   Deploy → Copy
web       ▶ RUNNING    0:40  4d5e6f70   Approve → Ask  waits for manual approval
search    · WAITING

web goes on with:
aws codepipeline put-approval-result --pipeline-name web
or at https://example.com/review
"""
    )


def test_rows_that_do_not_fit_are_counted(running: Snapshot, at: At) -> None:
    """On a low terminal the rows that need nobody give way, and their number is said."""
    picture = drawn(pipeline_table(running.release, now=at(42), activity={}, width=100, room=3))
    assert (
        picture
        == """\
PIPELINE  STATUS     TIME  EXECUTION  NOW
orders    ✘ FAILED   0:21  2b3c4d5e   Deploy → Copy: no such bucket (JobFailed)
                                      https://example.com/run/2
payments  ▶ RUNNING  0:40  3c4d5e6f
web       ▶ RUNNING  0:40  4d5e6f70
and 2 more
"""
    )


def test_commands_are_broken_where_a_shell_takes_it(running: Snapshot, at: At) -> None:
    """On a narrow terminal the command that lets a pipeline go on can still be copied."""
    picture = drawn(
        pipeline_table(running.release, now=at(42), activity=running.activity, width=50), width=50
    )
    assert picture.endswith(
        "web goes on with:\n"
        "aws codepipeline put-approval-result \\\n"
        "    --pipeline-name web\n"
        "or at https://example.com/review\n"
    )


def test_latest_releases(running: Snapshot, at: At) -> None:
    """The list names a rejected manifest by its execution, having no id."""
    rejected = Release(
        release_id="arn:aws:states:us-east-1:000000000000:execution:release-machine:bad1",
        status="REJECTED",
        execution_arn="arn:aws:states:us-east-1:000000000000:execution:release-machine:bad1",
        opened_at=at(-60),
        closed_at=at(-60),
        channel="direct",
        why="ManifestInvalid: pipelines: is required",
    )
    assert (
        drawn(release_table([running.release, rejected], now=at(42), width=200))
        == """\
RELEASE       STATUS      OPENED                TIME  PIPELINES  DOOR    BY
2026.11.22-1  ▶ RUNNING   2026-11-22T10:00:00Z  0:42          5  s3      alice
bad1          ✘ REJECTED  2026-11-22T09:59:00Z  0:00             direct
"""
    )


def test_live_view_restores_the_cursor(running: Snapshot, at: At) -> None:
    """However the following ends, the cursor comes back and the last state stays on the screen."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=30, legacy_windows=False)

    def interrupted() -> None:
        with LiveView(console, clock=lambda: at(42)) as view:
            view.show(running, changes(None, running))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    written = out.getvalue()
    assert hidden in written
    assert written.rindex(shown) > written.rindex(hidden)
    assert "payments" in written[written.rindex(shown) :]


def test_live_view_says_when_aws_is_away(running: Snapshot, at: At) -> None:
    """A failed look leaves the picture as it was, with a note below it until the next good one."""
    view = LiveView(Console(file=io.StringIO(), width=100, height=30), clock=lambda: at(42))
    view.show(running, [LookFailed("AWS does not answer.")])
    assert "AWS does not answer. The release goes on" in drawn(view.draw())
    view.show(running, [])
    assert "AWS does not answer" not in drawn(view.draw())


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03"), (-1, "0:00")],
)
def test_durations(at: At, seconds: float, written: str) -> None:
    """Durations are minutes and seconds, with hours where there are any."""
    assert duration(at(0), at(seconds)) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(61, "1:01 left"), (0, "its time is up"), (-5, "its time is up"), (864_000, "10 days left")],
)
def test_time_left(seconds: float, written: str) -> None:
    """What is left of a limit is written like a duration, and in days when it is far away."""
    assert left(timedelta(seconds=seconds)) == written


@pytest.mark.parametrize("height", [10, 12, 16])
def test_live_view_fits_the_terminal(running: Snapshot, at: At, height: int) -> None:
    """However low the terminal is, the picture is cut to it by leaving out what needs nobody."""
    console = Console(file=io.StringIO(), width=100, height=height)
    many = tuple(
        Pipeline(name=f"p{number}", position=number, status="WAITING") for number in range(5, 40)
    )
    release = replace(running.release, pipelines=(*running.release.pipelines, *many))
    view = LiveView(console, clock=lambda: at(42))
    view.show(replace(running, release=release, activity={}), [])
    picture = drawn(view.draw())
    assert len(picture.splitlines()) <= height
    assert "more" in picture
    assert "orders" in picture
