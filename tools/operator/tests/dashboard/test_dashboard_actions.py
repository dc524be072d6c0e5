"""With --allow-actions a page asks first, and then does what the command does."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from release_core.domain.approvals import Approval
from release_core.domain.release import OnFailure, Pipeline, PipelineStatus, ReleaseStatus
from release_machine.actions import automatic_rollback
from release_machine.errors import OperatorError
from release_machine.release.questions import AskedByHand
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.fake_dashboard import (
    ORIGIN,
    Form,
    Served,
    served,
    words,
)
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws
from tools.operator.tests.samples.fake_rollbacks import ROLLBACK, Core

RELEASE = "2026.11.22-1"
PAGE = f"/releases/{RELEASE}"


@pytest.fixture
def dashboard(aws: FakeAws) -> Iterator[Served]:
    """A dashboard that may act, over a release that waits for an approval."""
    (release,) = aws.releases.values()
    asked = Pipeline(
        name="go-live",
        position=9,
        status=PipelineStatus.RUNNING,
        depends_on=("catalog",),
        approval=Approval(question="Go live?", asked_at=at(20), expires_after=timedelta(hours=48)),
    )
    behind = Pipeline(name="web", position=10, depends_on=("go-live",))
    running = replace(
        next(iter(release.pipelines.values())),
        name="orders",
        status=PipelineStatus.RUNNING,
        execution_id="2b3c",
        ended_at=None,
    )
    pipelines = {**release.pipelines, "orders": running, "go-live": asked, "web": behind}
    aws.releases = {
        RELEASE: replace(
            release,
            status=ReleaseStatus.RUNNING,
            closed_at=None,
            execution_arn=EXECUTION,
            pipelines=pipelines,
            on_failure=OnFailure.STOP,
        )
    }
    aws.answer = {"votes": 1, "needed": 1, "status": "SUCCEEDED"}
    with served(lambda: aws, allows_actions=True) as each:
        yield each
    assert each.faults == []


def path(action: str, name: str | None = None) -> str:
    """The address of an action."""
    return f"/actions/{action}/{RELEASE}" + (f"?name={name}" if name else "")


def follow(dashboard: Served, answer: Any) -> str:
    """The text of the page that an action leads to."""
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == PAGE
    return words(dashboard.browser.get(PAGE).text)


def test_approve(aws: FakeAws, dashboard: Served) -> None:
    """The page shows the question and what waits behind it; the answer is sent as the command's."""
    text = words(dashboard.browser.get(path("approve", "go-live")).text)
    assert "Approve go-live of release 2026.11.22-1?" in text
    assert "Go live?" in text
    assert "Then web can start." in text
    assert "release-machine approve 2026.11.22-1 go-live" in text
    assert aws.sent == []
    answer = dashboard.post(path("approve", "go-live"), words="looks good")
    assert "Approved go-live of release 2026.11.22-1: 1 of 1 given." in follow(dashboard, answer)
    assert aws.sent == [("POST", "approvals", "go-live", RELEASE)]
    assert aws.bodies == [{"decision": "approve", "attempt": 1, "comment": "looks good"}]


@pytest.mark.parametrize(
    ("needed", "then"),
    [
        (1, "Then web can start."),
        (2, "Then 1 more approval is needed."),
        (3, "Then 2 more approvals are needed."),
    ],
)
def test_what_an_approval_leads_to(aws: FakeAws, dashboard: Served, needed: int, then: str) -> None:
    """One of several approvals does not start what waits behind it."""
    pipelines = aws.releases[RELEASE].pipelines
    asked = pipelines["go-live"]
    assert asked.approval
    more = replace(asked, approval=replace(asked.approval, min_approvals=needed))
    aws.set_status("RUNNING", pipelines={**pipelines, "go-live": more})
    text = words(dashboard.browser.get(path("approve", "go-live")).text)
    assert then in text
    assert ("can start" in text) == (needed == 1)


def test_a_notice_is_told_once(dashboard: Served) -> None:
    """The page that is loaded again does not repeat it."""
    answer = dashboard.post(path("approve", "go-live"))
    assert "Approved go-live" in follow(dashboard, answer)
    assert "Approved go-live" not in dashboard.browser.get(PAGE).text


