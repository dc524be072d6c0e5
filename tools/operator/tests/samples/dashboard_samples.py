"""What the pages of the dashboard are made from, one sample of each kind, with fixed times."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta

from release_core.domain.approvals import Approval, Vote
from release_core.domain.holds import Freeze, Hold, HoldKind
from release_core.domain.live import Live, RolledBack
from release_core.domain.queue import Place
from release_core.domain.release import (
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseKind,
    ReleaseStatus,
)
from release_core.domain.revisions import Good, Revision
from release_machine.dashboard.state import (
    Approvals,
    Confirmation,
    History,
    Metrics,
    Offer,
    Overview,
    ReleaseState,
    Site,
    Step,
    Waiting,
    WrongFilter,
)
from release_machine.dora.deployments import CommitSource, CommitTime, Deployment, Outcome, Window
from release_machine.dora.figures import figures
from release_machine.release.approvals import asking
from release_machine.release.busy import Behind, HeldUntil
from release_machine.release.busy import Hold as Held
from release_machine.release.estate import (
    Estate,
    EstatePipeline,
    HeldBy,
    LastFailure,
    OtherRun,
    WaitingRelease,
)
from release_machine.release.model import Activity, Snapshot
from release_machine.release.searching import Filters
from release_machine.release.situation import with_ways_out
from tools.operator.tests.samples import report_samples
from tools.operator.tests.samples.made_release import (
    ALICE,
    EXECUTION,
    REGION,
    Ran,
    execution_id,
    moment,
    release,
)

NOW = moment(2400)
BOB = "arn:aws:sts::123456789012:assumed-role/OnCall/bob@example.com"
CAROL = "arn:aws:sts::123456789012:assumed-role/ReleaseManager/carol@example.com"
DAY = timedelta(days=1)
SITE = Site(
    deployment="release-machine",
    region=REGION,
    console_region=REGION,
    caller=BOB,
    allows_actions=False,
)
ACTING = replace(SITE, allows_actions=True)
_DOMAINS = (
    *("catalog", "search", "orders", "payments", "web", "mail", "pricing", "inventory"),
    *("shipping", "identity", "loyalty", "reports", "invoices", "returns", "media", "vouchers"),
    *("reviews", "wishlist", "basket", "checkout"),
)
_MESSAGES = (
    "Prices are whole cents",
    "Retry the stock call once",
    "Show the delivery date in the basket, and keep it when the address changes",
    "Bump boto3",
    "Close the pool on shutdown",
)


def offer(action: str, release_id: str, name: str | None = None) -> Offer:
    """What the server offers for a release."""
    named = f" {name}" if name else ""
    return Offer(
        action=action,
        release_id=release_id,
        name=name,
        href=f"/actions/{action}/{release_id}" + (f"?name={name}" if name else ""),
        command=f"release-machine {action} {release_id}{named}",
    )


def live(name: str, *, days: float, release_id: str | None, by: str | None = ALICE) -> Live:
    """What is live in a pipeline since some days."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    message = _MESSAGES[int(digest[:2], 16) % len(_MESSAGES)]
    revision = Revision(
        artifact="Source",
        revision=digest[:40],
        summary=json.dumps({"ProviderType": "GitHub", "CommitMessage": message}),
        action="Source",
        type="COMMIT_ID",
    )
    since = NOW - days * DAY
    good = Good(
        release_id=release_id,
        execution_id=execution_id(len(name)),
        at=since,
        revisions=(revision,),
    )
    return Live(pipeline=name, good=good, since=since, by=by)


def questioned() -> Release:
    """A running release with an approval that has one of two votes."""
    rans = [
        Ran(name="shop-web-eu", began=1200, ended=1730),
        Ran(name="shop-web-us", began=1200, ended=1811),
        Ran(name="shop-mail-us", after=["go-live"], status=PipelineStatus.WAITING),
    ]
    made = release("2026.11.22-6", ReleaseStatus.RUNNING, rans, closed=None, why=None)
    asked = Pipeline(
        name="go-live",
        position=3,
        status=PipelineStatus.RUNNING,
        depends_on=("shop-web-eu", "shop-web-us"),
        started_at=moment(1815),
        approval=Approval(
            question="Go live with the new basket in both regions?",
            min_approvals=2,
            four_eyes=True,
            expires_after=timedelta(hours=2),
            asked_at=moment(1815),
            votes=(
                Vote(voter=CAROL, by=CAROL, approves=True, comment="looks good", at=moment(2100)),
            ),
        ),
    )
    return replace(
        made,
        title="The new basket, in both regions",
        kind=ReleaseKind.HOTFIX,
        pipelines={**made.pipelines, "go-live": asked},
        opened_at=moment(1195),
        requesters=(ALICE,),
    )


