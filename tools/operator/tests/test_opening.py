"""What became of an execution at its opening."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from operator_cli import opening
from operator_cli.busy import Hold
from operator_cli.ledger_reader import LedgerReader
from operator_cli.opening import AlreadyReleased, Opened, Opening, Rejected, await_opening

type Stubbed = Callable[[str], tuple[Any, Stubber]]

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:release-machine"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"


def held(pipeline: str, release_id: str) -> Hold:
    since = datetime(2026, 11, 22, 9, 59, tzinfo=UTC)
    return Hold(
        pipeline=pipeline, release_id=release_id, execution_arn=f"arn:{release_id}", since=since
    )


class Scene:
    """An execution and the ledger, with the answers of each look queued."""

    def __init__(self, stubbed: Stubbed, started: datetime) -> None:
        self._sfn, self._executions = stubbed("stepfunctions")
        dynamodb, self._items = stubbed("dynamodb")
        self._ledger = LedgerReader(
            dynamodb=dynamodb, releases_table="releases", executions_table="executions"
        )
        self._started = started
        self.pauses: list[float] = []
        self.holds: list[Hold] = []
        self.told: list[str] = []

    def execution(self, status: str, **more: str) -> None:
        known = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "startDate": self._started}
        self._executions.add_response("describe_execution", {**known, "status": status, **more})

    def pointer(self, **item: str) -> None:
        stored = {name: {"S": value} for name, value in item.items()}
        self._items.add_response("get_item", {"Item": stored} if item else {})

    def opening(self, wait: Callable[[float], None] | None = None) -> Opening:
        return await_opening(
            EXECUTION,
            sfn=self._sfn,
            ledger=self._ledger,
            waited_for=lambda: self.holds,
            tell=self.told.append,
            wait=wait or self.pauses.append,
        )


@pytest.fixture
def scene(stubbed: Stubbed, at: Callable[[float], datetime]) -> Scene:
    return Scene(stubbed, at(0))


def test_release_is_known_once_its_id_is_claimed(scene: Scene) -> None:
    """While the execution runs, the pointer in the ledger names the release."""
    scene.execution("RUNNING")
    scene.pointer()
    scene.execution("RUNNING")
    scene.pointer(opens="5.10")
    assert scene.opening() == Opened(release_id="5.10")
    assert len(scene.pauses) == 1


def test_release_that_is_over_already(scene: Scene) -> None:
    """A release that ended before the first look is found like any other."""
    scene.execution("SUCCEEDED", output=json.dumps({"release_id": "5.10", "status": "SUCCEEDED"}))
    scene.pointer(opens="5.10")
    assert scene.opening() == Opened(release_id="5.10")


def test_manifest_that_was_released_before(scene: Scene) -> None:
    """The execution's output names the release and the execution that opened it."""
    output = {"outcome": "ALREADY_RELEASED", "release_id": "5.10", "released_by": "arn:first"}
    scene.execution("SUCCEEDED", output=json.dumps(output))
    assert scene.opening() == AlreadyReleased(release_id="5.10", released_by="arn:first")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("ManifestInvalid", "Correct the manifest"),
        ("ManifestUnreadable", "Correct the manifest"),
        ("ReleaseIdTaken", "releaseId of its own"),
        ("ReleaseNotResumable", "show 5.10"),
        ("PipelinesBusy", '"onBusy": "wait"'),
        ("StoppedByHand", "stopped before it began"),
        ("Lambda.Unknown", "release-machine logs"),
    ],
)
def test_rejected_manifest(scene: Scene, error: str, advice: str) -> None:
    """A rejection carries the execution's error and cause, and says what to do about it."""
    scene.execution("FAILED", error=error, cause="The manifest has 1 problem")
    scene.pointer()
    rejected = scene.opening()
    assert isinstance(rejected, Rejected)
    assert str(rejected) == f"{error}: The manifest has 1 problem"
    assert advice in rejected.next_step("5.10")


def test_what_still_runs_can_be_ended(scene: Scene) -> None:
    """A retry that comes too soon is told how to end each execution that it would have to await."""
    cause = (
        "release 5.10 can be resumed when these have ended:\n"
        "- web: execution 4d5e6f70\n- mail: its start or retry, which may still come"
    )
    told = Rejected(error="ReleaseNotResumable", cause=cause).next_step("5.10")
    assert told == (
        "End it now with: aws codepipeline stop-pipeline-execution --pipeline-name web "
        "--pipeline-execution-id 4d5e6f70 --abandon\n"
        "See how it stands with: release-machine show 5.10"
    )
    assert "list" in Rejected(error="ReleaseNotResumable", cause="").next_step(None)


def test_execution_stopped_before_it_opened(scene: Scene) -> None:
    """An execution stopped by hand before it claimed an id opened nothing."""
    scene.execution("ABORTED")
    scene.pointer(ended="ABORTED")
    assert scene.opening() == Rejected(
        error="ABORTED", cause="the execution ended ABORTED before it opened"
    )


def test_what_holds_for_long_is_told_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that waits is not silent, though the same pipelines are held all the time."""
    monkeypatch.setattr(opening, "_LOOKS_BETWEEN_SIGNS", 8)
    scene.holds = [held("catalog", "5.9")]
    for look in range(13):
        scene.execution("RUNNING")
        scene.pointer(**({"opens": "5.10"} if look == 12 else {}))
    scene.opening()
    assert (
        scene.told
        == ["waits for busy pipelines: catalog is held by release 5.9 since 2026-11-22T09:59:00Z"]
        * 2
    )


def test_release_that_waits_for_others(scene: Scene) -> None:
    """While others hold its pipelines, that is told once, and again when it has changed."""
    catalog = held("catalog", "5.9")
    scene.holds = [catalog, held("web", "5.8")]
    for look in range(13):
        scene.execution("RUNNING")
        scene.pointer(**({"opens": "5.10"} if look == 12 else {}))

    def pass_time(seconds: float) -> None:
        scene.pauses.append(seconds)
        if len(scene.pauses) == 9:
            scene.holds = [catalog]

    assert scene.opening(wait=pass_time) == Opened(release_id="5.10")
    assert scene.told == [
        "waits for busy pipelines: catalog is held by release 5.9 since 2026-11-22T09:59:00Z; "
        "web is held by release 5.8 since 2026-11-22T09:59:00Z",
        "waits for busy pipelines: catalog is held by release 5.9 since 2026-11-22T09:59:00Z",
    ]
