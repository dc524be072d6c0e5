"""What waits for people among many running pipelines, with few calls of CodePipeline."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from release_core.domain.approvals import Approval
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.dashboard.approvals_in_turns import ApprovalsInTurns
from release_machine.dashboard.state import Approvals
from release_machine.release.model import Snapshot
from tools.operator.tests.conftest import at, pipeline
from tools.operator.tests.samples.fake_deployment import FakeAws, refusal

COUNT, MOST = 40, 5


class Looks:
    """Looks at a release with many running pipelines; counts the calls of CodePipeline."""

    def __init__(self, aws: FakeAws, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.turns = ApprovalsInTurns(aws, lambda: at(0), most=MOST)  # type: ignore[arg-type]
        self.release = replace(
            release,
            pipelines={
                f"p{number}": pipeline(number, f"p{number}", "RUNNING", execution_id=f"e{number}")
                for number in range(COUNT)
            },
        )
        for name in ("list_action_executions", "get_pipeline_state"):
            monkeypatch.setattr(aws, name, self.counted(getattr(aws, name)))

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, which is counted from now on."""

        def counted(**asked: str) -> Any:
            self.calls += 1
            return call(**asked)

        return counted

    def look(self) -> Approvals:
        """Read once."""
        self.calls = 0
        return self.turns.read([self.release])

    def names(self) -> list[str]:
        """What waits now, after a read."""
        return [each.name for each in self.look().waiting]


@pytest.fixture
def looks(aws: FakeAws, running: Snapshot, monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(aws, running.release, monkeypatch)


def test_many_pipelines_are_read_in_turns(aws: FakeAws, looks: Looks) -> None:
    """A few at each look; how many are still to be read is known, and so is every question."""
    aws.asks = {"p0": ["Ask"], "p38": ["Ask", "AskAlso"]}
    found = looks.look()
    assert (found.later, looks.calls) == (COUNT - MOST, MOST + 1)
    for _ in range(COUNT // MOST - 1):
        found = looks.look()
        assert looks.calls <= 3 * MOST
    assert found.later == 0
    assert [each.name for each in found.waiting] == [
        "p0/Approve/Ask",
        "p38/Approve/Ask",
        "p38/Approve/AskAlso",
    ]
    assert "token of" not in repr(found)
    for _ in range(COUNT):
        looks.look()
        assert 0 < looks.calls <= 3 * MOST


def test_what_was_answered_disappears_at_the_next_look(aws: FakeAws, looks: Looks) -> None:
    """Pipelines that asked are read each time: a person does not wait for the turns of others."""
    aws.asks = {"p0": ["Ask"], "p1": ["Ask"]}
    looks.look()
    aws.asks.pop("p0")
    assert looks.names() == ["p1/Approve/Ask"]


def test_a_question_that_comes_later_is_found(aws: FakeAws, looks: Looks) -> None:
    """Each pipeline has its turn, again and again, however many others ask."""
    aws.asks = {f"p{number}": ["Ask"] for number in range(30)}
    for _ in range(COUNT):
        looks.look()
    aws.asks["p39"] = ["Ask"]
    assert any("p39/Approve/Ask" in looks.names() for _ in range(COUNT // MOST))


def test_pipelines_that_cannot_be_read_are_named(aws: FakeAws, looks: Looks) -> None:
    """They may ask, too; they are read again in their turn."""
    aws.unreadable = "p2"
    named = "1 pipeline could not be read: p2 (PipelineNotFoundException)."
    assert looks.look().unread == named
    aws.unreadable = None
    for _ in range(COUNT // MOST - 1):
        assert looks.look().unread == named
    assert looks.look().unread is None


def test_a_throttled_codepipeline_is_not_asked_more_often(
    aws: FakeAws, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look makes as few calls as one of which nothing is refused."""

    def throttle(**_: str) -> None:
        raise refusal("ThrottlingException", "ListActionExecutions")

    monkeypatch.setattr(aws, "list_action_executions", looks.counted(throttle))
    calls = []
    for _ in range(2 * COUNT // MOST):
        found = looks.look()
        calls.append(looks.calls)
    assert set(calls) == {MOST}
    assert found.unread
    assert f"{COUNT} pipelines could not be read" in found.unread


def test_a_question_stays_while_its_pipeline_cannot_be_read(aws: FakeAws, looks: Looks) -> None:
    """Nobody has answered it as far as is known; the pipeline is named, and soon read again."""
    aws.asks = {"p0": ["Ask"]}
    looks.look()
    aws.unreadable = "p0"
    found = looks.look()
    assert [each.name for each in found.waiting] == ["p0/Approve/Ask"]
    assert found.unread == "1 pipeline could not be read: p0 (PipelineNotFoundException)."
    aws.unreadable, aws.asks = None, {}
    found = looks.look()
    assert (found.waiting, found.unread) == ((), None)


def test_approvals_of_the_release_need_no_call(looks: Looks) -> None:
    """They are on record; and what does not run asks nothing."""
    asked = Pipeline(name="go-live", status=PipelineStatus.RUNNING, approval=Approval())
    done = pipeline(1, "done", "SUCCEEDED", execution_id="e1")
    looks.release = replace(looks.release, pipelines={"go-live": asked, "done": done})
    assert looks.names() == ["go-live"]
    assert looks.calls == 0


def test_another_execution_is_read_anew(aws: FakeAws, looks: Looks) -> None:
    """A retry does not show the question of the execution before."""
    aws.asks = {"p0": ["Ask"]}
    assert looks.names() == ["p0/Approve/Ask"]
    aws.asks = {}
    again = replace(looks.release.pipelines["p0"], execution_id="another")
    looks.release = replace(looks.release, pipelines={**looks.release.pipelines, "p0": again})
    assert looks.names() == []
