"""What the dashboard reads for a page: what can be done, and few calls of CodePipeline."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from release_core.domain.approvals import Approval
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_machine.actions import automatic_rollback
from release_machine.dashboard import history_reading
from release_machine.dashboard.estate_in_turns import EstateInTurns
from release_machine.dashboard.offers import offers
from release_machine.dashboard.reading import Reader
from release_machine.dashboard.state import Seen, facts
from release_machine.dashboard.steps import StepsInTurns
from release_machine.dashboard.topics import (
    AboutApprovals,
    AboutEstate,
    AboutHistory,
    AboutMetrics,
    AboutRelease,
    action_path,
    days_of,
    filters_of,
)
from release_machine.errors import UnreachableError
from release_machine.release.estate import Estate, EstatePipeline
from release_machine.release.model import Activity, Snapshot
from release_machine.release.searching import Filters
from tools.operator.tests.conftest import at, pipeline
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws, refusal

RELEASE = "2026.11.22-1"
MANY = tuple(f"p{number}" for number in range(21))
CANCELLED = "The approval action has been canceled."  # as CodePipeline says it


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = at(0)

    def __call__(self) -> datetime:
        return self.now


def commands(release: Release, activity: dict[str, Activity] | None = None) -> list[str]:
    """The commands that a page offers."""
    return [each.command for each in offers(release, activity or {})]


def test_what_a_running_release_offers(running: Snapshot) -> None:
    """To answer what asks people, and to stop it."""
    asked = Pipeline(
        name="go-live", status=PipelineStatus.RUNNING, approval=Approval(asked_at=at(1))
    )
    nodes = {**running.release.pipelines, "go-live": asked}
    release = replace(running.release, pipelines=nodes)
    assert commands(release, dict(running.activity)) == [
        f"release-machine approve {RELEASE} web/Approve/Ask",
        f"release-machine reject {RELEASE} web/Approve/Ask --reason TEXT",
        f"release-machine approve {RELEASE} go-live",
        f"release-machine reject {RELEASE} go-live --reason TEXT",
        f"release-machine cancel {RELEASE}",
    ]


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({"status": ReleaseStatus.FAILED}, ["retry", "rollback"]),
        ({"status": ReleaseStatus.CANCELLED}, ["retry", "rollback"]),
        ({"status": ReleaseStatus.SUCCEEDED}, ["rollback"]),
        ({"status": ReleaseStatus.REJECTED}, []),
        ({"status": ReleaseStatus.FAILED, "rolled_back_by": "x"}, []),
        ({"status": ReleaseStatus.FAILED, "rolls_back_as": "x"}, []),
        ({"status": ReleaseStatus.FAILED, "rollback_of": "x"}, ["retry"]),
        ({"status": ReleaseStatus.FAILED, "pipelines": {}}, ["retry"]),
        ({"pending": True, "pipelines": {}}, ["cancel"]),
    ],
)
def test_what_else_is_offered(
    running: Snapshot, changed: dict[str, Any], offered: list[str]
) -> None:
    """What has ended is retried or rolled back, once."""
    release = replace(running.release, **changed)
    assert [each.action for each in offers(release, {})] == offered


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({"rolled_back_by": "x"}, ["rollback"]),
        ({"rolled_back_by": "x", "rolls_back_as": "x"}, ["rollback"]),
        ({"rolls_back_as": "x"}, ["retry", "rollback"]),
    ],
    ids=("opened", "announced and opened", "announced"),
)
def test_what_is_offered_after_a_rollback_that_failed(
    running: Snapshot, changed: dict[str, Any], offered: list[str]
) -> None:
    """Another rollback, as the command starts it; and a retry if none was opened."""
    release = replace(running.release, status=ReleaseStatus.FAILED, **changed)
    found = offers(release, {}, rollback_failed=True)
    assert [each.action for each in found] == offered


@pytest.mark.parametrize(
    ("status", "offered"),
    [("RUNNING", []), ("SUCCEEDED", []), ("FAILED", ["rollback"]), ("CANCELLED", ["rollback"])],
)
def test_the_page_of_a_release_that_was_rolled_back(
    aws: FakeAws, status: str, offered: list[str]
) -> None:
    """It offers another rollback after one that did not succeed, and shows when that changes."""
    aws.set_status("FAILED", rolled_back_by="back")
    back = replace(aws.releases[RELEASE], release_id="back", rolled_back_by=None)
    aws.releases["back"] = replace(back, status=ReleaseStatus.RUNNING)
    with closing(Reader(lambda: aws, clock=Clock())) as reader:  # type: ignore[arg-type,return-value]
        before = reader(AboutRelease(RELEASE))
        assert before.offers == ()
        aws.releases["back"] = replace(back, status=ReleaseStatus(status))
        after = reader(AboutRelease(RELEASE))
    assert [each.action for each in after.offers] == offered
    assert (facts(after) != facts(before)) is bool(offered)


@pytest.mark.parametrize(
    ("workflow", "rollback", "offered"),
    [
        ("RUNNING", None, []),
        ("FAILED", "RUNNING", []),
        ("FAILED", "FAILED", ["retry", "rollback"]),
        ("FAILED", None, ["retry", "rollback"]),
    ],
    ids=("about to start", "waits for busy pipelines", "refused", "not started"),
)
def test_the_page_of_a_release_that_has_announced_its_rollback(
    aws: FakeAws,
    monkeypatch: pytest.MonkeyPatch,
    workflow: str,
    rollback: str | None,
    offered: list[str],
) -> None:
    """It offers what helps once the rollback cannot be opened any more."""
    shown = {EXECUTION: workflow}
    monkeypatch.setattr(
        automatic_rollback, "execution_status", lambda arn, **_: shown.get(arn, rollback)
    )
    aws.set_status("FAILED", execution_arn=EXECUTION, rolls_back_as="back")
    with closing(Reader(lambda: aws, clock=Clock())) as reader:  # type: ignore[arg-type,return-value]
        found = reader(AboutRelease(RELEASE)).offers
    assert [each.action for each in found] == offered


def test_ids_are_quoted_in_commands_and_addresses(running: Snapshot) -> None:
    """Whatever a name has in it."""
    (offer,) = offers(replace(running.release, release_id="a b/c", pipelines={}), {})
    assert offer.command == "release-machine cancel 'a b/c'"
    assert offer.href == "/actions/cancel/a%20b%2Fc"
    assert action_path("approve", "5.1", "a b&c") == "/actions/approve/5.1?name=a+b%26c"


def test_addresses_that_mean_nothing_show_everything() -> None:
    """A status that does not exist is left out, and wrong days are the usual ones."""
    filters = filters_of({"status": ["failed", "x"], "pipeline": [" a "], "requester": [" "]})
    assert filters == Filters(statuses=("FAILED",), pipelines=("a",))
    assert AboutHistory(filters).path == "/history?status=FAILED&pipeline=a"
    assert filters_of({}) == Filters()
    assert days_of({"days": ["90"]}) == 90
    assert days_of({"days": ["-1"]}) == days_of({}) == 30


def test_the_filters_are_in_the_address() -> None:
    """All of list, by the same names; the address of the topic means the same filters."""
    filters = Filters(
        statuses=("RUNNING", "FAILED"),
        outcomes=("ROLLED_BACK",),
        pipelines=("a", "b-*"),
        requester="alice",
        since="7d",
        until="2026-11-22",
    )
    path = AboutHistory(filters).path
    assert filters_of(parse_qs(path.partition("?")[2])) == filters
    assert filters_of({"pipeline": ["a, b-*"]}).pipelines == ("a", "b-*")
    assert filters_of({"pipeline": ["a", "b-*"]}).pipelines == ("a", "b-*")


def test_the_pipelines_are_not_read_each_time(aws: FakeAws) -> None:
    """Again after a pause, sooner when a release has changed; the pauses grow with the number."""
    clock, estate = Clock(), aws.estate
    reader = EstateInTurns(aws, clock)  # type: ignore[arg-type] # stands for a session
    for _ in range(3):
        assert [each.name for each in reader.read().pipelines] == ["catalog"]
    assert estate.reads == 1
    clock.now += timedelta(seconds=4)
    reader.read()
    assert estate.reads == 1
    aws.set_status("FAILED")
    assert reader.read().latest[0].status == "FAILED"
    assert estate.reads == 2
    aws.set_status("SUCCEEDED")
    reader.read()
    assert estate.reads == 2
    many = tuple(EstatePipeline(name=f"{number}") for number in range(200))
    estate.found = Estate(at=at(0), pipelines=many)
    clock.now += timedelta(seconds=30)
    reader.read()
    assert estate.reads == 3
    clock.now += timedelta(seconds=90)
    reader.read()
    assert estate.reads == 3
    clock.now += timedelta(seconds=20)
    reader.read()
    assert estate.reads == 4


def test_the_part_of_a_pipeline_is_always_new(aws: FakeAws, running: Snapshot) -> None:
    """Between two reads of the pipelines, the ledger tells how far a release is."""
    aws.releases = {RELEASE: running.release}
    old = EstatePipeline(name="payments", release_id=RELEASE)
    aws.estate.found = Estate(at=at(0), pipelines=(old, EstatePipeline(name="other")))
    found = EstateInTurns(aws, Clock()).read()  # type: ignore[arg-type]
    assert found.running == (running.release,)
    payments, other = found.pipelines
    assert payments.node == running.release.pipelines["payments"]
    assert other.node is None


def test_an_old_open_release_is_found(
    aws: FakeAws, running: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the pipelines that it holds: a look reads only the latest releases, not all of them."""
    asked: list[int] = []

    def latest(limit: int) -> list[Release]:
        asked.append(limit)
        return []

    monkeypatch.setattr(aws, "latest", latest)
    aws.releases = {RELEASE: running.release}
    aws.estate.found = Estate(
        at=at(0), pipelines=(EstatePipeline(name="payments", release_id=RELEASE),)
    )
    reader = EstateInTurns(aws, Clock())  # type: ignore[arg-type]
    assert reader.read().running == (running.release,)
    assert reader.read().running == (running.release,)
    assert set(asked) == {100}
    assert aws.estate.reads == 1