def test_reject_needs_a_reason(aws: FakeAws, dashboard: Served) -> None:
    """Without words the page asks again, with what was typed; with words they are sent."""
    text = dashboard.browser.get(path("reject", "go-live")).text
    assert "A rejection is final for this attempt, and counts as a failure." in text
    assert "what runs is stopped" in text
    answer = dashboard.post(path("reject", "go-live"), words="  ")
    assert answer.status_code == 409
    assert "Reason is empty." in answer.text
    assert aws.sent == []
    aws.answer = {}
    answer = dashboard.post(path("reject", "go-live"), words="prices are wrong")
    assert "Rejected go-live of release 2026.11.22-1." in follow(dashboard, answer)
    assert aws.bodies[0]["comment"] == "prices are wrong"


@pytest.mark.parametrize(
    ("said", "problem"), [("a\x1b[31mb", "hidden character"), ("x" * 9000, "more than")]
)
def test_words_are_checked(aws: FakeAws, dashboard: Served, said: str, problem: str) -> None:
    """As those of the command are."""
    answer = dashboard.post(path("reject", "go-live"), words=said)
    assert answer.status_code == 409
    assert problem in answer.text
    assert aws.sent == []


def test_a_refused_answer_is_shown_in_place(aws: FakeAws, dashboard: Served) -> None:
    """The page keeps what was typed, and says what the API said and what to do."""
    aws.answer = OperatorError("You asked for this release.", "Ask somebody else.")
    answer = dashboard.post(path("approve", "go-live"), words="mine")
    assert answer.status_code == 409
    assert "You asked for this release." in answer.text
    assert "Ask somebody else." in answer.text
    assert ">mine</textarea>" in answer.text


def test_approve_a_manual_approval_of_codepipeline(aws: FakeAws, dashboard: Served) -> None:
    """It is answered with the user's credentials; its token is in no page."""
    aws.asks = {"orders": ["Ask"]}
    text = dashboard.browser.get(path("approve", "orders")).text
    assert "token of" not in text
    answer = dashboard.post(path("approve", "orders"), words="ok")
    assert "Approved orders/Approve/Ask of release 2026.11.22-1." in follow(dashboard, answer)
    (put,) = aws.put
    assert (put["token"], put["result"]["status"]) == ("token of Ask", "Approved")


def asks(aws: FakeAws, monkeypatch: pytest.MonkeyPatch, stage: str, execution: str) -> None:
    """Let orders wait for a manual approval in this stage, with an execution of its own."""
    asked = AskedByHand(
        pipeline="orders",
        stage=stage,
        action="Approve",
        since=at(20),
        question=f"Is {stage} good?",
        link=None,
        token=f"token of {execution}",
    )
    monkeypatch.setattr("release_machine.actions.answer.asked_by_hand", lambda *_: [asked])


@pytest.mark.parametrize(
    ("stage", "execution", "name"),
    [
        ("Prod", "2", "orders"),
        ("Prod", "2", "orders/Test/Approve"),
        ("Test", "2", "orders"),
        ("Test", "2", "orders/Test/Approve"),
    ],
    ids=("next stage", "next stage by name", "same stage again", "same stage again by name"),
)
def test_only_the_approval_that_was_shown_is_answered(
    aws: FakeAws,
    dashboard: Served,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    execution: str,
    name: str,
) -> None:
    """A colleague answers it, and the pipeline asks again: that is shown first."""
    asks(aws, monkeypatch, "Test", "1")
    page = dashboard.browser.get(path("approve", name)).text
    assert "Approve orders/Test/Approve of release 2026.11.22-1?" in words(page)
    assert "Is Test good?" in page
    assert "It waits in the stage Test, action Approve." in words(page)
    assert "release-machine approve 2026.11.22-1 orders/Test/Approve" in words(page)
    assert "token of" not in page
    asks(aws, monkeypatch, stage, execution)
    for address in (path("approve", name), path("approve", "orders/Test/Approve")):
        answer = dashboard.browser.post(address, data=Form(page).fields, headers=ORIGIN)
        assert answer.status_code == 409
    assert aws.put == []


