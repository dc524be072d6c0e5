"""Sample releases, one of each kind, with fixed times."""

from collections.abc import Callable
from dataclasses import replace

from release_core.domain.execution import Change, Execution, ExecutionState
from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.release import Failure, PipelineStatus, Release, ReleaseStatus
from release_machine.release.model import Activity, Snapshot
from tools.operator.tests.samples.asking_release import asking_snapshot
from tools.operator.tests.samples.bucket_release import from_buckets
from tools.operator.tests.samples.failing_release import refused, sixty, titled
from tools.operator.tests.samples.hostile_release import hostile
from tools.operator.tests.samples.made_release import (
    ALICE,
    BEGIN,
    EXECUTION,
    REGION,
    Ran,
    by_name,
    execution_id,
    line,
    moment,
    release,
    skipped,
    succeeded,
    with_revisions,
)

type Sample = Callable[[], Snapshot]


def good() -> Snapshot:
    """Five pipelines with dependencies, all succeeded."""
    rans = [
        Ran(name="catalog", began=2, ended=214),
        Ran(name="search", began=2, ended=95),
        Ran(name="orders", after=["catalog"], began=216, ended=505, retries=2, retried_at=[350]),
        Ran(name="payments", after=["catalog"], began=216, ended=402),
        Ran(name="web", after=["orders", "payments", "search"], began=507, ended=761),
    ]
    made = succeeded("2026.11.22-1", rans, closed=763)
    return Snapshot(at=moment(900), release=with_revisions(made))


def rollback() -> Snapshot:
    """A rollback to the previous good revisions of the failed release."""
    rans = [
        Ran(name="payments", began=2, ended=188),
        Ran(name="orders", after=["payments"], began=190, ended=402),
        Ran(name="catalog", after=["orders"], began=404, ended=566),
        Ran(name="search", began=2, ended=77),
    ]
    made = succeeded("2026.11.22-2-rollback", rans, closed=568)
    made = replace(with_revisions(made), rollback_of="2026.11.22-2", channel="direct")
    return Snapshot(at=moment(600), release=made)


def retried_in_the_console() -> Snapshot:
    """A person retried the failed stage of payments in the console."""
    shown = good()
    changes = tuple(
        Change(state=ExecutionState(state), attempt=attempt, at=moment(seconds), source=source)
        for state, attempt, seconds, source in (
            ("STARTED", 1, 216, "event"),
            ("FAILED", 1, 290, "event"),
            ("RESUMED", 2, 320, "event"),
            ("SUCCEEDED", 2, 402, "look"),
        )
    )
    execution = Execution(execution_id="", pipeline="payments", changes=changes)
    payments = replace(shown.release.pipelines["payments"], execution=execution)
    pipelines = {**shown.release.pipelines, "payments": payments}
    return replace(shown, release=replace(shown.release, pipelines=pipelines))


def failed() -> Snapshot:
    """A pipeline failed after two retries and halted the release; its dependents were skipped."""
    reason = Failure(
        stage="Deploy",
        action="UpdateService",
        code="JobFailed",
        message=(
            "The deployment of service payments failed: 3 of 4 tasks did not become healthy "
            "within 600 seconds. Task stopped: Essential container in task exited (exit code 137)."
        ),
        summary="ECS deployment ecs-svc/8392019384756 rolled back",
        link=f"https://{REGION}.console.aws.amazon.com/ecs/v2/clusters/shop/services/payments",
    )
    skips = {
        "web": "it depends on payments, which is FAILED",
        "mail": "it depends on web, which is SKIPPED",
        "reports": "payments did not succeed and onFailure is halt",
    }
    rans = [
        Ran(name="catalog", began=2, ended=214),
        Ran(name="search", began=2, ended=395),
        Ran(name="orders", after=["catalog"], began=216, ended=505),
        Ran(
            name="payments",
            after=["catalog"],
            began=216,
            ended=742,
            status=PipelineStatus.FAILED,
            retries=2,
            retried_at=[395, 571],
            failure=reason,
        ),
        skipped("web", 743, skips["web"], after=["orders", "payments", "search"]),
        skipped("mail", 743, skips["mail"], after=["web"]),
        skipped("reports", 743, skips["reports"], after=["orders"]),
    ]
    why = "\n".join(
        [
            "4 of 7 pipelines did not succeed:",
            f"- payments FAILED: stage Deploy, action UpdateService: {reason.reason}",
            *(f"- {name} SKIPPED: {skip}" for name, skip in skips.items()),
        ]
    )
    made = release("2026.11.22-2", ReleaseStatus.FAILED, rans, closed=745, why=why)
    return Snapshot(at=moment(4000), release=replace(with_revisions(made), halted_by="payments"))


