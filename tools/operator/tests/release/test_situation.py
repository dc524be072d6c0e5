"""What a pipeline waits for, by the ledger alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release_core.domain.holds import Hold, HoldKind
from release_core.domain.release import (
    ROLLBACK_CHANNEL,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_machine.release.holds import override_command
from release_machine.release.model import Snapshot
from release_machine.release.situation import stopping, time_left, waits_for, with_ways_out
from tools.operator.tests.samples.made_release import BEGIN

WEB = Pipeline(name="web", position=9, token_registered_at=BEGIN)


@pytest.fixture
def release(running: Snapshot) -> Release:
    return running.release


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (("payments",), "after payments"),
        (("catalog", "payments", "search"), "after payments, search"),
        (("payments", "search", "x", "y", "z"), "after payments, search, x and 2 more"),
        (("catalog",), None),
        ((), None),
    ],
)
def test_dependencies(release: Release, before: tuple[str, ...], said: str | None) -> None:
    """A pipeline waits for its dependencies that have not succeeded."""
    assert waits_for(release, replace(WEB, depends_on=before)) == said


def test_token_and_slot(release: Release) -> None:
    """A pipeline needs the token of its task first, then a free slot."""
    full = replace(release, max_concurrency=1, in_flight=frozenset({"payments"}))
    assert waits_for(full, replace(WEB, token_registered_at=None)) == "starting soon"
    assert waits_for(full, WEB) == "waits for a free slot, 1 of 1 taken"
    assert waits_for(replace(full, max_concurrency=2), WEB) is None


def test_a_refused_start(release: Release) -> None:
    """A start that CodePipeline refused for now is tried again, and the view says when and why."""
    refused = replace(
        WEB,
        status=PipelineStatus.STARTING,
        start_again_at=datetime(2026, 11, 22, 9, 1, tzinfo=UTC),
        trouble="busy (ConflictException)",
    )
    said = "is tried again at 2026-11-22T09:01:00Z: busy (ConflictException)"
    assert waits_for(release, refused) == said
    assert waits_for(replace(release, status=ReleaseStatus.CANCELLED), refused) is None


def test_nothing_waits_in_a_closed_release(release: Release) -> None:
    """A pipeline of a closed release waits for nothing."""
    closed = replace(release, status=ReleaseStatus.CANCELLED)
    assert waits_for(closed, replace(WEB, depends_on=("payments",))) is None


def test_stop(release: Release, running: Snapshot) -> None:
    """A stop tells what happens to the action in progress, until the pipeline has ended."""
    told = replace(WEB, status=PipelineStatus.RUNNING, stop_requested_at=running.at)
    assert stopping(release, replace(WEB, status=PipelineStatus.RUNNING)) is None
    assert stopping(release, told) == "stopping: waits for the action in progress"
    assert stopping(replace(release, abandons=True), told) == (
        "stopping: abandons the action in progress"
    )
    assert stopping(release, replace(told, status=PipelineStatus.STOPPED)) is None


def test_a_stopping_pipeline_cannot_be_approved(running: Snapshot) -> None:
    """The command shown is the one that stops it at once; with abandon there is none."""
    cancelled = replace(running.release, status=ReleaseStatus.CANCELLED)
    told = with_ways_out(cancelled, {"web": running.activity["web"]})
    assert set(told) == {"payments", "web"}
    for name, activity in told.items():
        assert activity.ends
        assert f"stop-pipeline-execution --pipeline-name {name} " in (activity.way_out or "")
    assert told["web"].waits_for == "manual approval"
    (web,) = with_ways_out(
        replace(cancelled, abandons=True), {"web": running.activity["web"]}
    ).values()
    assert (web.waits_for, web.way_out) == ("manual approval", None)
    told = with_ways_out(running.release, running.activity)
    assert told["payments"] == running.activity["payments"]
    assert told["web"].way_out == "release-machine approve 2026.11.22-1 web/Approve/Ask"
    assert told["web"].way_to_reject == (
        "release-machine reject 2026.11.22-1 web/Approve/Ask --reason TEXT"
    )


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (
            {"kind": HoldKind.FREEZE, "why": "incident", "by": "arn:aws:iam::1:user/bob"},
            "incident (frozen until 2026-11-22T10:00:42Z by bob)",
        ),
        (
            {"kind": HoldKind.CALENDAR, "why": "closed", "scope": "holidays"},
            "held until 2026-11-22T10:00:42Z by calendar holidays: closed",
        ),
        (
            {"kind": HoldKind.TURN, "why": "it was held"},
            "was held, starts in its turn at 2026-11-22T10:00:42Z",
        ),
    ],
    ids=("freeze", "calendar", "turn"),
)
def test_what_holds_a_pipeline(release: Release, running: Snapshot, hold: Any, words: str) -> None:
    """A hold says until when, by whom and why; only what can be overridden has the command."""
    held = replace(WEB, held=Hold(until=running.at, **hold))
    holding = replace(release, pipelines={"web": held})
    assert waits_for(holding, held) == words
    command = "release-machine override 2026.11.22-1 --reason TEXT"
    assert override_command(holding) == (command if hold["kind"] != HoldKind.TURN else None)
    assert override_command(replace(holding, channel=ROLLBACK_CHANNEL)) is None
    assert override_command(replace(holding, status=ReleaseStatus.CANCELLED)) is None


def test_time_limit(running: Snapshot) -> None:
    """A limit counts from the start, while the pipeline runs and no stop was requested."""
    web = replace(
        WEB, status=PipelineStatus.RUNNING, started_at=running.at, time_limit=timedelta(minutes=30)
    )
    now = running.at + timedelta(minutes=10)
    assert time_left(web, now=now) == timedelta(minutes=20)
    assert time_left(replace(web, status=PipelineStatus.SUCCEEDED), now=now) is None
    assert time_left(replace(web, stop_requested_at=now), now=now) is None
    assert time_left(replace(web, time_limit=None), now=now) is None
