"""What others have run before and after a release: decided from lists, without calls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from release_core.domain.declarations import Declaration
from release_core.domain.execution import ExecutionState
from release_core.domain.past_execution import BegunAction, PastExecution
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.rollback.past import Past, changed_nothing, is_repaired, past_of

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
# More than Python reads.
NESTED = '{"AwsUserArn": ' + "[" * 100_000
SUCCEEDED, FAILED = ExecutionState.SUCCEEDED, ExecutionState.FAILED
RELEASE = Release(
    release_id="r",
    status=ReleaseStatus.FAILED,
    execution_arn="arn",
    opened_at=NOW,
)
OURS = Pipeline(name="orders", status=PipelineStatus.FAILED, execution_id="ours")
DECLARED = Declaration(
    name="orders",
    type="V2",
    mode="SUPERSEDED",
    version=3,
    categories=frozenset({"Source", "Build", "Deploy"}),
)


def run(
    execution_id: str,
    began: int,
    ended: int | None = None,
    *,
    state: ExecutionState | None = SUCCEEDED,
) -> PastExecution:
    """An execution that began at this minute."""
    return PastExecution(
        execution_id=execution_id,
        state=state,
        started_at=NOW + timedelta(minutes=began),
        updated_at=NOW + timedelta(minutes=began + 1 if ended is None else ended),
    )


def past(*newest_first: PastExecution, pipeline: Pipeline = OURS, **owners: str) -> Past:
    """The past of a pipeline in release r."""
    return past_of(RELEASE, pipeline, newest_first, owners=owners)


@pytest.mark.parametrize(
    ("detail", "person"),
    [
        (None, None),
        ("arn:person", "arn:person"),
        ('{"AwsUserArn": "arn:person"}', "arn:person"),
        ('{"AwsUserArn": 5}', None),
        ("{broken", "{broken"),
        (NESTED, NESTED),
    ],
)
def test_who_started_an_execution(detail: str | None, person: str | None) -> None:
    """The trigger names a person, in plain text or in JSON."""
    assert replace(run("e", 0), trigger_detail=detail).started_by == person


def action(category: str | None, execution_id: str = "ours", **more: bool | int) -> BegunAction:
    """An action that an execution of the release began."""
    known = {"version": 3, "failed": False, **more}
    return BegunAction(execution_id=execution_id, category=category, **known)  # type: ignore[arg-type]  # by name


def test_the_newest_success_before_the_release_was_live() -> None:
    """Not an older one, not a failed one, and not one of another release."""
    found = past(
        run("ours", 9),
        run("broken", 8, state=FAILED),
        run("theirs", 7),
        run("newer", 6),
        run("older", 5),
        theirs="other",
    )
    assert found.live == run("newer", 6)
    assert (found.since, found.own) == ((), (run("ours", 9),))


def test_an_execution_that_ended_after_the_release_is_since() -> None:
    """In PARALLEL mode the execution that began first may ship last."""
    found = past(run("ours", 2, 3), run("slow", 1, 9))
    assert (found.live, found.since) == (None, ("slow",))


@pytest.mark.parametrize("state", [None, ExecutionState.STOPPING])
def test_an_execution_that_runs_is_since_whenever_it_began(state: ExecutionState | None) -> None:
    """It may still ship something."""
    found = past(run("ours", 2), run("waits", 1, state=state))
    assert found.since == ("waits",)


@pytest.mark.parametrize("minute", [1, 3])
def test_without_the_release_in_the_list_its_start_decides(minute: int) -> None:
    """The list is late: what began after the start on record is since, otherwise it was live."""
    started = replace(OURS, starting_at=NOW + timedelta(minutes=2))
    found = past(run("foreign", minute), pipeline=started)
    assert found.since == (("foreign",) if minute == 3 else ())
    assert (found.live is None) == (minute == 3)
    assert past(run("foreign", minute)).since == ("foreign",)


@pytest.mark.parametrize("minute", [-1, 1])
def test_a_pipeline_that_did_not_run_was_taken_at_the_opening(minute: int) -> None:
    """What began after the release was opened is since."""
    waiting = Pipeline(name="orders")
    assert past(run("foreign", minute), pipeline=waiting).since == (
        ("foreign",) if minute > 0 else ()
    )


def test_executions_of_earlier_attempts_and_starts_are_its_own() -> None:
    """They are claimed for the release, or named as earlier executions of the pipeline."""
    pipeline = replace(OURS, earlier_executions=("first",))
    found = past(
        run("ours", 3),
        run("first", 2),
        run("attempt-1", 1),
        **{"attempt-1": "r"},
        pipeline=pipeline,
    )
    assert [each.execution_id for each in found.own] == ["ours", "first", "attempt-1"]
    assert (found.live, found.since) == (None, ())


@pytest.mark.parametrize(
    ("own", "actions", "alone"),
    [
        ([run("ours", 1, state=FAILED)], [action("Source"), action("Approval", failed=True)], True),
        ([run("ours", 1, state=FAILED)], [action("Source"), action("Build", failed=True)], True),
        ([run("ours", 1, state=FAILED)], [action("Source"), action("Build")], False),
        ([run("ours", 1, state=FAILED)], [action("Build", failed=True, version=2)], False),
        ([run("ours", 1, state=FAILED)], [action("Compute", failed=True)], False),
        ([run("ours", 1, state=FAILED)], [action(None, failed=True)], False),
        ([run("ours", 1, state=FAILED)], [], False),
        ([run("ours", 1, state=None)], [action("Source", failed=True)], False),
        ([run("ours", 1, state=ExecutionState.SUPERSEDED)], [action("Source")], True),
        ([run("other", 1, state=FAILED)], [action("Source", "other", failed=True)], False),
        ([], [], False),
        (
            [run("ours", 2, state=FAILED), run("old", 1, state=FAILED)],
            [action("Source", failed=True)],
            False,
        ),
    ],
    ids=(
        "rejected",
        "build failed",
        "failure not listed yet",
        "another version",
        "commands",
        "unknown category",
        "no actions listed yet",
        "still runs",
        "superseded",
        "execution not listed yet",
        "nothing listed yet",
        "one of two not listed yet",
    ),
)
def test_only_what_is_certain_counts_as_no_change(
    own: Sequence[PastExecution], actions: Sequence[BegunAction], *, alone: bool
) -> None:
    """Everything uncertain counts as a change."""
    found = Past(own=tuple(own))
    assert changed_nothing(OURS, found, actions, DECLARED) is alone


def test_a_start_that_may_still_take_place_is_a_change() -> None:
    """The pipeline may have an execution that is not on record."""
    starting = Pipeline(name="orders", status=PipelineStatus.STARTING)
    assert not changed_nothing(starting, Past(), [], DECLARED)


@pytest.mark.parametrize(
    ("orders", "catalog", "repaired"),
    [(SUCCEEDED, SUCCEEDED, True), (SUCCEEDED, FAILED, False), (FAILED, FAILED, False)],
)
def test_a_release_is_repaired_when_nothing_is_broken(
    orders: ExecutionState, catalog: ExecutionState, *, repaired: bool
) -> None:
    """Each pipeline that failed or was stopped has succeeded since."""
    pipelines = {"orders": OURS, "catalog": replace(OURS, name="catalog")}
    pipelines["mail"] = Pipeline(name="mail", status=PipelineStatus.SKIPPED)
    release = replace(RELEASE, pipelines=pipelines)
    pasts = {
        "orders": Past(own=(run("ours", 1, state=orders),)),
        "catalog": Past(own=(run("ours", 1, state=catalog),)),
    }
    assert is_repaired(release, pasts) is repaired
