"""The views of a release, at a fixed width."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from release_core.domain.automation import SkippedStage
from release_core.domain.release import Failure, ReleaseStatus
from release_machine.follow.events import ConnectedAgain, LookFailed
from release_machine.follow.loop import changes
from release_machine.release.model import Activity, Estimate, Snapshot
from release_machine.terminal.output import draws_in_place
from release_machine.text.wording import duration, left
from release_machine.views.json_output import document
from release_machine.views.live import LiveView
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.plain import PlainView
from release_machine.views.tables import release_header
from tools.operator.tests.conftest import at, pipeline
from tools.operator.tests.samples.drawing import drawn, lines, live
from tools.operator.tests.samples.made_release import by_name


def test_plain_lines(running: Snapshot) -> None:
    """In a pipe each event is one line that begins with the time in UTC."""
    out = io.StringIO()
    view = PlainView(out)
    view.show(running, changes(None, running))
    closed = replace(
        running,
        at=at(50),
        release=replace(
            running.release,
            status=ReleaseStatus.FAILED,
            closed_at=at(49.5),
            why="orders: FAILED\nat Deploy",
        ),
    )
    view.show(
        closed, [LookFailed("AWS does not answer", "Wait.", at(55)), *changes(running, closed)]
    )
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
        "continue with: release-machine approve 2026.11.22-1 web/Approve/Ask "
        "or at https://example.com/review\n"
        "2026-11-22T10:00:42Z release 2026.11.22-1: 2 of 5 ended\n"
        "2026-11-22T10:00:55Z AWS does not answer. The release continues; trying again.\n"
        "2026-11-22T10:00:50Z release 2026.11.22-1: FAILED after 0:49, 1 SUCCEEDED, 1 FAILED, "
        "2 RUNNING, 1 WAITING: orders: FAILED at Deploy\n"
    )


def test_a_line_every_five_minutes(running: Snapshot) -> None:
    """While nothing changes, a line every five minutes has the status."""
    out = io.StringIO()
    view = PlainView(out)
    view.show(running, [LookFailed("AWS does not answer.", "Wait.", at(42))])
    for seconds in (300, 341, 342, 600, 642):
        view.show(replace(running, at=at(seconds)), [])
    standing = "release 2026.11.22-1: RUNNING, 2 of 5 ended; web waits for manual approval"
    assert out.getvalue().splitlines()[1:] == [
        f"2026-11-22T10:05:42Z {standing}",
        f"2026-11-22T10:10:42Z {standing}",
    ]


def test_an_approval_with_its_question(running: Snapshot) -> None:
    """An approval shows its question, its time, and how to reject it."""
    asked = replace(
        running.activity["web"],
        since=at(-86_400),
        message="Prices checked?",
        way_out="release-machine approve 2026.11.22-1 web/Approve/Ask",
        way_to_reject="release-machine reject 2026.11.22-1 web/Approve/Ask --reason TEXT",
    )
    snapshot = replace(running, activity={"web": asked})
    assert (
        "manual approval, asked at 2026-11-21T10:00:00Z (Prices checked?); "
        "continue with: release-machine approve 2026.11.22-1 web/Approve/Ask; "
        "reject it with: release-machine reject 2026.11.22-1 web/Approve/Ask --reason TEXT"
    ) in lines(snapshot)
    picture = drawn(live(snapshot, now=at(42)))
    for part in (
        "manual approval, asked on 2026-11-21",
        "Prices checked?",
        "or, to reject it:\nrelease-machine reject 2026.11.22-1 web/Approve/Ask --reason TEXT",
    ):
        assert part in picture


def test_a_stage_condition(running: Snapshot) -> None:
    """Each view shows what a condition waits for, when it opens, and the command to override it."""
    waits = Activity(
        stage="Deploy",
        waits_for=(
            "the beforeEntry condition: deployment window Hours (opens at 2026-11-22T13:30:00Z)"
        ),
        condition="beforeEntry",
        rules=("Hours",),
        opens_at=at(12_600),
        since=at(2),
        way_out="aws codepipeline override-stage-condition --condition-type BEFORE_ENTRY",
    )
    snapshot = replace(running, activity={"web": waits})
    assert (
        f"web      RUNNING at Deploy, waits for {waits.waits_for} since 2026-11-22T10:00:02Z; "
        f"continue with: {waits.way_out}"
    ) in lines(snapshot)
    table = pipeline_table(snapshot.release, now=at(42), activity=snapshot.activity, width=200)
    picture = drawn(table, width=200)
    assert f"waits for {waits.waits_for} since 10:00Z" in picture
    assert f"to continue web, run:\n{waits.way_out}" in picture
    facts = document(waits)
    assert (facts["condition"], facts["rules"]) == ("beforeEntry", ["Hours"])
    assert facts["opensAt"] == "2026-11-22T13:30:00.000Z"


def test_why_there_is_no_estimate(running: Snapshot) -> None:
    """The reason takes the place of the estimate."""
    unknown = replace(running, estimate=Estimate(unknown="web has no successful run"))
    assert "no estimate: web has no successful run" in drawn(live(unknown, now=at(42)))
    assert "2 of 5 ended; no estimate: web has no successful run" in lines(unknown)


def test_rows_that_do_not_fit_are_counted(running: Snapshot) -> None:
    """On a low terminal rows that need no attention are only counted."""
    picture = drawn(pipeline_table(running.release, now=at(42), activity={}, width=100, room=3))
    assert (
        picture
        == """\