def test_a_release_that_waits_to_be_opened(aws: FakeAws) -> None:
    """It has a page by its id, with what it waits for; and a row of the first page."""
    waiting = Release(
        release_id="5.9",
        status=ReleaseStatus.RUNNING,
        execution_arn=EXECUTION,
        opened_at=at(0),
        pending=True,
    )
    aws.waiting = [waiting]
    reader = Reader(lambda: aws, clock=Clock())  # type: ignore[arg-type,return-value]
    state = reader(AboutRelease("5.9"))
    assert state.snapshot.release == waiting
    assert [each.action for each in state.offers] == ["cancel"]
    assert [each.release for each in reader(AboutEstate()).estate.waiting] == [waiting]
    reader.close()


def test_what_waits_for_people(aws: FakeAws, running: Snapshot) -> None:
    """Both kinds of approvals, each with its answers; what could not be read is named."""
    aws.releases = {RELEASE: running.release}
    aws.asks = {"payments": ["Ask"]}
    aws.unreadable = "web"
    reader = Reader(lambda: aws, clock=Clock())  # type: ignore[arg-type,return-value]
    found = reader(AboutApprovals())
    (asked,) = found.waiting
    assert asked.name == "payments/Approve/Ask"
    assert [each.action for each in asked.offers] == ["approve", "reject"]
    assert asked.activity.waits_for == "manual approval"
    assert found.unread == "1 pipeline could not be read: web (PipelineNotFoundException)."
    reader.close()


