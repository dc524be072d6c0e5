"""An estate in which every state of a pipeline occurs."""

from datetime import timedelta
from typing import Any

from release_core.domain.holds import Hold, HoldKind
from release_core.domain.live import Live, RolledBack
from release_core.domain.queue import Place
from release_core.domain.release import (
    Failure,
    PipelineStatus,
    Release,
    ReleaseKind,
    ReleaseStatus,
)
from release_core.domain.revisions import Good, Revision
from release_machine.release.estate import (
    Estate,
    EstatePipeline,
    HeldBy,
    LastFailure,
    OtherRun,
)
from tools.operator.tests.conftest import at, pipeline
from tools.operator.tests.samples.asking_release import BOB, FREEZE, ROLE

NOW = at(600)
ALICE = f"{ROLE}/alice"
COMMIT = "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204"
WRONG = "77aa0c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1ffff"
IMAGE = "sha256:" + "9f86d081" * 8
EXECUTION = "1a2b3c4d-5e6f-4a8b-9c0d-1e2f3a4b5c6d"
LONG = "checkout-and-payments-of-all-brands-production-eu-central-1"


def live(
    name: str,
    release_id: str | None = "2026.11.21-1",
    *,
    revisions: tuple[str, ...] = (COMMIT,),
    **more: Any,
) -> Live:
    """What is live since the day before."""
    shipped = tuple(
        Revision(artifact="app", revision=each, action=f"Source{number}")
        for number, each in enumerate(revisions)
    )
    since = at(0) - timedelta(days=1)
    good = Good(release_id=release_id, execution_id=EXECUTION, at=since, revisions=shipped)
    return Live(pipeline=name, good=good, since=since, **{"by": ALICE, **more})


def place(release_id: str) -> Place:
    """A place in a queue."""
    arn = f"arn:aws:states:eu-central-1:123456789012:execution:release-machine:{release_id}"
    return Place(since=at(100), execution_arn=arn, release_id=release_id)


def estate() -> Estate:
    """Pipelines that are idle, run, wait, are held, have failed, were deleted or are not read."""
    frozen = HeldBy(
        kind="freeze", until=FREEZE.until, why=FREEZE.reason, by=FREEZE.by, scope=FREEZE.scope
    )
    held = Hold(kind=HoldKind.CALENDAR, until=at(7200), why="closed", scope="change-freeze")
    undone = RolledBack(
        action="Source0",
        revision=WRONG,
        shipped_by="2026.11.21-2",
        by="2026.11.21-2-rollback",
        at=at(0) - timedelta(hours=1),
    )
    failure = Failure(
        stage="Deploy", action="Migrate", code="JobFailed", message="index shop-2 is read-only"
    )
    pipelines = (
        EstatePipeline(name="billing", live=live("billing", None, by=BOB)),
        EstatePipeline(
            name=LONG,
            live=live(LONG, "2026.11.21-production-checkout-hotfix-3-candidate-2"),
            release_id="2026.11.22-production-checkout-hotfix-4",
            node=pipeline(0, LONG, "RUNNING", execution_id=EXECUTION, began=352),
            queue=tuple(map(place, ("2026.11.22-8", "2026.11.22-9"))),
        ),
        EstatePipeline(name="legacy", exists=False),
        EstatePipeline(name="mail", unread="ListPipelineExecutions was refused (AccessDenied)"),
        EstatePipeline(
            name="shop-catalog",
            live=live("shop-catalog", "2026.11.21-2-rollback", undone=(undone,)),
            held=(frozen,),
        ),
        EstatePipeline(
            name="shop-front",
            live=live("shop-front", revisions=(COMMIT, IMAGE)),
            release_id="2026.11.22-3",
            node=pipeline(1, "shop-front", depends_on=("shop-orders", "shop-payments")),
        ),
        EstatePipeline(
            name="shop-mail",
            live=live("shop-mail"),
            release_id="2026.11.22-3",
            node=pipeline(2, "shop-mail", held=held),
            held=(
                HeldBy(
                    kind="calendar",
                    until=held.until,
                    why=held.why,
                    scope=held.scope,
                    release_id="2026.11.22-3",
                ),
                HeldBy(kind="notBefore", until=at(90_000), release_id="2026.11.23-1"),
            ),
        ),
        EstatePipeline(
            name="shop-orders",
            live=live("shop-orders"),
            release_id="2026.11.22-3",
            node=pipeline(0, "shop-orders", "RUNNING", execution_id=EXECUTION, began=352),
            holder=Release(
                release_id="2026.11.22-3",
                status=ReleaseStatus.RUNNING,
                execution_arn="arn",
                opened_at=at(0),
                title="Prices with tax",
                kind=ReleaseKind.HOTFIX,
            ),
            queue=tuple(place(f"2026.11.22-{number}") for number in range(4, 11)),
        ),
        EstatePipeline(
            name="shop-payments",
            live=live("shop-payments"),
            failure=LastFailure(
                status=PipelineStatus.FAILED,
                at=at(95),
                release_id="2026.11.22-2",
                execution_id=EXECUTION,
                failure=failure,
            ),
        ),
        EstatePipeline(
            name="shop-search",
            live=live("shop-search", restored_by=EXECUTION, by=None),
            failure=LastFailure(status=PipelineStatus.FAILED, at=at(95), execution_id=EXECUTION),
        ),
        EstatePipeline(
            name="shop-suggest",
            outside=(OtherRun(execution_id=EXECUTION, since=at(560), by=BOB),),
        ),
    )
    return Estate(
        at=NOW,
        pipelines=pipelines,
        unread=("ListPipelines was refused (AccessDenied): pipelines may be missing.",),
    )