def by_hand() -> Snapshot:
    """A running release whose pipeline waits for a manual approval of CodePipeline."""
    seen = report_samples.running()
    return replace(seen, at=NOW)


def approvals() -> Approvals:
    """An approval of a release, and a manual approval of CodePipeline."""
    asking_release, seen = questioned(), by_hand()
    by_codepipeline = Activity(
        stage="Production",
        action="Approve",
        waits_for="a manual approval",
        since=moment(900),
        message="Continue with the deployment to production?",
        link="https://example.com/review",
    )
    return Approvals(
        at=NOW,
        waiting=(
            Waiting(
                release=seen.release,
                name="orders/Production/Approve",
                activity=by_codepipeline,
                offers=answers(seen.release.release_id, "orders/Production/Approve"),
            ),
            Waiting(
                release=asking_release,
                name="go-live",
                activity=asking(asking_release, asking_release.pipelines["go-live"]),
                offers=answers(asking_release.release_id, "go-live"),
            ),
        ),
    )


def answers(release_id: str, name: str) -> tuple[Offer, ...]:
    """Approve and reject."""
    return offer("approve", release_id, name), offer("reject", release_id, name)


def queued() -> tuple[WaitingRelease, ...]:
    """A release that waits for a pipeline, and a release that is held until a time."""
    made = [
        replace(
            release(name, ReleaseStatus.RUNNING, [], closed=None, why=None),
            pending=True,
            opened_at=moment(seconds),
            requester=CAROL,
            waits_for=pipelines,
            not_before=not_before,
        )
        for name, seconds, pipelines, not_before in (
            ("2026.11.22-7", 1900, ("shop-orders-eu", "shop-basket-eu"), None),
            ("2026.11.23-1", 2000, (), moment(30_000)),
        )
    ]
    held = Held(
        pipeline="shop-orders-eu",
        release_id="2026.11.22-3",
        execution_arn=EXECUTION,
        since=moment(0),
    )
    return (
        WaitingRelease(release=made[0], reasons=(held,)),
        WaitingRelease(release=made[1], reasons=(HeldUntil(moment(30_000)),)),
    )


def forty() -> Overview:
    """Forty pipelines: failures, running releases, a freeze, a queue, and quiet ones."""
    shown = _running_now()
    failed = report_samples.failed().release
    pipelines = [
        EstatePipeline(
            name=name,
            live=live(name, days=1 + number * 2.3, release_id=f"2026.11.{20 - number % 19:02}-1"),
        )
        for number, name in enumerate(
            f"shop-{domain}-{region}" for domain in _DOMAINS for region in ("eu", "us")
        )
    ]
    by_name = {each.name: each for each in pipelines}

    def change(name: str, **changes: object) -> None:
        by_name[name] = replace(by_name[name], **changes)  # type: ignore[arg-type] # any field

    for made in shown:
        for node in made.of_codepipeline.values():
            change(node.name, release_id=made.release_id, node=node)
    change("shop-payments-eu", failed=failed, failure=_last(failed.pipelines["payments"], failed))
    broken = shown[1].pipelines["shop-loyalty-eu"]
    change("shop-loyalty-eu", failure=_last(broken, shown[1]))
    held = HeldBy(kind="freeze", until=moment(9000), why="month end", by=CAROL)
    change("shop-invoices-eu", held=(held,))
    place = Place(since=moment(1900), execution_arn=EXECUTION, release_id="2026.11.22-7")
    change("shop-basket-eu", queue=(place,))
    change("shop-orders-eu", queue=(place,))
    change("shop-wishlist-us", outside=(OtherRun(execution_id="3f1a2b3c-1", since=NOW, by=BOB),))
    change("shop-payments-us", unread="AccessDenied", live=None)
    change("shop-vouchers-us", live=None)
    change("shop-media-eu", live=live("shop-media-eu", days=0.02, release_id=None, by=BOB))
    undone = RolledBack(
        action="Source", revision="0f1e", shipped_by="2026.11.21-2", by="rollback", at=moment(-9000)
    )
    returned = live("shop-returns-eu", days=0.4, release_id="2026.11.18-1")
    change("shop-returns-eu", live=replace(returned, undone=(undone,)))
    freeze = Freeze(
        scope="shop-invoices-*", until=moment(9000), reason="month end", by=CAROL, at=moment(-900)
    )
    estate = Estate(
        at=NOW,
        pipelines=tuple(by_name.values()),
        running=shown,
        waiting=queued(),
        latest=history().releases[:5],
        freezes=(freeze,),
    )
    return Overview(estate=estate, approvals=approvals())