def test_the_first_page_has_the_same_questions(aws: FakeAws, running: Snapshot) -> None:
    """By stage and action, as the page of approvals: a pipeline may ask again, for another."""
    aws.releases = {RELEASE: running.release}
    aws.asks = {"payments": ["Ask"]}
    aws.unreadable = "web"
    reader = Reader(lambda: aws, clock=Clock())  # type: ignore[arg-type,return-value]
    found = reader(AboutEstate()).approvals
    (asked,) = found.waiting
    assert asked.name == "payments/Approve/Ask"
    assert {each.name for each in asked.offers} == {"payments/Approve/Ask"}
    assert found == replace(reader(AboutApprovals()), searching=True)
    reader.close()


def test_a_search_of_older_releases_that_goes_on_is_known(aws: FakeAws) -> None:
    """Both pages know it until the search has ended, and again after a problem: it begins anew."""
    reader = Reader(lambda: aws, clock=Clock())  # type: ignore[arg-type,return-value]
    assert reader(AboutEstate()).approvals.searching
    assert not reader(AboutEstate()).approvals.searching
    assert not reader(AboutApprovals()).searching
    reader.close()
    assert reader(AboutApprovals()).searching
    reader.close()


def test_the_page_of_a_release_that_was_left_open(aws: FakeAws) -> None:
    """Its execution has ended: there is nothing to stop."""
    aws.set_status("RUNNING", execution_arn=EXECUTION)
    with closing(Reader(lambda: aws, clock=Clock())) as reader:  # type: ignore[arg-type,return-value]
        assert [each.action for each in reader(AboutRelease(RELEASE)).offers] == ["cancel"]
        aws.execution = {"status": "ABORTED", "stopDate": at(-3600)}
        state = reader(AboutRelease(RELEASE))
    assert (state.snapshot.left_open, state.offers) == ("ABORTED", ())


