"""When each pipeline waited, ran and ended, and the critical path."""

from dataclasses import replace

from release_core.domain.release import ReleaseStatus
from release_machine.release.spans import HANDOVER, MarkKind, Schedule, schedules
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.made_release import Ran, by_name, moment, release


def critical(schedule: Schedule) -> list[str]:
    """The names on the critical path, the first one first."""
    return [span.pipeline for span in schedule.spans if span.critical]


def test_the_critical_path_follows_the_last_ends() -> None:
    """From the last end back, each time to the dependency that ended last."""
    (schedule,) = schedules(samples.good().release, at=samples.good().at)
    assert critical(schedule) == ["catalog", "orders", "web"]


def test_the_critical_path_leads_through_a_slot() -> None:
    """A pipeline that waited for a slot waited for the pipeline that ended just before it began."""
    rans = [
        Ran(name="long", began=0, ended=300),
        Ran(name="first", began=0, ended=20),
        Ran(name="second", after=["first"], began=301, ended=400),
    ]
    made = release("r", ReleaseStatus.SUCCEEDED, rans, closed=401, why=None)
    (limited,) = schedules(replace(made, max_concurrency=1), at=moment(500))
    (free,) = schedules(made, at=moment(500))
    assert critical(limited) == ["long", "second"]
    assert critical(free) == ["first", "second"]


def test_no_critical_path_while_it_runs() -> None:
    """The critical path is not known before the end."""
    seen = samples.running()
    (schedule,) = schedules(seen.release, at=seen.at)
    assert critical(schedule) == []


def test_a_running_pipeline_ends_at_the_look() -> None:
    """A running pipeline lasts until the look, and a waiting pipeline has no times."""
    seen = samples.running()
    (schedule,) = schedules(seen.release, at=seen.at)
    spans = {span.pipeline: span for span in schedule.spans}
    assert schedule.end == spans["search"].ended_at == seen.at
    assert spans["web"].began_at is None
    assert spans["web"].ready_at is None


def test_an_end_in_whole_seconds() -> None:
    """A quick pipeline does not end before it began, although its end has whole seconds."""
    made = release(
        "r", ReleaseStatus.SUCCEEDED, [Ran(name="a", began=1.7, ended=1)], closed=2, why=None
    )
    (span,) = schedules(made, at=moment(9))[0].spans
    assert span.began_at == span.ended_at == moment(1.7)


def test_a_stopped_pipeline_may_end_after_the_close() -> None:
    """The axis reaches to the end of the last execution."""
    seen = samples.cancelled()
    (schedule,) = schedules(seen.release, at=seen.at)
    assert seen.release.closed_at == moment(120)
    assert schedule.end == moment(141)


def test_waiting_for_a_slot() -> None:
    """A pipeline is ready when its dependencies have succeeded; then it waits for a slot."""
    seen = samples.twelve()
    (schedule,) = schedules(seen.release, at=seen.at)
    spans = {span.pipeline: span for span in schedule.spans}
    assert spans["search"].ready_at == moment(533)
    assert spans["search"].waited > HANDOVER
    assert spans["catalog"].waited <= HANDOVER


def test_marks_come_from_the_audit() -> None:
    """Retries, new executions and stops are marked at their times in the audit."""
    payments = next(
        span
        for span in schedules(samples.failed().release, at=samples.failed().at)[0].spans
        if span.pipeline == "payments"
    )
    assert [(mark.at, mark.kind) for mark in payments.marks] == [
        (moment(395), MarkKind.RETRY),
        (moment(571), MarkKind.RETRY),
    ]
    orders = schedules(samples.cancelled().release, at=moment(300))[0].spans[1]
    assert [(mark.at, mark.kind) for mark in orders.marks] == [(moment(120), MarkKind.STOP)]


def test_a_new_execution_is_marked() -> None:
    """A failed stage that cannot be retried leads to a new execution."""
    made = release(
        "r", ReleaseStatus.SUCCEEDED, [Ran(name="a", began=0, ended=60)], closed=61, why=None
    )
    (only,) = made.pipelines.values()
    line = replace(
        only.audit[0], at=moment(30), what="1f2e cannot be retried: a new execution is started"
    )
    made = replace(made, pipelines=by_name((replace(only, audit=(*only.audit, line)),)))
    (span,) = schedules(made, at=moment(100))[0].spans
    assert [mark.kind for mark in span.marks] == [MarkKind.NEW_EXECUTION]


def test_a_retry_in_the_console_is_marked() -> None:
    """A retry in the console is only in the state changes of CodePipeline."""
    seen = samples.retried_in_the_console()
    (schedule,) = schedules(seen.release, at=seen.at)
    (payments,) = [span for span in schedule.spans if span.pipeline == "payments"]
    assert [(mark.at, mark.kind) for mark in payments.marks] == [(moment(320), MarkKind.RETRY)]


def test_each_attempt_has_an_axis_of_its_own() -> None:
    """A resumed release has two schedules; a kept pipeline has its bar in the first."""
    seen = samples.resumed()
    first, second = schedules(seen.release, at=seen.at)
    assert (first.attempt, first.begin, first.end) == (1, moment(0), moment(745))
    assert (second.attempt, second.begin, second.end) == (2, moment(86_400), moment(87_012))
    then = {span.pipeline: span for span in first.spans}
    now = {span.pipeline: span for span in second.spans}
    assert (then["payments"].status, now["payments"].status) == ("FAILED", "SUCCEEDED")
    assert (then["payments"].began_at, then["payments"].ended_at) == (moment(216), moment(742))
    assert [mark.at for mark in then["payments"].marks] == [moment(395), moment(571)]
    assert now["payments"].marks == ()
    assert then["catalog"].ended_at == moment(214)
    assert now["catalog"].kept_from == 1
    assert now["catalog"].began_at is None


def test_a_rejected_manifest_has_no_schedule() -> None:
    """Nothing ran, so there is nothing to draw."""
    seen = samples.rejected()
    assert schedules(seen.release, at=seen.at) == ()
