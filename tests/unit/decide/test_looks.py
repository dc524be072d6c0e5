"""What a look adds to the record, given that it may be seconds old."""

from datetime import UTC, datetime, timedelta

import pytest

from release_core.decide.looks import (
    Verdict,
    compare,
    newest_failure,
    repeated_since,
    settle_contradiction,
    why_gone,
)
from release_core.decide.timing import LOOK_LAG, VISIBLE_WITHIN
from release_core.domain.actions import ActionRun
from release_core.domain.declarations import Existence
from release_core.domain.execution import Change, ExecutionState
from release_core.domain.release import Failure, Pipeline

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SOON, LATER = AT + timedelta(seconds=1), AT + LOOK_LAG


def change(state: str, attempt: int = 1) -> Change:
    """A change that an event reported."""
    return Change(state=ExecutionState(state), attempt=attempt, at=AT, source="event")


def run(action: str, *, failed: bool = False, at: datetime = AT) -> ActionRun:
    """An execution of an action of the stage Deploy."""
    return ActionRun(
        action_execution_id=f"{action} {at}",
        stage="Deploy",
        action=action,
        started_at=at,
        failure=Failure(message=f"{action} failed") if failed else None,
    )


@pytest.mark.parametrize(
    ("latest", "seen", "verdict"),
    [
        (None, None, Verdict.SAME),
        (None, "FAILED", Verdict.NEWER),
        (change("STARTED"), None, Verdict.SAME),
        (change("STARTED"), "FAILED", Verdict.NEWER),
        (change("STARTED"), "STOPPING", Verdict.NEWER),
        (change("STOPPING"), "STOPPED", Verdict.NEWER),
        (change("STOPPING"), None, Verdict.SAME),
        (change("FAILED"), "FAILED", Verdict.SAME),
        (change("FAILED"), "SUCCEEDED", Verdict.NEWER),
        (change("FAILED"), None, Verdict.CONTRADICTION),
        (change("STOPPED"), "STOPPING", Verdict.CONTRADICTION),
        (change("SUCCEEDED"), None, Verdict.SAME),
        (change("RESUMED", 2), "FAILED", Verdict.UNCLEAR),
        (change("RESUMED", 2), "SUCCEEDED", Verdict.NEWER),
        (change("RESUMED", 2), None, Verdict.SAME),
    ],
)
def test_a_look_is_compared_with_the_newest_change(
    latest: Change | None, seen: str | None, verdict: Verdict
) -> None:
    """A look that could be older than the newest change decides nothing by itself."""
    state = ExecutionState(seen) if seen else None
    assert compare(latest, state, now=SOON) is verdict


def test_a_second_failure_is_believed_after_a_minute() -> None:
    """When a look cannot be older than the resume, the failure that it shows is a new one."""
    resumed = change("RESUMED", 2)
    assert compare(resumed, ExecutionState.FAILED, now=LATER) is Verdict.NEWER


def test_an_end_counts_unless_an_action_was_repeated() -> None:
    """For a minute nothing is decided; a repeated action decides it at once."""
    failed = change("FAILED")
    actions = [run("Copy", failed=True)]
    assert settle_contradiction(failed, actions, now=SOON) is Verdict.UNCLEAR
    assert settle_contradiction(failed, actions, now=LATER) is Verdict.SAME
    repeated = [run("Copy", at=SOON), *actions]
    assert settle_contradiction(failed, repeated, now=SOON) is Verdict.NEWER


def test_the_list_of_actions_may_be_late_too() -> None:
    """An action that still runs in the list proves nothing if it began before the end."""
    failed = change("FAILED", 2)
    began = AT - timedelta(seconds=2)
    actions = [run("Copy", at=began), run("Copy", failed=True, at=began - timedelta(minutes=1))]
    assert settle_contradiction(failed, actions, now=SOON) is Verdict.UNCLEAR
    resumed = [run("Copy", at=AT + timedelta(seconds=5)), *actions[1:]]
    assert settle_contradiction(failed, resumed, now=LATER) is Verdict.NEWER


def test_an_action_that_was_repeated_before_the_end_proves_nothing() -> None:
    """In attempt 2 one action was repeated with success, and then another one failed."""
    earlier = AT - timedelta(minutes=5)
    actions = [
        run("Check", failed=True),
        run("Copy", at=earlier),
        run("Copy", failed=True, at=earlier - timedelta(minutes=1)),
    ]
    assert not repeated_since(actions, change("FAILED", 2))


def test_a_failure_that_was_repeated_with_success_is_no_reason() -> None:
    """The reason of an end is the newest failure that still stands."""
    actions = [run("Check", failed=True), run("Copy"), run("Copy", failed=True)]
    found = newest_failure(actions)
    assert found
    assert found.action == "Check"
    assert newest_failure(actions[1:]) is None


@pytest.mark.parametrize(
    ("existence", "after", "why"),
    [
        (Existence(exists=False), SOON - AT, "was deleted while"),
        (Existence(exists=True, created_at=LATER), SOON - AT, "was deleted and created again"),
        (Existence(exists=True, created_at=AT), SOON - AT, None),
        (Existence(exists=True, created_at=AT), LATER - AT, "was deleted and created again"),
        (Existence(exists=True, created_at=AT - VISIBLE_WITHIN), SOON - AT, None),
        (Existence(exists=True), SOON - AT, None),
        (Existence(exists=True), VISIBLE_WITHIN, "no longer has this execution"),
    ],
)
def test_an_execution_that_is_not_found_is_gone_with_its_pipeline(
    existence: Existence, after: timedelta, why: str | None
) -> None:
    """A pipeline that is missing, or newer than the start, proves it; otherwise only time does."""
    pipeline = Pipeline(name="orders", start_tried_at=AT - (SOON - AT), started_at=AT)
    said = why_gone(pipeline, existence, now=AT + after)
    assert (why in said) if why and said else said is why


def test_a_pipeline_that_was_created_again_and_started_over_is_not_gone() -> None:
    """The last start counts: a pipeline that is older than it may show its execution late."""
    pipeline = Pipeline(name="orders", started_at=AT, start_tried_at=LATER)
    seen = Existence(exists=True, created_at=SOON)
    assert why_gone(pipeline, seen, now=LATER) is None