def test_only_the_rollback_that_was_shown_is_started(
    aws: FakeAws, core: Core, dashboard: Served
) -> None:
    """If it would ship something else by now, that is shown first."""
    aws.set_status("FAILED", closed_at=at(50))
    page = dashboard.browser.get(path("rollback")).text
    core.rollback = replace(ROLLBACK, manifest={"releaseId": f"{RELEASE}-rollback", "other": 1})
    answer = dashboard.browser.post(path("rollback"), data=Form(page).fields, headers=ORIGIN)
    assert answer.status_code == 409
    assert "The release has changed since this page was loaded." in answer.text
    assert aws.started == []


def test_only_the_execution_that_was_shown_is_stopped(aws: FakeAws, dashboard: Served) -> None:
    """The release has failed since, and the retry of a colleague waits: that is shown first."""
    page = dashboard.browser.get(path("cancel")).text
    aws.set_status("FAILED", closed_at=at(50))
    retry = replace(
        aws.releases[RELEASE],
        status=ReleaseStatus.RUNNING,
        execution_arn=f"{EXECUTION}-retry",
        closed_at=None,
        pending=True,
        pipelines={},
    )
    aws.waiting = [retry]
    answer = dashboard.browser.post(path("cancel"), data=Form(page).fields, headers=ORIGIN)
    assert answer.status_code == 409
    assert "The release has changed since this page was loaded." in answer.text
    assert "is not opened: nothing would start" in words(answer.text)
    assert aws.stopped == []
    again = dashboard.post(path("cancel"))
    assert again.status_code == 303
    assert [each["executionArn"] for each in aws.stopped] == [retry.execution_arn]


def test_cancel(aws: FakeAws, dashboard: Served) -> None:
    """The page says what would be stopped and skipped; the cause names the person."""
    text = dashboard.browser.get(path("cancel")).text
    assert "would be stopped after the action in progress: orders" in text
    assert "would be skipped: web" in text
    answer = dashboard.post(path("cancel"), words="wrong build")
    assert answer.status_code == 303
    (stopped,) = aws.stopped
    assert stopped["executionArn"] == EXECUTION
    assert "wrong build" in stopped["cause"]
    assert aws.caller in stopped["cause"]


def test_what_has_changed_meanwhile_is_shown_first(aws: FakeAws, dashboard: Served) -> None:
    """A form of an earlier attempt does nothing, and shows what would happen now."""
    before = dashboard.browser.get(path("cancel"))
    aws.releases = {RELEASE: replace(aws.releases[RELEASE], attempt=2)}
    assert before.status_code == 200
    answer = dashboard.post(path("cancel"), attempt="1")
    assert answer.status_code == 409
    assert "The release has changed since this page was loaded." in answer.text
    assert aws.stopped == []


def test_what_cannot_be_done_has_no_form(aws: FakeAws, dashboard: Served) -> None:
    """The page says why, and what to do instead."""
    page = dashboard.browser.get(path("retry"))
    assert "Release 2026.11.22-1 is still running" in words(page.text)
    assert "<form" not in page.text
    aws.set_status("SUCCEEDED")
    for action, why in (("cancel", "there is nothing to stop"), ("retry", "nothing is left")):
        page = dashboard.browser.get(path(action))
        assert why in words(page.text)
        assert "<form" not in page.text
    assert "names no approval" in dashboard.browser.get(path("approve")).text


