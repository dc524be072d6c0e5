"""The opening of a release by a workflow execution."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from botocore.exceptions import EndpointConnectionError

from release_core.ledger.history import HistoryReader
from release_machine.errors import UnreachableError
from release_machine.follow.events import ConnectedAgain, Event, LookFailed, ReleaseWaits
from release_machine.follow.opening import (
    AlreadyReleased,
    Opened,
    Opening,
    Rejected,
    await_opening,
    opening_of,
)
from release_machine.follow.pace import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, TRIES_UNREACHED
from release_machine.release.busy import Hold, Reason
from release_machine.views.plain import PlainView
from tests.worlds.ledger_world import TABLES
from tools.operator.tests.conftest import EXECUTION, Stubbed, at, described

CATALOG = Hold(pipeline="catalog", release_id="5.9", execution_arn="arn:5.9", since=at(-60))


class Scene:
    """An execution and the ledger, with queued answers for each look."""

    def __init__(self, stubbed: Stubbed) -> None:
        self._sfn, self._executions = stubbed("stepfunctions")
        dynamodb, self._items = stubbed("dynamodb")
        self._ledger = HistoryReader(dynamodb, TABLES)
        self.now = at(0)
        self.pauses: list[float] = []
        self.holds: list[Reason] = []
        self.asked = 0
        self.reason_away = False
        self.shown: list[Event] = []

    def execution(self, status: str, **more: str) -> None:
        self._executions.add_response("describe_execution", described(status, **more))

    def pointer(self, **item: str) -> None:
        stored = {name: {"S": value} for name, value in item.items()}
        found = {TABLES.releases: [stored] if item else []}
        self._items.add_response("batch_get_item", {"Responses": found, "UnprocessedKeys": {}})

    def waits(self, looks: int) -> None:
        """Queue this many looks before the opening."""
        for _ in range(looks):
            self.execution("RUNNING")
            self.pointer()

    def opens_after(self, looks: int) -> None:
        """Queue this many looks before the opening, and one look after it."""
        self.waits(looks)
        self.execution("RUNNING")
        self.pointer(opens="5.10")

    def away(self) -> None:
        """Queue a failed look."""
        self._executions.add_client_error("describe_execution", "ThrottlingException")

    def waited_for(self) -> list[Reason]:
        """The held pipelines, unless AWS does not answer."""
        self.asked += 1
        if self.reason_away:
            raise EndpointConnectionError(endpoint_url="https://states.us-east-1.amazonaws.com")
        return self.holds

    def holds_then(self, pauses: int, *holds: Hold) -> Callable[[], None]:
        """Change the held pipelines after this many pauses."""

        def change() -> None:
            if len(self.pauses) == pauses:
                self.holds = list(holds)

        return change

    def opening(
        self,
        *,
        wait: Callable[[], None] = lambda: None,
        show: Callable[[list[Event]], None] | None = None,
        detach: bool = False,
    ) -> Opening | ReleaseWaits:
        def pass_time(seconds: float) -> None:
            self.pauses.append(seconds)
            self.now += timedelta(seconds=seconds)
            wait()

        return await_opening(
            EXECUTION,
            look=partial(opening_of, EXECUTION, sfn=self._sfn, ledger=self._ledger),
            waited_for=self.waited_for,
            show=show or self.shown.extend,
            wait=pass_time,
            clock=lambda: self.now,
            detach=detach,
        )


@pytest.fixture
def scene(stubbed: Stubbed) -> Scene:
    return Scene(stubbed)


def test_the_release_is_known_once_its_id_is_claimed(scene: Scene) -> None:
    """While the execution runs, the pointer in the ledger names the release."""
    scene.opens_after(1)
    assert scene.opening() == Opened(release_id="5.10")
    assert len(scene.pauses) == 1


def test_a_release_that_has_already_ended(scene: Scene) -> None:
    """A release that ended before the first look is found like any other."""
    scene.execution("SUCCEEDED", output=json.dumps({"release_id": "5.10", "status": "SUCCEEDED"}))
    scene.pointer(opens="5.10")
    assert scene.opening() == Opened(release_id="5.10")


def test_a_manifest_that_was_already_released(scene: Scene) -> None:
    """The output of the execution names the release and the execution that opened it."""
    output = {"outcome": "ALREADY_RELEASED", "release_id": "5.10", "released_by": "arn:first"}
    scene.execution("SUCCEEDED", output=json.dumps(output))
    assert scene.opening() == AlreadyReleased(release_id="5.10", released_by="arn:first")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("ManifestInvalid", "Correct the manifest"),
        ("ManifestUnreadable", "Correct the manifest"),
        ("ReleaseIdTaken", "new releaseId"),
        ("ReleaseNotResumable", "show 5.10"),
        ("PipelinesBusy", '"onBusy": "wait"'),
        ("StoppedByHand", "stopped before it was opened"),
        ("Lambda.Unknown", "release-machine logs"),
    ],
)
def test_rejected_manifest(scene: Scene, error: str, advice: str) -> None:
    """A rejection has the error and cause of the execution, and what to do next."""
    scene.execution("FAILED", error=error, cause="The manifest has 1 problem")
    scene.pointer()
    rejected = scene.opening()
    assert isinstance(rejected, Rejected)
    assert str(rejected) == f"{error}: The manifest has 1 problem"
    assert advice in rejected.next_step("5.10")


def test_a_retry_that_comes_too_soon(scene: Scene) -> None:
    """The rejection names the command that stops each running execution."""
    cause = (
        "release 5.10 can be resumed when these have ended:\n"
        "- web: execution 4d5e6f70\n- mail: a start or retry that may still take place"
    )
    told = Rejected(error="ReleaseNotResumable", cause=cause).next_step("5.10")
    assert told == (
        "Stop it now with: aws codepipeline stop-pipeline-execution --pipeline-name web "
        "--pipeline-execution-id 4d5e6f70 --abandon\n"
        "See details with: release-machine show 5.10"
    )
    assert "list" in Rejected(error="ReleaseNotResumable", cause="").next_step(None)


def test_an_execution_that_was_stopped_first(scene: Scene) -> None:
    """An execution that was stopped before it claimed an id opened nothing."""
    scene.execution("ABORTED")
    scene.pointer(ended="ABORTED")
    assert scene.opening() == Rejected(
        error="ABORTED", cause="the execution ended ABORTED before it opened"
    )


def test_a_long_wait_is_reported_again(scene: Scene) -> None:
    """A waiting job prints a line every five minutes, although nothing changes."""
    scene.holds = [CATALOG]
    scene.opens_after(110)
    out = io.StringIO()
    view = PlainView(out, clock=lambda: scene.now)
    scene.opening(show=partial(view.show, None))
    first, second = out.getvalue().splitlines()
    told = (
        "waits for busy pipelines: catalog is held by release 5.9 since 2026-11-22T09:59:00Z; "
        "it starts by itself when they are free; cancel it with: release-machine cancel 0b2f"
    )
    assert first == f"2026-11-22T10:00:01Z {told}"
    assert second == f"2026-11-22T10:05:04Z {told}"


def test_a_release_that_waits_for_pipelines(scene: Scene) -> None:
    """The pipelines that other releases hold are shown once, and again after a change."""
    web = Hold(pipeline="web", release_id="5.8", execution_arn="arn:5.8", since=at(-60))
    scene.holds = [CATALOG, web]
    scene.opens_after(12)
    assert scene.opening(wait=scene.holds_then(9, CATALOG)) == Opened(release_id="5.10")
    assert scene.shown == [
        ReleaseWaits(EXECUTION, [CATALOG, web]),
        ReleaseWaits(EXECUTION, [CATALOG]),
    ]


def test_pauses_grow_while_waiting(scene: Scene) -> None:
    """A quick opening is seen at once; a long wait needs few calls."""
    scene.opens_after(30)
    scene.opening(wait=scene.holds_then(20, CATALOG))
    assert sum(scene.pauses[:3]) < 2
    assert scene.asked == 30 - 3
    for quiet in (scene.pauses[:20], scene.pauses[20:]):
        assert quiet[0] == FIRST_PAUSE_SECONDS
        assert quiet == sorted(quiet)
        assert quiet[-1] == LONGEST_PAUSE_SECONDS


def test_detach_while_pipelines_are_held(scene: Scene) -> None:
    """With detach the answer names the pipelines that the release waits for."""
    scene.holds = [CATALOG]
    scene.waits(4)
    waits = ReleaseWaits(EXECUTION, [CATALOG])
    assert scene.opening(detach=True) == waits
    assert scene.shown == [waits]


def test_failed_looks_are_reported(scene: Scene) -> None:
    """Short outages of AWS do not end the waiting, however many there are."""
    for _ in range(2):
        scene.waits(1)
        for _ in range(TRIES_UNREACHED):
            scene.away()
    scene.opens_after(0)
    assert scene.opening() == Opened(release_id="5.10")
    failed = [each for each in scene.shown if isinstance(each, LookFailed)]
    assert len(failed) == 2 * TRIES_UNREACHED
    assert "ThrottlingException" in failed[0].problem
    assert scene.pauses[1] == LONGEST_PAUSE_SECONDS
    assert failed[1].at - failed[0].at == timedelta(seconds=LONGEST_PAUSE_SECONDS)
    back = [each for each in scene.shown if isinstance(each, ConnectedAgain)]
    assert [each.since for each in back] == [failed[0].at, failed[TRIES_UNREACHED].at]


def test_a_reason_that_cannot_be_read_is_reported_once(scene: Scene) -> None:
    """A user who may not read the history still sees the opening, and that the looks go on."""
    scene.opens_after(3 * TRIES_UNREACHED)
    scene.reason_away = True
    assert scene.opening() == Opened(release_id="5.10")
    assert [type(each) for each in scene.shown] == [LookFailed, ConnectedAgain]


def test_detach_when_the_reason_cannot_be_read(scene: Scene) -> None:
    """With detach there is no answer without the reason, so the error is raised."""
    scene.waits(4)
    scene.reason_away = True
    with pytest.raises(UnreachableError):
        scene.opening(detach=True)


def test_pipelines_that_have_become_free(scene: Scene) -> None:
    """While the opening takes long, the view says that the pipelines are free."""
    scene.holds = [CATALOG]
    scene.opens_after(120)
    out = io.StringIO()
    view = PlainView(out, clock=lambda: scene.now)
    scene.opening(show=partial(view.show, None), wait=scene.holds_then(6))
    _, freed, sign = out.getvalue().splitlines()
    told = "what it waited for is over: it starts soon"
    assert freed.endswith(told)
    assert sign.endswith(told)


@pytest.mark.parametrize("good", [0, 1])
def test_many_failed_looks_end_the_waiting(scene: Scene, good: int) -> None:
    """The error is raised after many failed looks in a row, or when none succeeded."""
    scene.waits(good)
    for _ in range(good * TRIES_UNREACHED + 1):
        scene.away()
    with pytest.raises(UnreachableError, match="ThrottlingException"):
        scene.opening()
    assert len(scene.pauses) == good * (1 + TRIES_UNREACHED)
