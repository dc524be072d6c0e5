"""JSON documents and events, with the keys that docs/operating.md describes."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

from release_core.domain.automation import SkippedStage
from release_core.domain.release import Pipeline, ReleaseStatus
from release_core.domain.revisions import Good, Pin, Revision
from release_machine.follow.events import (
    ConnectedAgain,
    Event,
    LookFailed,
    PipelineEvent,
    PipelineMoved,
    ReleaseEvent,
)
from release_machine.follow.loop import changes
from release_machine.follow.opening import Answer, Rejected
from release_machine.release.model import Snapshot
from release_machine.views.event_facts import described
from release_machine.views.json_events import JsonView, event_name
from release_machine.views.json_output import bom_document, release_document
from tools.operator.tests.conftest import at

GUIDE = Path(__file__).resolve().parents[4] / "docs" / "operating.md"
COMMIT = Revision(
    artifact="app",
    revision="3f2a",
    action="Source",
    type="COMMIT_ID",
    origin={"FullRepositoryId": "shop/catalog"},
)


def pinned(running: Snapshot) -> Pipeline:
    """A pipeline with pins, variables and a previous good execution."""
    return replace(
        running.release.pipelines["catalog"],
        revisions=(COMMIT,),
        variable_names=("ENVIRONMENT",),
        source_revisions=(Pin(action="Source", type="COMMIT_ID", revision="3f2a"),),
        previous_good=Good(release_id="0", execution_id="e", at=running.at, revisions=(COMMIT,)),
        time_limit=timedelta(minutes=90),
    )


def test_release(running: Snapshot) -> None:
    """A release is one object, with pins as in a manifest and times in UTC."""
    pipelines = {**running.release.pipelines, "catalog": pinned(running)}
    release = replace(running.release, pipelines=pipelines)
    document = json.loads(json.dumps(release_document(release)))
    assert (document["releaseId"], document["openedAt"]) == (
        "2026.11.22-1",
        "2026-11-22T10:00:00.000Z",
    )
    catalog, orders, *_ = document["pipelines"]
    assert catalog["sourceRevisions"] == [
        {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": "3f2a"}
    ]
    assert (catalog["timeoutMinutes"], catalog["variables"]) == (90, ["ENVIRONMENT"])
    assert catalog["previousGood"]["revisions"] == catalog["revisions"]
    assert orders["failure"]["link"] == "https://example.com/run/2"
    assert "pipelines" not in release_document(replace(release, pipelines={}))


def test_a_skipped_stage(running: Snapshot) -> None:
    """Program and person see which stage was skipped, and why."""
    skipped = SkippedStage(stage="Deploy", deploys=True, why="the gate is closed")
    catalog = replace(running.release.pipelines["catalog"], skipped_stages=(skipped,))
    release = replace(running.release, pipelines={"catalog": catalog})
    (found,) = json.loads(json.dumps(release_document(release)))["pipelines"]
    assert found["skippedStages"] == [
        {"stage": "Deploy", "deploys": True, "why": "the gate is closed"}
    ]
    line, facts = described(PipelineMoved(catalog, catalog.status))
    assert line.endswith("; stage Deploy was skipped: the gate is closed")
    assert facts["skippedStages"] == found["skippedStages"]


def test_a_late_success(running: Snapshot) -> None:
    """A pipeline has the time at which its execution succeeded after the release had failed."""
    late = replace(running.release.pipelines["orders"], late_success=at(90))
    release = replace(running.release, pipelines={"orders": late})
    (orders,) = release_document(release)["pipelines"]
    assert (orders["status"], orders["lateSuccess"]) == ("FAILED", "2026-11-22T10:01:30.000Z")


def test_texts_cannot_change_the_direction_of_a_line(running: Snapshot) -> None:
    """JSON for programs escapes control, hidden and direction characters; other signs stay."""
    out = io.StringIO()
    why = "grün \u202etxt.exe\u2066 \x7f\x85\u2028\U000e0041\ud800"
    JsonView(out).answer(Rejected(error="ManifestInvalid", cause=why))
    assert out.getvalue().rstrip("\n").isprintable()
    assert "grün \\u202etxt.exe\\u2066" in out.getvalue()
    assert json.loads(out.getvalue())["cause"] == why


def test_bill_of_materials(running: Snapshot) -> None:
    """The bill of materials has every pipeline with the revisions that it ran."""
    pipelines = {**running.release.pipelines, "catalog": pinned(running)}
    release = replace(running.release, pipelines=pipelines)
    document = bom_document(release)
    assert [each["name"] for each in document["pipelines"]][:2] == ["catalog", "orders"]
    assert document["pipelines"][0]["revisions"] == [
        {
            "action": "Source",
            "type": "COMMIT_ID",
            "revision": "3f2a",
            "origin": {"FullRepositoryId": "shop/catalog"},
            "artifact": "app",
            "summary": None,
            "committedAt": None,
            "author": None,
        }
    ]


def test_events(running: Snapshot) -> None:
    """Each event is one line that begins with time, name and release."""
    out = io.StringIO()
    view = JsonView(out)
    view.show(running, changes(None, running))
    closed = replace(
        running, at=at(50), release=replace(running.release, status=ReleaseStatus.FAILED)
    )
    lost = LookFailed("AWS does not answer.", "Wait.", at(55))
    view.show(closed, [lost, ConnectedAgain(at(58), at(55)), *changes(running, closed)])
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert all(list(each)[:3] == ["at", "event", "releaseId"] for each in events)
    told = {each["event"]: each for each in events}
    assert told["releaseFound"]["pipelines"][0]["name"] == "catalog"
    assert told["pipelineActs"]["waitsFor"] == "manual approval"
    assert not told["pipelineActs"]["ends"]
    assert told["releaseProgressed"]["ended"] == 2
    assert told["releaseProgressed"]["secondsLeft"] is None
    assert told["lookFailed"]["problem"] == "AWS does not answer."
    assert told["lookFailed"]["at"] == "2026-11-22T10:00:55.000Z"
    assert told["connectedAgain"]["at"] == "2026-11-22T10:00:58.000Z"
    assert told["connectedAgain"]["since"] == "2026-11-22T10:00:55.000Z"
    assert told["releaseClosed"]["status"] == "FAILED"
    failed = next(each for each in events if each.get("pipeline") == "orders")
    assert failed["failure"]["stage"] == "Deploy"


def test_every_event_is_documented() -> None:
    """The documentation has a row for each event."""
    rows = set(re.findall(r"^\| `(\w+)` \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    events = [
        *get_args(PipelineEvent),
        *get_args(ReleaseEvent),
        *get_args(Answer),
        *(each for each in get_args(Event) if isinstance(each, type)),
    ]
    assert len(events) >= 15
    assert {event_name(each) for each in events} <= rows


def test_every_key_is_documented(running: Snapshot) -> None:
    """The documentation names each key of a release and of its pipelines."""
    named = set(re.findall(r"`(\w+)`", GUIDE.read_text(encoding="utf-8")))
    document = release_document(running.release)
    keys = {*document, *document["pipelines"][0], *bom_document(running.release)}
    assert keys <= named