def test_history_and_metrics(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The filters are those of list, the window ends now."""
    clock = Clock()
    reader = Reader(lambda: aws, clock=clock)  # type: ignore[arg-type,return-value]
    filters = Filters(
        statuses=("SUCCEEDED",), pipelines=("cat*",), requester="alice", since="7d", until="0m"
    )
    found = reader(AboutHistory(filters))
    assert aws.searched
    assert (aws.searched.statuses, aws.searched.pipelines) == (("SUCCEEDED",), ["catalog"])
    assert (aws.searched.since, aws.searched.until) == (clock.now - timedelta(days=7), clock.now)
    assert [each.release_id for each in found.releases] == [RELEASE]
    assert (found.more, found.wrong) == (False, ())
    assert reader(AboutHistory(Filters(requester="bob"))).releases == ()
    assert reader(AboutHistory(Filters(outcomes=("FAILED",)))).releases == ()
    monkeypatch.setattr(history_reading, "MOST_SHOWN", 0)
    assert reader(AboutHistory(Filters())).more
    assert reader(AboutMetrics(7)).days == 7
    (window,) = aws.dora.windows
    assert (window.until, window.days) == (clock.now, 7)
    reader.close()


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (Filters(since="soon", until="x"), {"since": "Since soon is", "until": "Until x is"}),
        (Filters(since="1d", until="2d"), {"until": "Until 2d is before Since 1d."}),
        (Filters(since="9999d99999h"), {}),
        (Filters(until="2026-11-22T10:00"), {"until": "Until 2026-11-22T10:00 must have a time"}),
        (Filters(pipelines=("a b",)), {"pipeline": "Pipeline a b can match no pipeline."}),
        (Filters(pipelines=("no-*",)), {"pipeline": "No release has run a pipeline that matches"}),
        (Filters(pipelines=("oders",)), {"pipeline": "No release has run a pipeline oders (did"}),
        (Filters(pipelines=MANY), {"pipeline": "More than 20 pipelines cannot be"}),
    ],
)
def test_wrong_filters_are_told(aws: FakeAws, filters: Filters, told: dict[str, str]) -> None:
    """By the names of their fields, with what to write; nothing is found by them."""
    reader = Reader(lambda: aws, clock=Clock())  # type: ignore[arg-type,return-value]
    found = reader(AboutHistory(filters))
    assert {each.name for each in found.wrong} == {*told}
    for each in found.wrong:
        assert each.problem.startswith(told[each.name])
        assert each.next_step
        assert "--" not in f"{each.problem} {each.next_step}"
        assert "use a pattern" not in each.next_step
        assert "release-machine status" not in each.next_step
        assert found.releases == ()
    reader.close()


def test_a_name_that_is_given_often_counts_once(aws: FakeAws) -> None:
    """It is searched once, too."""
    with closing(Reader(lambda: aws, clock=Clock())) as reader:  # type: ignore[arg-type,return-value]
        found = reader(AboutHistory(Filters(pipelines=("catalog",) * 21)))
    assert aws.searched
    assert (found.wrong, aws.searched.pipelines) == ((), ["catalog"])


def test_a_problem_closes_the_session(aws: FakeAws) -> None:
    """The next read opens another, with the credentials that are there by then."""
    opened: list[FakeAws] = []

    def open_session() -> Any:
        opened.append(aws)
        return aws

    aws.set_status("RUNNING", execution_arn=EXECUTION)
    reader = Reader(open_session, clock=Clock())
    topic = AboutRelease(RELEASE)
    reader(topic)
    reader(topic)
    assert len(opened) == 1
    aws.away = True
    with pytest.raises(UnreachableError, match="AWS does not answer"):
        reader(topic)
    aws.away = False
    reader(topic)
    assert len(opened) == 2
    reader.close()


class Actions:
    """Lists the actions of pipelines, and counts how often."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses = False

    def list_action_executions(self, **asked: Any) -> dict[str, Any]:
        """List them, the latest first, as AWS does."""
        self.asked.append(asked["pipelineName"])
        if self.refuses:
            raise refusal("ThrottlingException", "ListActionExecutions")
        kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
        base = {"actionExecutionId": "a-token", "stageName": "Deploy"}
        failed = {"errorDetails": {"code": "JobFailed", "message": "no such bucket"}}
        link = {"externalExecutionUrl": "https://example.com/run"}
        return {
            "actionExecutionDetails": [
                {
                    **base,
                    "actionName": "Ask",
                    "status": "InProgress",
                    "startTime": at(2),
                    "input": {"actionTypeId": kind},
                },
                {
                    **base,
                    "actionName": "Copy",
                    "status": "Failed",
                    "startTime": at(1),
                    "output": {"executionResult": {**failed, **link}},
                },
            ]
        }

    def get_pipeline_state(self, **_: str) -> dict[str, Any]:
        """No action is shown in it, as just after its start."""
        return {"stageStates": []}


def ran(count: int, status: str) -> Iterable[Pipeline]:
    """Some pipelines with executions."""
    return [
        pipeline(number, f"p{number}", status, execution_id=f"e{number}") for number in range(count)
    ]


def test_the_actions_of_a_pipeline() -> None:
    """In the order in which they began, with the reason and link of a failure, without tokens."""
    actions = Actions()
    steps = StepsInTurns(actions)  # type: ignore[arg-type]
    (found,) = steps.get_all([*ran(1, "RUNNING"), *ran(1, "SUCCEEDED")]).values()
    copied, asked = found
    assert (copied.stage, copied.action, copied.running) == ("Deploy", "Copy", False)
    assert isinstance(copied.failure, Failure)
    assert copied.failure.message == "no such bucket"
    assert copied.failure.link == "https://example.com/run"
    assert (asked.action, asked.running, asked.asks, asked.failure) == ("Ask", True, True, None)
    assert "a-token" not in repr(found)


def test_a_cancelled_approval_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list still shows it as running; the state shows that it has ended without an answer."""
    actions = Actions()
    latest = {"actionExecutionId": "a-token", "status": "Failed", "summary": CANCELLED}
    stage = {"stageName": "Deploy", "actionStates": [{"latestExecution": latest}]}
    monkeypatch.setattr(actions, "get_pipeline_state", lambda **_: {"stageStates": [stage]})
    (found,) = StepsInTurns(actions).get_all(ran(1, "RUNNING")).values()  # type: ignore[arg-type]
    asked = found[-1]
    assert (asked.action, asked.running, asked.asks) == ("Ask", False, False)
    assert (asked.cancelled, asked.failure) == (True, None)


def test_actions_are_read_in_turns() -> None:
    """A few at each look; what has ended is read once."""
    actions = Actions()
    steps = StepsInTurns(actions, most=2)  # type: ignore[arg-type]
    for looks in (2, 4, 5):
        assert len(steps.get_all(ran(5, "FAILED"))) == looks
    assert len(steps.get_all(ran(5, "FAILED"))) == 5
    assert sorted(actions.asked) == ["p0", "p1", "p2", "p3", "p4"]
    actions.asked.clear()
    for _ in range(5):
        steps.get_all(ran(5, "RUNNING"))
    assert sorted(actions.asked) == sorted(["p0", "p1", "p2", "p3", "p4"] * 2)


def test_actions_that_cannot_be_read() -> None:
    """The page shows none, and a later look tries again."""
    actions = Actions()
    actions.refuses = True
    steps = StepsInTurns(actions)  # type: ignore[arg-type]
    assert steps.get_all(ran(1, "FAILED")) == {}
    actions.refuses = False
    assert len(steps.get_all(ran(1, "FAILED"))) == 1
    other = [replace(each, execution_id="another") for each in ran(1, "FAILED")]
    actions.refuses = True
    assert steps.get_all(other) == {}


def test_a_release_and_its_rollback_in_two_tabs(
    aws: FakeAws, running: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each keeps the stages of its own executions, however often the other is read."""
    actions = Actions()
    monkeypatch.setattr(aws, "list_action_executions", actions.list_action_executions)
    back = [replace(each, execution_id=f"back-{each.name}") for each in ran(5, "FAILED")]
    for name, nodes in ((RELEASE, ran(5, "FAILED")), ("back", back)):
        pipelines = {each.name: each for each in nodes}
        aws.releases[name] = replace(
            running.release, release_id=name, status=ReleaseStatus.FAILED, pipelines=pipelines
        )
    reader = Reader(lambda: aws, clock=Clock())  # type: ignore[arg-type,return-value]
    shown = [len(reader(AboutRelease(name)).steps) for _ in range(3) for name in (RELEASE, "back")]
    assert shown == [3, 3, 5, 5, 5, 5]
    assert len(actions.asked) == 10
    reader.close()


def test_facts_leave_the_time_out(aws: FakeAws) -> None:
    """A read that found the same is equal, whenever it was made."""
    clock = Clock()
    reader = Reader(lambda: aws, clock=clock)  # type: ignore[arg-type,return-value]
    topics = (
        *(AboutEstate(), AboutApprovals(), AboutHistory(Filters()), AboutRelease(RELEASE)),
        AboutMetrics(7),
    )
    reader(AboutEstate())  # the first read is different: older releases may be missing
    for topic in topics:
        clock.now = at(0)
        before = reader(topic)
        clock.now = at(60)
        after = reader(topic)
        assert before != after
        assert facts(before) == facts(after)
    assert Seen(value=1) == Seen(value=1)
    reader.close()