def hotfix() -> Snapshot:
    """The failed release as a hotfix, with a title and notes."""
    return titled(failed())


def cancelled() -> Snapshot:
    """A cancelled release: one pipeline ended, one was stopped, one never started."""
    stop = f"{ALICE}: wrong branch of orders"
    rans = [
        Ran(name="catalog", began=2, ended=64),
        Ran(
            name="orders",
            after=["catalog"],
            began=66,
            ended=141,
            status=PipelineStatus.STOPPED,
            stopped_at=120,
            stop_reason=f"the release was cancelled: {stop}",
            failure=Failure(message=f"stopped: the release was cancelled: {stop}"),
        ),
        skipped("web", 121, "the release was cancelled", after=["orders"]),
    ]
    why = f"{stop} (the workflow execution was stopped: Cancelled)"
    return Snapshot(
        at=moment(300), release=release("5.10", ReleaseStatus.CANCELLED, rans, closed=120, why=why)
    )


def short() -> Snapshot:
    """A release of three seconds, of which its only pipeline took the last."""
    rans = [Ran(name="web", began=2, ended=3)]
    made = release("5.12", ReleaseStatus.SUCCEEDED, rans, closed=3, why="its 1 pipeline succeeded")
    return Snapshot(at=moment(60), release=made)


def running() -> Snapshot:
    """A running release: one pipeline waits for an approval, one for a free slot."""
    rans = [
        Ran(name="catalog", began=2, ended=214),
        Ran(name="search", began=2, status=PipelineStatus.RUNNING),
        Ran(name="orders", after=["catalog"], began=216, status=PipelineStatus.RUNNING),
        Ran(name="payments", after=["catalog"], status=PipelineStatus.WAITING),
        Ran(name="web", after=["orders", "payments", "search"], status=PipelineStatus.WAITING),
    ]
    made = release("2026.11.22-3", ReleaseStatus.RUNNING, rans, closed=None, why=None)
    link = f"https://{REGION}.console.aws.amazon.com/codesuite/codepipeline/pipelines/orders/view"
    return Snapshot(
        at=moment(471),
        release=replace(
            made,
            max_concurrency=2,
            in_flight=frozenset({"search", "orders"}),
            deadline=moment(7200),
        ),
        activity={
            "search": Activity(
                stage="Build",
                waits_for="execution 0f1e2d3c, which waits for manual approval",
                way_out="aws codepipeline put-approval-result --token 0f1e2d3c-SECRET",
            ),
            "orders": Activity(
                stage="Production",
                action="Approve",
                waits_for="manual approval",
                way_out="release-machine approve 2026.11.22-3 orders/Production/Approve",
                way_to_reject=(
                    "release-machine reject 2026.11.22-3 orders/Production/Approve --reason TEXT"
                ),
                link=link,
            ),
        },
    )


def twelve() -> Snapshot:
    """Twelve services with four slots, all succeeded."""
    rans = [
        Ran(name="network", began=2, ended=151),
        Ran(name="identity", after=["network"], began=153, ended=433),
        Ran(name="catalog", after=["network"], began=153, ended=533),
        Ran(name="pricing", after=["catalog"], began=535, ended=804),
        Ran(name="inventory", after=["catalog"], began=535, ended=1104),
        Ran(name="orders", after=["identity", "inventory", "pricing"], began=1106, ended=1720),
        Ran(name="payments", after=["identity", "network"], began=435, ended=1010),
        Ran(name="shipping", after=["orders"], began=1722, ended=2121),
        Ran(name="mail", after=["identity"], began=806, ended=906),
        Ran(name="search", after=["catalog"], began=908, ended=1315),
        Ran(
            name="web-storefront-eu-central-1",
            after=["orders", "payments", "search"],
            began=1722,
            ended=2440,
        ),
        Ran(
            name="smoke-test",
            after=["web-storefront-eu-central-1", "shipping", "mail"],
            began=2442,
            ended=2706,
        ),
    ]
    made = succeeded("2026.11.22-4", rans, closed=2708)
    return Snapshot(at=moment(90_000), release=replace(made, max_concurrency=4))