def _last(node: Pipeline, made: Release) -> LastFailure:
    assert node.ended_at
    return LastFailure(
        status=node.status,
        at=node.ended_at,
        release_id=made.release_id,
        execution_id=node.execution_id,
        failure=node.failure,
    )


def _running_now() -> tuple[Release, ...]:
    """A release that runs, one whose pipeline failed, and one that asks people."""
    first = [
        Ran(name="shop-catalog-eu", began=700, ended=1410),
        Ran(name="shop-search-eu", began=700, status=PipelineStatus.RUNNING),
        Ran(name="shop-orders-eu", after=["shop-catalog-eu"], began=1411, status=_RUNNING),
        Ran(name="shop-pricing-eu", after=["shop-orders-eu"], status=PipelineStatus.WAITING),
    ]
    failure = report_samples.failed().release.pipelines["payments"].failure
    second = [
        Ran(name="shop-loyalty-eu", began=900, ended=1200, status=_FAILED, failure=failure),
        Ran(name="shop-reports-eu", began=900, status=PipelineStatus.RUNNING),
        Ran(name="shop-invoices-eu", status=PipelineStatus.WAITING),
    ]
    made = release("2026.11.22-3", ReleaseStatus.RUNNING, first, closed=None, why=None)
    other = release("2026.11.22-5", ReleaseStatus.RUNNING, second, closed=None, why=None)
    held = Hold(
        kind=HoldKind.FREEZE,
        until=moment(9000),
        why="month end",
        by=CAROL,
        scope="shop-invoices-*",
    )
    frozen = replace(other.pipelines["shop-invoices-eu"], held=held)
    other = replace(other, pipelines={**other.pipelines, frozen.name: frozen}, requester=CAROL)
    return made, other, questioned()


_RUNNING, _FAILED = PipelineStatus.RUNNING, PipelineStatus.FAILED


def quiet() -> Overview:
    """Six pipelines and nothing to do."""
    names = ("catalog", "mail", "orders", "payments", "search", "web")
    pipelines = tuple(
        EstatePipeline(name=name, live=live(name, days=number + 0.5, release_id="2026.11.20-1"))
        for number, name in enumerate(names)
    )
    estate = Estate(at=NOW, pipelines=pipelines, latest=history().releases[:5])
    return Overview(estate=estate, approvals=Approvals(at=NOW))


FILTERS = Filters(
    statuses=("FAILED", "CANCELLED"),
    outcomes=("ROLLED_BACK",),
    pipelines=("shop-orders-eu", "shop-web-*"),
    requester="alice*",
    since="30d",
    until="2026-11-22T18:00Z",
)
WRONG_FILTERS = Filters(pipelines=("shop-oders-eu",), since="last week", until="2026-13-01")
WRONG = (
    WrongFilter(
        name="since",
        problem="Since last week is neither a time nor a duration.",
        next_step="Write how long ago, a day in UTC, or a time with its zone: 7d, 12h, "
        "2026-11-22, or 2026-11-22T18:00:00Z.",
    ),
    WrongFilter(
        name="until",
        problem="Until 2026-13-01 is neither a time nor a duration.",
        next_step="Write how long ago, a day in UTC, or a time with its zone: 7d, 12h, "
        "2026-11-22, or 2026-11-22T18:00:00Z.",
    ),
    WrongFilter(
        name="pipeline",
        problem="No release has run a pipeline shop-oders-eu (did you mean shop-orders-eu?).",
        next_step="The page Estate shows which pipelines there are.",
    ),
)


