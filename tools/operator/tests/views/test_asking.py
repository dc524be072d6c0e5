"""Approvals, votes and holds in lines of text, in JSON, in the report and in estimates."""

import io
import json
from dataclasses import replace
from datetime import timedelta

from release_core.domain.history import AuditEntry
from release_core.domain.release import PipelineStatus
from release_machine.follow.loop import changes
from release_machine.release.approvals import asking as asked
from release_machine.release.estimating import estimate
from release_machine.release.model import Snapshot
from release_machine.report import html
from release_machine.views.audit_view import audit_table
from release_machine.views.json_events import JsonView
from release_machine.views.json_output import release_document
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.plain import PlainView
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.asking_release import (
    ALICE,
    asking,
    asking_snapshot,
    rejected,
    vote,
)
from tools.operator.tests.samples.drawing import drawn, live
from tools.operator.tests.samples.report_reading import Page

A_MINUTE = timedelta(minutes=1)
ONLY_APPROVAL = {"go-live": asked(asking(), asking().pipelines["go-live"])}


def granted() -> Snapshot:
    """The next look: alice's colleague has approved, too."""
    seen = asking_snapshot()
    go_live = seen.release.pipelines["go-live"]
    assert go_live.approval
    votes = (*go_live.approval.votes, vote("arn:aws:iam::1:user/carol", comment="go"))
    node = replace(
        go_live,
        status=PipelineStatus.SUCCEEDED,
        ended_at=at(400),
        approval=replace(go_live.approval, votes=votes),
    )
    pipelines = {**seen.release.pipelines, "go-live": node}
    release = replace(seen.release, pipelines=pipelines)
    activity = {name: each for name, each in seen.activity.items() if name != "go-live"}
    return replace(seen, at=at(401), release=release, activity=activity)


def test_lines() -> None:
    """A line says what is asked, with the command that answers; another who has answered."""
    out = io.StringIO()
    view = PlainView(out)
    view.show(asking_snapshot(), changes(None, asking_snapshot()))
    view.show(granted(), changes(asking_snapshot(), granted()))
    text = out.getvalue()
    assert "release 2026.11.22-1: 4 pipelines and 3 approvals, execution arn:" in text
    assert (
        "go-live       RUNNING waits for 1 more approval (1 of 2 given), "
        "asked at 2026-11-22T10:04:00Z "
        "(Go live? See the report of the load test.), expires 2026-11-22T12:04:00Z, "
        "cannot answer: the role Releaser (session alice), bob, behind it: shop-web; "
        "continue with: release-machine approve 2026.11.22-1 go-live; "
        "reject it with: release-machine reject 2026.11.22-1 go-live --reason TEXT\n"
    ) in text
    assert (
        "shop-orders   WAITING incident 4711 (frozen until 2026-11-22T12:00:00Z by bob); "
        "it starts by itself then; to start it now (needs the permission to override): "
        "release-machine override 2026.11.22-1 --reason TEXT\n"
    ) in text
    assert (
        "go-live       SUCCEEDED after 2:40; approved by bob: load test is fine; "
        "approved by carol: go\n"
    ) in text
    assert "1 of 4 ended" in text


def test_events() -> None:
    """An event of an approval has its name as `approval`; a hold has its kind and its end."""
    out = io.StringIO()
    view = JsonView(out)
    view.show(asking_snapshot(), changes(None, asking_snapshot()))
    view.show(granted(), changes(asking_snapshot(), granted()))
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    found = next(each for each in events if each["event"] == "releaseFound")
    assert [each["name"] for each in found["approvals"]] == ["review", "go-live", "announce"]
    assert len(found["pipelines"]) == 4
    of_approval = [each for each in events if each.get("approval") == "go-live"]
    assert [each["event"] for each in of_approval] == [
        "pipelineMoved",
        "pipelineActs",
        "pipelineMoved",
    ]
    assert of_approval[-1]["votes"][1]["comment"] == "go"
    assert not any("pipeline" in each for each in of_approval)
    (held,) = [each for each in events if each.get("held")]
    assert (held["pipeline"], held["held"]["kind"]) == ("shop-orders", "freeze")
    assert held["held"]["until"] == "2026-11-22T12:00:00.000Z"