def test_retry(aws: FakeAws, dashboard: Served) -> None:
    """The page says what runs again; a deadline that has passed is left out."""
    manifest = {"releaseId": RELEASE, "pipelines": ["a"], "deadline": "2020-01-01T00:00:00Z"}
    aws.stored = json.dumps(manifest)
    release = aws.releases[RELEASE]
    failed = replace(release.pipelines["orders"], status=PipelineStatus.FAILED)
    kept = {"catalog": release.pipelines["catalog"], "orders": failed}
    aws.set_status("FAILED", closed_at=at(50), pipelines=kept)
    text = dashboard.browser.get(path("retry")).text
    assert "Run or ask again: orders." in text
    assert "Succeeded, not run again: catalog." in text
    assert "The deadline 2020-01-01T00:00:00Z has passed and is left out." in text
    answer = dashboard.post(path("retry"))
    assert "Attempt 2 of release 2026.11.22-1 was requested." in follow(dashboard, answer)
    assert aws.started == [{"retry": RELEASE, "deadline": None, "requestedBy": aws.caller}]


def test_rollback_shows_its_plan(aws: FakeAws, core: Core, dashboard: Served) -> None:
    """What is shipped again, what stays as it is and why; then the machine is asked to do it."""
    aws.set_status("FAILED", closed_at=at(50))
    text = words(dashboard.browser.get(path("rollback")).text)
    assert "2026.11.22-1-rollback ships again what was good before: catalog." in text
    assert "orders stays as it is: no release had succeeded in it before." in text
    assert aws.started == []
    answer = dashboard.post(path("rollback"))
    assert "2026.11.22-1-rollback" in follow(dashboard, answer)
    rolled_back = {"rollBack": RELEASE, "releaseId": f"{RELEASE}-rollback"}
    assert aws.started == [{**rolled_back, "requestedBy": aws.caller}]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"conflicts": {"catalog": "later"}}, "others have run some of the pipelines since"),
        ({}, "Nothing would change"),
    ],
    ids=("others since", "nothing would change"),
)
def test_a_rollback_that_is_refused(
    aws: FakeAws, core: Core, dashboard: Served, changed: dict[str, Any], problem: str
) -> None:
    """The page says why, names the command that does it all the same, and has no form."""
    core.rollback = replace(ROLLBACK, **changed)
    aws.same = () if changed else ("catalog",)
    aws.set_status("FAILED", closed_at=at(50))
    page = dashboard.browser.get(path("rollback"))
    assert problem in words(page.text)
    assert "--force" in words(page.text)
    assert "<form" not in page.text
    token = "".join(  # as if the page had been loaded before
        each.csrf for each in [dashboard.door.find(value) for value in _cookies(dashboard)] if each
    )
    answer = dashboard.browser.post(
        path("rollback"), data={"csrf": token, "attempt": "1"}, headers=ORIGIN
    )
    assert answer.status_code == 409
    assert aws.started == []


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("RUNNING", ("is being rolled back by release back", "release-machine watch back")),
        ("SUCCEEDED", ("was rolled back by release back, which has SUCCEEDED", "--force")),
        ("FAILED", ()),
        ("CANCELLED", ()),
    ],
)
def test_a_second_rollback(
    aws: FakeAws, core: Core, dashboard: Served, status: str, told: tuple[str, ...]
) -> None:
    """Another one can be started after one that did not succeed, as with the command."""
    aws.set_status("FAILED", closed_at=at(50), rolled_back_by="back")
    back = replace(aws.releases[RELEASE], release_id="back", rolled_back_by=None)
    aws.releases["back"] = replace(back, status=ReleaseStatus(status))
    page = dashboard.browser.get(path("rollback"))
    for each in told:
        assert each in words(page.text)
    assert ("<form" not in page.text) is bool(told)
    answer = dashboard.post(path("rollback"))
    assert answer.status_code == (403 if told else 303)
    assert len(aws.started) == (0 if told else 1)


@pytest.mark.parametrize(
    ("workflow", "rollback", "comes"),
    [
        ("RUNNING", None, True),
        ("FAILED", "RUNNING", True),
        ("FAILED", "FAILED", False),
        ("FAILED", None, False),
    ],
    ids=("about to start", "waits for busy pipelines", "refused", "not started"),
)
def test_a_rollback_that_was_announced(
    aws: FakeAws,
    core: Core,
    dashboard: Served,
    monkeypatch: pytest.MonkeyPatch,
    workflow: str,
    rollback: str | None,
    *,
    comes: bool,
) -> None:
    """One that may still come is followed; otherwise a person can start it."""
    shown = {EXECUTION: workflow}
    monkeypatch.setattr(
        automatic_rollback, "execution_status", lambda arn, **_: shown.get(arn, rollback)
    )
    aws.set_status("FAILED", closed_at=at(50), rolls_back_as="back")
    page = dashboard.browser.get(path("rollback"))
    assert ("is being rolled back by release back" in words(page.text)) is comes
    assert ("<form" in page.text) is not comes
    assert dashboard.post(path("rollback")).status_code == (403 if comes else 303)