def history() -> History:
    """Releases of a week, of every outcome."""
    samples = [
        report_samples.failed(),
        report_samples.good(),
        report_samples.resumed(),
        report_samples.cancelled(),
        report_samples.rejected(),
        report_samples.rollback(),
    ]
    found = [
        replace(each.release, pipelines={}, release_id=f"2026.11.22-{number}")
        for number, each in enumerate(samples, 1)
    ]
    older = [
        replace(
            found[number % len(found)],
            release_id=f"2026.11.{20 - number:02}-1",
            execution_arn=f"{EXECUTION}:{execution_id(number)}",
            opened_at=moment(-86_400.0 * (number + 1)),
            resumed_at=None,
            closed_at=moment(-86_400.0 * (number + 1) + 800),
        )
        for number in range(14)
    ]
    waiting = queued()[1].release
    return History(at=NOW, releases=(waiting, *found, *older), more=True)


def of_release(seen: Snapshot) -> ReleaseState:
    """The page of a release, with what the server offers for it."""
    shown = replace(seen, activity=with_ways_out(seen.release, seen.activity))
    status = seen.release.status
    actions = {"RUNNING": ["cancel"], "SUCCEEDED": ["rollback"], "REJECTED": []}
    steps = {
        each.name: steps_of(each)
        for each in seen.release.of_codepipeline.values()
        if each.status is _RUNNING or each.status.broken
    }
    offers = [
        offer(each, seen.release.release_id)
        for each in actions.get(status, ["retry", "rollback"])
        if not seen.left_open
    ]
    return ReleaseState(snapshot=shown, steps=steps, offers=tuple(offers))


def steps_of(node: Pipeline) -> tuple[Step, ...]:
    """A source, a build, and the deployment that runs or failed."""
    began = node.started_at or NOW
    places = (("Source", "GitHub"), ("Build", "Test"), ("Build", "Image"), ("Deploy", "Service"))
    steps = [
        Step(stage=stage, action=name, started_at=began + timedelta(seconds=40 * number))
        for number, (stage, name) in enumerate(places)
    ]
    steps[-1] = replace(steps[-1], running=not node.status.ended, failure=node.failure)
    return tuple(steps)


def awaited() -> ReleaseState:
    """A running release that two others wait for, and that asks people twice."""
    behind = tuple(
        Behind(
            release_id=each.release.release_id,
            execution_arn=EXECUTION,
            since=each.release.opened_at,
            pipelines=("orders",),
        )
        for each in queued()
    )
    state = of_release(report_samples.running())
    asked = [
        each
        for name in ("go-live", "shop-payments/Approval/Approval")
        for each in answers("2026.11.22-3", name)
    ]
    return replace(state, behind=behind, offers=(*asked, *state.offers))


def asked() -> ReleaseState:
    """A running release that asks people."""
    state = of_release(Snapshot(at=NOW, release=questioned()))
    return replace(state, offers=(*answers("2026.11.22-6", "go-live"), *state.offers))


def confirmation(**changes: object) -> Confirmation:
    """The question before a release is cancelled."""
    made = Confirmation(
        offer=offer("cancel", "2026.11.22-3"),
        question="Cancel release 2026.11.22-3?",
        attempt=1,
        effects=(
            "search and orders are stopped after the action in progress.",
            "payments and web do not start.",
        ),
        warnings=("catalog has already shipped and stays live.",),
        words="Reason",
        needs_words=True,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # any field


def metrics(*, days: int = 90) -> Metrics:
    """Deployments of five pipelines over a quarter."""
    window = Window(since=NOW - days * DAY, until=NOW)
    return Metrics(at=NOW, days=days, dora=figures(_deployments(), window))


def _deployments() -> list[Deployment]:
    found = []
    for place, name in enumerate(("catalog", "orders", "payments", "search", "web")):
        for number in range(0, 80, 2 + place):
            at: datetime = NOW - number * DAY - timedelta(hours=place)
            is_bad = (number + 3 * place) % 13 == 5
            took = timedelta(hours=3 + (number * 7 + place) % 40)
            commit = None if place == 4 else CommitTime(at=at - took, source=CommitSource.COMMIT)
            if place == 3:
                commit = CommitTime(at=at - 2 * took, source=CommitSource.S3)
            found.append(
                Deployment(
                    pipeline=name,
                    release_id=f"r-{number}",
                    ended_at=at,
                    outcome=Outcome.FAILED if is_bad else Outcome.LIVE,
                    commit=commit,
                )
            )
    return found


def nothing_deployed() -> Metrics:
    """A window without deployments."""
    window = Window(since=NOW - 7 * DAY, until=NOW)
    return Metrics(at=NOW, days=7, dora=figures([], window))