def test_as_json() -> None:
    """Approvals have a list of their own, and the release its requesters and its override."""
    document = release_document(rejected())
    assert [each["name"] for each in document["pipelines"]] == [
        "shop-catalog",
        "shop-payments",
        "shop-orders",
        "shop-web",
    ]
    go_live = document["approvals"][1]
    assert (go_live["minApprovals"], go_live["expiresAfterMinutes"]) == (2, 120)
    assert (go_live["fourEyes"], go_live["askedAt"]) == (True, "2026-11-22T10:04:00.000Z")
    assert go_live["votes"][0]["approves"] is False
    assert [each["behind"] for each in document["approvals"]] == [
        ["go-live", "shop-orders"],
        ["shop-web"],
        [],
    ]
    assert document["requesters"] == [ALICE]
    assert document["override"]["reason"] == "fixes incident 4711"
    assert document["pipelines"][2]["held"] is None
    assert release_document(asking())["pipelines"][2]["held"]["why"] == "incident 4711"


def test_report() -> None:
    """The report has the question, the answers, what is held, and the commands."""
    text = Page(html(asking_snapshot())).text
    for part in (
        "Go live? See the report of the load test.",
        "load test is fine",
        "Behind it shop-web",
        "Approve release-machine approve 2026.11.22-1 go-live Reject release-machine reject",
        "incident 4711 (frozen until 2026-11-22T12:00:00Z by bob)",
        "What is held starts by itself at 2026-11-22T12:00:00Z; to start it now",
        "(needs the permission to override): release-machine override 2026.11.22-1 --reason TEXT",
    ):
        assert part in text
    text = Page(html(Snapshot(at=at(900), release=rejected()))).text
    assert "Override by Releaser/carol: fixes incident 4711" in text
    assert "starts by itself" not in text


def test_report_counts_approvals_apart() -> None:
    """Approvals are not counted as pipelines: in the tally and in the words of the graph."""
    text = Page(html(asking_snapshot())).text
    assert "1 running 2 waiting 1 succeeded" in text
    assert "1 approval running 1 approval waiting 1 approval succeeded" in text
    assert "3 pipelines and 3 approvals in 5 steps: each is to the right" in text


def test_a_low_terminal() -> None:
    """The approval that is asked has a row; pipelines, approvals and holds have commands."""
    seen = asking_snapshot()
    shown = drawn(live(seen, now=at(331), width=80, height=16), width=80)
    assert "go-live" in shown
    assert (
        "commands for 1 waiting pipeline, 1 waiting approval, what is held: "
        "release-machine show 2026.11.22-1"
    ) in " ".join(shown.split())
    one = pipeline_table(seen.release, now=seen.at, activity=ONLY_APPROVAL, width=80, room=1)
    assert "go-live" in drawn(one, width=80)
    assert "shop-payments" not in drawn(one, width=80)


def test_no_time_is_broken_in_two() -> None:
    """A narrow terminal leaves the usual durations out, and has room for a whole time."""
    release = asking()
    orders = replace(release.pipelines["shop-orders"], name="shop-orders-of-the-storefront")
    web = replace(release.pipelines["shop-web"], status=PipelineStatus.SUPERSEDED, ended_at=at(0))
    web = replace(web, started_at=at(-9000), name="shop-web-of-the-storefront")
    release = replace(release, pipelines={orders.name: orders, web.name: web})
    table = pipeline_table(release, now=at(0), activity={}, width=60, usual={web.name: A_MINUTE})
    told = drawn(table, width=60)
    assert "2026-11-22T12:00:00Z" in told
    assert "2:30:00" in told
    assert "USUAL" not in told


def test_audit_counts_approvals_apart() -> None:
    """Approvals that were opened with the pipelines have a row of their own."""
    opened = AuditEntry(at=at(0), who="shop-open-release", what="opened", after="WAITING")
    release = asking()
    nodes = {name: replace(each, audit=(opened,)) for name, each in release.pipelines.items()}
    told = drawn(audit_table(replace(release, pipelines=nodes), width=80), width=80)
    assert "4 pipelines  WAITING  opened" in told
    assert "3 approvals  WAITING  opened" in told


def test_no_estimate_while_people_are_asked() -> None:
    """How long people take is not known, also before they are asked."""
    seen = asking_snapshot()
    past = {name: [timedelta(minutes=4)] for name in seen.release.of_codepipeline}
    activity = {"go-live": asked(seen.release, seen.release.pipelines["go-live"])}
    told = estimate(seen.release, past, activity=activity, at=at(30))
    assert (told.left, told.unknown) == (None, "go-live waits for 1 more approval (1 of 2 given)")
    waiting = replace(asking(), pipelines={"announce": asking().pipelines["announce"]})
    told = estimate(waiting, past, activity={}, at=at(30))
    assert (told.left, told.unknown) == (None, "announce waits for people")