def _cookies(dashboard: Served) -> list[str]:
    return [each.value or "" for each in dashboard.browser.cookies.jar]


@pytest.mark.parametrize("token", ["", "guessed"])
def test_a_form_needs_the_token_of_its_page(aws: FakeAws, dashboard: Served, token: str) -> None:
    """Without the token, or with a guessed one, nothing is done."""
    answer = dashboard.browser.post(
        path("cancel"), data={"csrf": token, "attempt": "1"}, headers=ORIGIN
    )
    assert answer.status_code == 403
    assert "Nothing was done" in answer.text
    assert aws.stopped == []


def test_a_token_is_of_one_browser(aws: FakeAws, dashboard: Served) -> None:
    """That of another browser does not count."""
    mine = {"csrf": dashboard.browser.get(path("cancel")).text.split('name="csrf" value="')[1][:43]}
    dashboard.browser.cookies.clear()
    assert dashboard.browser.get(dashboard.door.link).status_code == 200
    answer = dashboard.browser.post(path("cancel"), data={**mine, "attempt": "1"}, headers=ORIGIN)
    assert answer.status_code == 403
    assert aws.stopped == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8080"},
        {**ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {**ORIGIN, "Host": "evil.example:4814"},
    ],
    ids=("none", "null", "another port", "another site", "another name"),
)
def test_a_form_comes_from_the_dashboard(
    aws: FakeAws, dashboard: Served, headers: dict[str, str]
) -> None:
    """With cookie and token, but from elsewhere, nothing is done."""
    text = dashboard.browser.get(path("cancel")).text
    token = text.split('name="csrf" value="')[1][:43]
    answer = dashboard.browser.post(
        path("cancel"), data={"csrf": token, "attempt": "1"}, headers=headers
    )
    assert answer.status_code == 403
    assert aws.stopped == []


@pytest.mark.parametrize(
    "body",
    [b"x=" + b"y" * 40_000, b"\xff\xfe", b"&".join([b"a=b"] * 50)],
    ids=("large", "bytes", "many"),
)
def test_a_body_that_is_no_form(aws: FakeAws, dashboard: Served, body: bytes) -> None:
    """Nothing is done."""
    answer = dashboard.browser.post(path("cancel"), content=body, headers=ORIGIN)
    assert answer.status_code == 403
    assert aws.stopped == []


def test_expired_credentials(aws: FakeAws, dashboard: Served) -> None:
    """The page says what to do; after signing in, the same form works."""
    aws.away = True
    aws.set_status("RUNNING", opened_at=at(0))
    page = dashboard.browser.get(path("cancel"))
    assert page.status_code == 200
    aws.stop_does = None
    stop, calls = aws.stop_execution, []

    def refuse(**asked: str) -> None:
        calls.append(asked)
        raise OperatorError("AWS refused the credentials", "Sign in")

    aws.stop_execution = refuse  # type: ignore[method-assign]
    answer = dashboard.post(path("cancel"), words="x")
    assert answer.status_code == 409
    assert "AWS refused the credentials" in answer.text
    aws.stop_execution = stop  # type: ignore[method-assign]
    aws.away = False
    assert dashboard.post(path("cancel"), words="x").status_code == 303
    assert len(aws.stopped) == 1


def test_no_other_action(dashboard: Served) -> None:
    """There are five of them."""
    assert dashboard.browser.get(path("submit")).status_code == 404
    assert dashboard.browser.post(path("freeze"), headers=ORIGIN).status_code == 404
    assert dashboard.browser.put(path("cancel"), headers=ORIGIN).status_code == 405
