"""What waits is approved and rejected: approvals of the release, and those of CodePipeline."""

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest

from release_core.domain.release import ReleaseStatus
from release_machine.errors import OperatorError, UsageError
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.asking_release import ALICE, asking, asking_snapshot
from tools.operator.tests.samples.fake_deployment import FakeAws

ID = "2026.11.22-1"
GIVEN = {"votes": 2, "needed": 2, "status": "SUCCEEDED"}


@pytest.fixture
def asked(aws: FakeAws) -> FakeAws:
    """A release whose approval go-live is asked, in its second attempt."""
    release = asking()
    nodes = {name: replace(each, attempt=2) for name, each in release.pipelines.items()}
    aws.releases, aws.answer = {ID: replace(release, pipelines=nodes)}, GIVEN
    return aws


@pytest.mark.parametrize("name", [(), ("go-live",)])
def test_approve(asked: FakeAws, run: Run, name: tuple[str, ...]) -> None:
    """The only question needs no name; the answer is for the attempt that the person sees."""
    result = run("approve", ID, *name, "--comment", "checked")
    assert result.exit_code == 0, result.output
    assert "approved go-live of release 2026.11.22-1: 2 of 2 given" in result.stdout
    assert asked.sent == [("POST", "approvals", "go-live", ID)]
    assert asked.bodies == [{"decision": "approve", "attempt": 2, "comment": "checked"}]


def test_approve_ahead(asked: FakeAws, run: Run) -> None:
    """An approval that is not asked yet is answered by its name."""
    asked.answer = {"votes": 1, "needed": 1, "status": "WAITING"}
    result = run("approve", ID, "announce")
    assert "approved announce of release 2026.11.22-1: 1 of 1 given, before it" in result.stdout
    assert asked.bodies == [{"decision": "approve", "attempt": 2}]


def test_reject(asked: FakeAws, run: Run) -> None:
    """A rejection needs a reason."""
    assert run("reject", ID).exit_code == 2
    asked.answer = {"status": "FAILED", "message": "The release goes on later."}
    result = run("reject", ID, "--reason", "not today")
    assert result.exit_code == 0
    assert "rejected go-live of release 2026.11.22-1; The release goes on later." in result.stdout
    assert asked.bodies == [{"decision": "reject", "attempt": 2, "comment": "not today"}]


@pytest.mark.parametrize(
    "refusal", [OperatorError("You asked for it.", "Ask."), UsageError("No such.", "Look.")]
)
def test_refused(asked: FakeAws, run: Run, refusal: OperatorError) -> None:
    """The words of the API are shown, with its exit code."""
    asked.answer = refusal
    result = run("approve", ID)
    assert result.exit_code == refusal.exit_code
    assert result.stderr.startswith(refusal.problem)


def test_several_questions(asked: FakeAws, run: Run) -> None:
    """Without a name the choices are listed, and nothing is answered."""
    asked.asks = {"shop-payments": ["Ask"]}
    result = run("approve", ID)
    assert result.exit_code == 2
    assert "There are: go-live, shop-payments/Approve/Ask." in result.stderr
    assert not asked.sent
    assert not asked.put


@pytest.mark.parametrize("name", ["shop-payments", "shop-payments/Approve/Ask"])
@pytest.mark.parametrize(
    ("words", "status", "text"),
    [(("approve",), "Approved", ""), (("reject", "--reason", "no"), "Rejected", "no")],
)
def test_by_hand(
    asked: FakeAws, run: Run, name: str, words: tuple[str, ...], status: str, text: str
) -> None:
    """A manual approval of CodePipeline is answered there, and its token is not shown."""
    asked.asks = {"shop-payments": ["Ask"]}
    command, *options = words
    result = run(command, ID, name, *options)
    assert result.exit_code == 0, result.output
    assert f"{status.lower()} shop-payments/Approve/Ask of release {ID}" in result.stdout
    assert "token" not in result.output
    assert asked.put == [
        {
            "pipelineName": "shop-payments",
            "stageName": "Approve",
            "actionName": "Ask",
            "token": "token of Ask",
            "result": {"summary": text, "status": status},
        }
    ]


def test_several_by_hand(asked: FakeAws, run: Run) -> None:
    """A pipeline that asks twice needs the stage and the action."""
    asked.asks = {"shop-payments": ["Legal", "Ask"]}
    result = run("approve", ID, "shop-payments")
    assert result.exit_code == 2
    assert "shop-payments/Approve/Legal, shop-payments/Approve/Ask" in result.stderr
    assert run("approve", ID, "shop-payments/Approve/Legal").exit_code == 0
    assert [each["actionName"] for each in asked.put] == ["Legal"]