PIPELINE  STATUS        TIME  EXECUTION  NOW
orders    ✘ FAILED      0:21  2b3c4d5e   Deploy → Copy: no such bucket (JobFailed)
                                         https://example.com/run/2
payments  ▶ RUNNING     0:40  3c4d5e6f
web       ▶ RUNNING     0:40  4d5e6f70
and 2 more: 1 SUCCEEDED, 1 WAITING
"""
    )


def test_the_live_view_restores_the_cursor(running: Snapshot) -> None:
    """However it ends, the cursor is restored and the last state is printed."""
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


@pytest.mark.parametrize(
    ("term", "a_terminal", "live"),
    [("xterm", True, True), ("dumb", True, False), ("xterm", False, False)],
)
def test_the_live_view_needs_a_terminal(
    monkeypatch: pytest.MonkeyPatch, *, term: str, a_terminal: bool, live: bool
) -> None:
    """A dumb terminal, and a pipe with FORCE_COLOR, get lines."""
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: a_terminal)
    console = Console(file=out, force_terminal=True, _environ={"TERM": term})
    assert draws_in_place(console) is live


def test_the_live_view_when_aws_does_not_answer(running: Snapshot) -> None:
    """A failed look adds a note below the last state, until the next successful look."""
    view = LiveView(Console(file=io.StringIO(), width=200, height=30), clock=lambda: at(162))
    view.show(running, [LookFailed("AWS does not answer", "Check the network.", at(41))])
    assert (
        "AWS does not answer. The release continues; trying again. Last seen 10:00:42Z "
        "(about 2 min ago). Check the network."
    ) in drawn(view.draw(), width=200)
    view.show(running, [])
    assert "AWS does not answer" not in drawn(view.draw(), width=200)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03"), (-1, "0:00")],
)
def test_durations(seconds: float, written: str) -> None:
    """Durations have minutes and seconds, and hours if there are any."""
    assert duration(at(0), at(seconds)) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(61, "1:01 left"), (0, "no time left"), (-5, "no time left"), (864_000, "10 days left")],
)
def test_time_left(seconds: float, written: str) -> None:
    """The time left is a duration, or days when there are several."""
    assert left(timedelta(seconds=seconds)) == written


@pytest.mark.parametrize("height", [10, 12, 16])
def test_the_live_view_fits_the_terminal(running: Snapshot, height: int) -> None:
    """Rows that need no attention are left out on a low terminal."""
    many = by_name(pipeline(number, f"p{number}") for number in range(5, 40))
    release = replace(running.release, pipelines={**running.release.pipelines, **many})
    seen = replace(running, release=release, activity={})
    picture = drawn(live(seen, now=at(42), height=height))
    assert len(picture.splitlines()) <= height
    assert "more" in picture
    assert "orders" in picture


def test_running_pipelines_come_before_commands(running: Snapshot) -> None:
    """First the facts of the release give way, but for a halt, then what is said of commands.

    In the end one command shows all of them.
    """
    waiting = [pipeline(number, f"p{number}", "RUNNING", began=2) for number in range(12)]
    quiet = [pipeline(number, f"q{number}") for number in range(12, 20)]
    asked = running.activity["web"]
    release = replace(
        running.release, pipelines=by_name((*waiting, *quiet)), halted_by="an-approval"
    )
    snapshot = replace(running, release=release, activity={"p0": asked, "p1": asked})

    def picture(height: int) -> str:
        told = drawn(live(snapshot, now=at(42), width=80, height=height), width=80)
        assert len(told.splitlines()) <= height
        assert "and 8 more: 8 WAITING" in told or "q12" in told
        return told

    assert "opened" in picture(36)
    assert "opened" not in picture(30)
    for height in (36, 30, 26):
        assert "to continue p1, run:\nrelease-machine approve" in picture(height)
        assert ("or at https" in picture(height)) is (height > 26)
    assert "commands for 2 waiting pipelines: release-machine show 2026.11.22-1" in picture(22)
    assert "halted  by an-approval" in picture(22)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_long_names_leave_room(running: Snapshot, width: int) -> None:
    """A name of a hundred characters stands whole, and the rest can be read."""
    name = "production-" + "checkout-and-payments-" * 4 + "x"
    web = replace(running.release.pipelines["web"], name=name)
    picture = drawn(
        pipeline_table(
            replace(running.release, pipelines=by_name((web,))),
            now=at(42),
            activity={name: running.activity["web"]},
            width=width,
            usual={name: timedelta(minutes=3)},
        ),
        width=width,
    )
    row = picture.splitlines()[1]
    assert row.startswith("production")
    for part in ("▶ RUNNING", "0:40", "~3:00"):
        assert part in row
    assert name in "".join(line.split("  ")[0] for line in picture.splitlines()[1:])
    assert "    Approve → Ask" in picture
    assert "…" not in picture


def test_a_skipped_stage_is_said(running: Snapshot) -> None:
    """A pipeline that succeeded without one of its stages says so, and why."""
    skipped = SkippedStage(stage="Deploy", deploys=True, why="the gate is closed")
    catalog = replace(running.release.pipelines["catalog"], skipped_stages=(skipped,))
    release = replace(running.release, pipelines=by_name([catalog]))
    table = pipeline_table(release, now=at(120), activity={}, width=160)
    assert "stage Deploy was skipped: the gate is closed" in drawn(table, width=160)


def test_a_late_success_is_said(running: Snapshot) -> None:
    """A pipeline whose execution succeeded after its release had failed says so, and when."""
    late = replace(running.release.pipelines["orders"], late_success=at(90))
    release = replace(running.release, pipelines=by_name([late]))
    table = pipeline_table(release, now=at(120), activity={}, width=120)
    assert "succeeded later, at 2026-11-22T10:01:30Z, after a retry in CodePipeline" in " ".join(
        drawn(table, width=120).split()
    )


def test_the_live_view_when_aws_answers_again(running: Snapshot) -> None:
    """For half a minute the view says that it is connected again, and for how long it was not."""
    now = at(72)
    view = LiveView(Console(file=io.StringIO(), width=100, height=30), clock=lambda: now)
    view.show(running, [LookFailed("AWS does not answer.", "Check the network.", at(41))])
    view.show(running, [ConnectedAgain(at(71), at(41))])
    view.show(running, [])
    assert "Connected again after 0:30." in drawn(view.draw())
    now = at(102)
    assert "Connected again" not in drawn(view.draw())


def test_the_line_when_aws_answers_again(running: Snapshot) -> None:
    """In a pipe it is one line, with the time when it was seen."""
    out = io.StringIO()
    PlainView(out).show(running, [ConnectedAgain(at(71), at(41))])
    assert out.getvalue() == "2026-11-22T10:01:11Z connected again after 0:30\n"


def test_people_have_names(running: Snapshot) -> None:
    """The reasons that people read have the name of a person in place of an ARN."""
    by = "arn:aws:sts::123456789012:assumed-role/Releaser/alice"
    why = f"wrong build, by {by} (the workflow execution was stopped: StoppedByHand)"
    failure = Failure(message="not today (rejected by arn:aws-us-gov:iam::123456789012:user/bob)")
    orders = replace(running.release.pipelines["orders"], failure=failure)
    release = replace(
        running.release,
        status=ReleaseStatus.CANCELLED,
        why=why,
        requester=by,
        pipelines=by_name([orders]),
    )
    table = pipeline_table(release, now=at(120), activity={}, width=120)
    shown = drawn(release_header(release, now=at(120)), table, width=120)
    assert "wrong build, by Releaser/alice (the workflow execution was stopped" in shown
    assert "not today (rejected by bob)" in shown
    assert "by         Releaser/alice through s3" in shown
    closed = replace(running, release=release)
    assert ": wrong build, by Releaser/alice (the" in lines(closed)
