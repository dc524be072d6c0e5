"""A manual approval, as the list of actions and the state of its pipeline show it together."""

from datetime import UTC, datetime
from typing import Any

import pytest

from release_core.aws.action_runs import read_action_run
from release_core.domain.actions import ActionRun

ASKED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ANSWERED = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
ADA = "arn:aws:sts::000000000000:assumed-role/releasers/ada"
CANCELED = "The approval action has been canceled."


def listed(status: str = "InProgress", *, summary: str | None = None, **more: Any) -> Any:
    """An approval in ListActionExecutions."""
    kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    result = {"externalExecutionSummary": summary} if summary else {}
    return {
        "actionExecutionId": "run-1",
        "pipelineVersion": 1,
        "stageName": "Approve",
        "actionName": "Ask",
        "startTime": ASKED,
        "status": status,
        "input": {"actionTypeId": kind},
        "output": {"executionResult": result},
        **more,
    }


def shown(status: str, *, run: str = "run-1", version: int = 1, **more: Any) -> Any:
    """The pipeline's state in GetPipelineState, with the approval alone in its stage."""
    latest = {"actionExecutionId": run, "status": status, **more}
    stages = [
        {"stageName": "Source", "actionStates": [{"actionName": "Fetch"}]},
        {
            "stageName": "Approve",
            "actionStates": [{"actionName": "Ask", "latestExecution": latest}],
        },
    ]
    return {"pipelineVersion": version, "stageStates": stages}


def read(detail: Any, state: Any = None) -> tuple[ActionRun, Any]:
    """The action and its approval."""
    run = read_action_run(detail, state)
    return run, run.approval


@pytest.mark.parametrize(
    "state",
    [
        {"pipelineVersion": 1, "stageStates": []},
        shown("Failed", run="of an earlier attempt", lastUpdatedBy=ADA),
        shown("Succeeded", run="of another execution", lastUpdatedBy=ADA),
        shown("InProgress"),
    ],
)
def test_an_approval_is_pending_until_its_own_end_is_shown(state: Any) -> None:
    """Only the same action execution in the state says that an approval was answered."""
    run, approval = read(listed(), state)
    assert run.running
    assert approval.token == run.action_execution_id
    assert approval.answer is None


@pytest.mark.parametrize(
    ("status", "answer", "has_failed"),
    [("Succeeded", "Approved", False), ("Failed", "Rejected", True)],
)
def test_an_answer_that_only_the_state_shows(status: str, answer: str, *, has_failed: bool) -> None:
    """The state shows an answer at once, with the user and the words."""
    error = {"code": "JobFailed", "message": "rejected: too early"} if has_failed else {}
    state = shown(
        status,
        summary="too early",
        lastUpdatedBy=ADA,
        lastStatusChange=ANSWERED,
        errorDetails=error,
    )
    run, approval = read(listed(), state)
    assert not run.running
    assert approval.token is None
    given = approval.answer
    assert (given.answer, given.by, given.comment, given.at) == (answer, ADA, "too early", ANSWERED)
    assert bool(run.failure) is has_failed
    assert not has_failed or "rejected: too early" in str(run.failure)


def test_an_answer_that_the_list_shows() -> None:
    """Later the list has the answer; the state may belong to another execution by then."""
    detail = listed("Failed", summary="no", updatedBy=ADA, lastUpdateTime=ANSWERED)
    _, approval = read(detail, shown("InProgress", run="run-2"))
    assert (approval.answer.answer, approval.answer.by) == ("Rejected", ADA)


@pytest.mark.parametrize(
    "state", [shown("Failed", summary=CANCELED), shown("Abandoned"), shown("Failed", version=2)]
)
def test_a_cancelled_approval(state: Any) -> None:
    """After a stop or an edit, an approval is neither running nor answered, and no failure."""
    run, approval = read(listed(), state)
    assert approval.cancelled
    assert approval.token is approval.answer is run.failure is None
    assert not run.running


@pytest.mark.parametrize("by", [None, ADA])
def test_an_approval_without_an_answer(by: str | None) -> None:
    """A timeout has no user, and a cancelled approval may name who stopped it: no answers."""
    more = {"updatedBy": by, "summary": CANCELED} if by else {}
    run, approval = read(listed("Failed", **more))
    assert approval.answer is None
    assert run.failure


@pytest.mark.parametrize(
    ("version", "beside", "is_alone"), [(1, 0, True), (1, 1, False), (2, 0, False)]
)
def test_whether_an_approval_is_alone_in_its_stage(
    version: int, beside: int, *, is_alone: bool
) -> None:
    """The state tells the actions of a stage, if the pipeline was not edited since."""
    state = shown("InProgress", version=version)
    state["stageStates"][1]["actionStates"] += [{"actionName": "Copy"}] * beside
    assert read(listed(), state)[1].alone is is_alone


def delivered(**more: Any) -> Any:
    """A source action in ListActionExecutions that delivered the artifact ``app``."""
    kind = {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}
    fetched = {"outputArtifacts": [{"name": "app", "s3location": {"bucket": "b", "key": "k"}}]}
    given = {"actionTypeId": kind, "configuration": {"S3ObjectKey": "#{variables.STAGE}.zip"}}
    return listed("Succeeded", actionName="Fetch", input=given, output=fetched) | more


def test_a_source_action_has_its_resolved_configuration() -> None:
    """The declared configuration counts where the resolved one is missing."""
    detail = delivered()
    run = read_action_run(detail, None)
    assert run.source
    assert (run.source.provider, run.artifacts) == ("S3", ("app",))
    assert run.source.configuration == {"S3ObjectKey": "#{variables.STAGE}.zip"}
    detail["input"]["resolvedConfiguration"] = {"S3ObjectKey": "prod.zip"}
    resolved = read_action_run(detail, None).source
    assert resolved
    assert resolved.configuration == {"S3ObjectKey": "prod.zip"}


@pytest.mark.parametrize("part", ["input", "output"])
def test_an_action_without_details_has_no_source_or_artifacts(part: str) -> None:
    """AWS may leave these fields out."""
    detail = delivered()
    del detail[part]
    run = read_action_run(detail, None)
    assert run.source is None or not run.artifacts