@pytest.mark.parametrize("name", ["shop-payments/Approve/Legal", "shop-payments/Approve"])
@pytest.mark.parametrize("words", [("approve",), ("reject", "--reason", "no")])
def test_another_waits_by_then(asked: FakeAws, run: Run, name: str, words: tuple[str, ...]) -> None:
    """What the person has not seen is not answered; the refusal names it."""
    asked.asks = {"shop-payments": ["Ask", "Security"]}
    command, *options = words
    result = run(command, ID, name, *options)
    assert result.exit_code == 1
    assert result.stderr == (
        f"{name} does not wait for an answer, so nothing was answered. What waits is "
        "shop-payments/Approve/Ask, shop-payments/Approve/Security.\n"
        "See what waits with: release-machine approvals\n"
    )
    assert not asked.put


def test_the_command_that_is_shown_answers_what_is_shown(asked: FakeAws, run: Run) -> None:
    """It names the action, so that it does nothing when the pipeline asks for another one."""
    asked.asks = {"shop-payments": ["Legal"]}
    seen = asking_snapshot().activity["shop-payments"]
    assert seen.way_out
    program, *words = shlex.split(seen.way_out)
    assert program == "release-machine"
    assert run(*words).exit_code == 1
    assert not asked.put
    asked.asks = {"shop-payments": ["Ask"]}
    assert run(*words).exit_code == 0
    assert [each["actionName"] for each in asked.put] == ["Ask"]


def test_answered_meanwhile(asked: FakeAws, run: Run) -> None:
    """A token that is no longer valid is an error that says so."""
    asked.asks, asked.put_too_late = {"shop-payments": ["Ask"]}, True
    result = run("approve", ID, "shop-payments")
    assert result.exit_code == 1
    assert "shop-payments/Approve/Ask was answered meanwhile, or has ended." in result.stderr
    asked.put_too_late = False
    assert run("approve", ID, "shop-payments", "--comment", "x" * 513).exit_code == 2


@pytest.mark.parametrize(
    ("name", "code", "problem"),
    [
        ("go-lve", 2, "has no approval and no pipeline go-lve; did you mean `go-live`?"),
        ("\udcff", 2, "has no approval and no pipeline \\udcff\n"),
        ("shop-web", 1, "No manual approval waits in shop-web."),
    ],
)
def test_nothing_of_that_name(asked: FakeAws, run: Run, name: str, code: int, problem: str) -> None:
    """A wrong name is wrong usage; what does not wait is an error."""
    result = run("approve", ID, name)
    assert result.exit_code == code
    assert problem in result.stderr


def test_nothing_waits(asked: FakeAws, run: Run) -> None:
    """A release that is not open, or asks nothing, has nothing to answer."""
    release = asked.releases[ID]
    for changed, problem in (
        ({"pipelines": {}}, "Nothing waits for an answer"),
        ({"pending": True}, "is not opened yet"),
        ({"status": ReleaseStatus.FAILED}, "has ended as FAILED"),
    ):
        asked.releases = {ID: replace(release, **changed)}
        result = run("approve", ID)
        assert result.exit_code == 1
        assert problem in result.stderr


def test_approvals(asked: FakeAws, run: Run) -> None:
    """All that waits in running releases is listed; as JSON with the votes, and without tokens."""
    asked.asks = {"shop-payments": ["Ask"]}
    told = run("approvals").stdout
    for part in (
        "go-live",
        "shop-payments/Approve/Ask",
        "cannot answer: the role Releaser (session alice), bob",
    ):
        assert part in told
    found: list[Any] = json.loads(run("approvals", "--json").stdout)
    assert [each["kind"] for each in found] == ["approval", "manual"]
    assert found[0]["mayNotAnswer"][0] == ALICE
    assert found[0]["votes"][0]["comment"] == "load test is fine"
    assert found[0]["behind"] == ["shop-web"]
    assert "token" not in json.dumps(found)
    asked.releases = {}
    assert run("approvals").stdout == "nothing waits for an answer\n"


UNREAD = "1 pipeline could not be read: shop-payments (PipelineNotFoundException)."


def test_approvals_of_a_pipeline_that_cannot_be_read(asked: FakeAws, run: Run) -> None:
    """The rest is listed all the same; what is missing is named on standard error."""
    asked.unreadable = "shop-payments"
    result = run("approvals")
    assert result.exit_code == 3
    assert "go-live" in result.stdout
    assert result.stderr.startswith(UNREAD)
    result = run("approvals", "--json")
    assert [each["name"] for each in json.loads(result.stdout)] == ["go-live"]
    assert result.stderr.startswith(UNREAD)
    payments = asked.releases[ID].pipelines["shop-payments"]
    asked.releases = {ID: replace(asked.releases[ID], pipelines={payments.name: payments})}
    assert run("approvals").stdout == ""


def test_without_name_everything_is_read(asked: FakeAws, run: Run) -> None:
    """The only thing that waits is known only if all pipelines were read; a name needs no other."""
    asked.unreadable = "shop-payments"
    result = run("approve", ID)
    assert result.exit_code == 2
    assert f"{UNREAD} Give NAME.\nThere are: go-live." in result.stderr
    assert not asked.sent
    assert run("approve", ID, "go-live").exit_code == 0