def two_hundred() -> Snapshot:
    """Two hundred services in six layers, and some without dependencies and dependents."""
    rans: list[Ran] = []
    ended: dict[str, float] = {}
    layers = (8, 40, 60, 50, 20, 4)
    before: list[str] = []
    for layer, size in enumerate(layers):
        here: list[str] = []
        for number in range(size):
            name = f"shop-{'abcdef'[layer]}{number:02}-service"
            places = {(number * 7) % len(before), number % len(before)} if before else set()
            after = [before[place] for place in sorted(places)]
            began = max([ended[each] for each in after], default=0) + 2 + number % 5
            ended[name] = began + 60 + (number * 37 + layer * 91) % 400
            here.append(name)
            rans.append(Ran(name=name, after=after, began=began, ended=ended[name]))
        before = here
    for number in range(18):
        rans.append(Ran(name=f"lone-{number:02}", began=2, ended=50 + 20 * number))
    last = max(ran.ended or 0 for ran in rans) + 2
    return Snapshot(at=moment(last + 60), release=succeeded("2026.11.22-5", rans, closed=last))


def resumed() -> Snapshot:
    """The second attempt, a day after the first; pipelines that had succeeded were kept."""
    begin = failed().release
    first = PastAttempt(number=1, status="FAILED", execution=begin.execution_arn, why=begin.why)
    day = 86_400.0
    kept = [each for each in begin.pipelines.values() if each.status is PipelineStatus.SUCCEEDED]
    renewed = []
    times = {"payments": (2, 310), "web": (312, 560), "mail": (562, 610), "reports": (2, 190)}
    for each in begin.pipelines.values():
        if each.status is PipelineStatus.SUCCEEDED:
            continue
        began, ended = (day + seconds for seconds in times[each.name])
        execution = execution_id(each.position + 50)
        why = each.failure.reason if each.failure else None
        attempt = replace(first, status=each.status, execution=each.execution_id, why=why)
        renewed.append(
            replace(
                each,
                status=PipelineStatus.SUCCEEDED,
                attempt=2,
                retried=0,
                failure=None,
                execution_id=execution,
                started_at=moment(began),
                ended_at=moment(ended),
                attempts=(attempt,),
                audit=(
                    *each.audit,
                    line(day, "open-release", "resumed as attempt 2", each.status, "WAITING"),
                    line(began, "run-pipeline", f"started as {execution}", "STARTING", "RUNNING"),
                    line(ended, "record-state-change", "ended", "RUNNING", "SUCCEEDED"),
                ),
            )
        )
    why = "all 7 pipelines succeeded"
    bob = "arn:aws:sts::123456789012:assumed-role/OnCall/bob@example.com"
    pipelines = sorted([*kept, *renewed], key=lambda each: each.position)
    made = replace(
        begin,
        status=ReleaseStatus.SUCCEEDED,
        attempt=2,
        halted_by=None,
        why=why,
        resumed_at=moment(day),
        closed_at=moment(day + 612),
        execution_arn=f"{EXECUTION}:1c0ffee5-0000-4000-8000-000000000002",
        attempts=(first,),
        audit=(
            *begin.audit,
            AuditEntry(at=moment(day), who=bob, what="resumed", before="FAILED", after="RUNNING"),
            line(day + 612, "close-release", why, "RUNNING", "SUCCEEDED"),
        ),
        pipelines=by_name(pipelines),
    )
    return Snapshot(at=moment(2 * day), release=made)


def quick() -> Snapshot:
    """A release that took seconds, with times in whole seconds, as on the platform."""
    rans = [
        Ran(name="catalog", began=2.4, ended=2),
        Ran(name="orders", after=["catalog"], began=3.1, ended=3),
    ]
    return Snapshot(at=moment(60), release=succeeded("demo-1", rans, closed=4))


def rejected() -> Snapshot:
    """A rejected manifest."""
    arn = f"{EXECUTION}:bad1"
    why = "ManifestInvalid: pipelines[1].dependsOn[0]: there is no pipeline catalogue"
    return Snapshot(
        at=moment(60),
        release=Release(
            release_id=arn,
            status=ReleaseStatus.REJECTED,
            execution_arn=arn,
            opened_at=BEGIN,
            closed_at=BEGIN,
            channel="api",
            requester=ALICE,
            why=why,
            audit=(
                AuditEntry(
                    at=BEGIN, who="release-machine-open-release", what=why, after="REJECTED"
                ),
            ),
        ),
    )


SAMPLES = {
    each.__name__: each
    for each in (
        good,
        failed,
        hotfix,
        cancelled,
        running,
        twelve,
        two_hundred,
        resumed,
        quick,
        rejected,
        rollback,
        retried_in_the_console,
        from_buckets,
        asking_snapshot,
        refused,
        sixty,
        hostile,
    )
}
