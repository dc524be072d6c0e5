"""What waits for the answer of a person, from the ledger and from CodePipeline."""

from dataclasses import replace
from typing import Any

import pytest

from release_core.domain.approvals import Approval
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.model import Snapshot
from release_machine.release.questions import Asked, AskedByHand, questions
from tools.operator.tests.conftest import Stubbed, at
from tools.operator.tests.release.test_activity import WEB, action, approval, asks
from tools.operator.tests.samples.made_release import by_name

GO_LIVE = Pipeline(name="go-live", status=PipelineStatus.RUNNING, approval=Approval())


def parallel(listed: dict[str, Any]) -> dict[str, Any]:
    """The approval with the token that AWS documents for PARALLEL executions."""
    return {**listed, "output": {"executionResult": {"externalExecutionId": "e-1"}}}


def by_hand(stubbed: Stubbed, release: Release, *listed: Any, stages: Any) -> list[Any]:
    """The questions of a release whose pipeline web has these actions and stages."""
    client, stubber = stubbed("codepipeline")
    stubber.add_response("list_action_executions", {"actionExecutionDetails": [*listed]})
    stubber.add_response("get_pipeline_state", {"stageStates": stages, "pipelineVersion": 1})
    return [*questions(release, client).questions]


@pytest.fixture
def release(running: Snapshot) -> Release:
    """A release with an asked approval, one that is not asked, and a running pipeline."""
    later = replace(GO_LIVE, name="later", status=PipelineStatus.WAITING)
    done = replace(GO_LIVE, name="done", status=PipelineStatus.SUCCEEDED)
    waiting = Pipeline(name="search")
    return replace(running.release, pipelines=by_name([GO_LIVE, later, done, waiting, WEB]))


def test_everything_that_waits(stubbed: Stubbed, release: Release) -> None:
    """Approvals that are asked come first, then the manual approvals of running pipelines."""
    copied = action("Source", "S3", "Succeeded")
    asked = approval(CustomData="Prices checked?", ExternalEntityLink="https://example.com/diff")
    found = by_hand(stubbed, release, copied, asked, stages=[asks(token="t-1")])
    assert found == [
        Asked(node=GO_LIVE),
        AskedByHand(
            pipeline="web",
            stage="Approve",
            action="Ask",
            since=at(7),
            question="Prices checked?",
            link="https://example.com/diff",
            token="t-1",
        ),
    ]
    assert [each.name for each in found] == ["go-live", "web/Approve/Ask"]
    assert "t-1" not in repr(found)


@pytest.mark.parametrize(
    ("listed", "stages", "token"),
    [
        # The state shows a new approval, or its token, up to 15 seconds late.
        (approval(), [], "Approve-Ask"),
        (approval(), [asks()], "Approve-Ask"),
        (approval(), [asks(run="of an earlier attempt", status="Failed")], "Approve-Ask"),
        # In a PARALLEL pipeline the state may show the approval of another execution.
        (parallel(approval()), [asks(run="of another", token="t-2")], "e-1"),
        (parallel(approval()), [asks(token="t-1")], "t-1"),
    ],
    ids=("no state yet", "no token yet", "an earlier attempt", "another execution", "both"),
)
def test_it_can_be_answered_from_the_first_second(
    stubbed: Stubbed, release: Release, listed: dict[str, Any], stages: list[Any], token: str
) -> None:
    """Until the state shows the token, it is the id of the action execution."""
    _, asked = by_hand(stubbed, release, listed, stages=stages)
    assert asked.token == token


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Abandoned"])
def test_what_was_answered_does_not_wait(stubbed: Stubbed, release: Release, status: str) -> None:
    """The list shows an answered, cancelled or abandoned approval as running for a while."""
    assert by_hand(stubbed, release, approval(), stages=[asks(status=status)]) == [
        Asked(node=GO_LIVE)
    ]
