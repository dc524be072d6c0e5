"""Makes releases with fixed times, from how their pipelines went."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from release_core.domain.history import AuditEntry
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.domain.revisions import Good, Pin, Revision

BEGIN = datetime(2026, 11, 22, 22, 2, 40, tzinfo=UTC)
REGION = "eu-central-1"
EXECUTION = f"arn:aws:states:{REGION}:123456789012:execution:release-machine"
ALICE = "arn:aws:sts::123456789012:assumed-role/ReleaseManager/alice@example.com"


def moment(seconds: float) -> datetime:
    """The time this many seconds after the release was opened."""
    return BEGIN + timedelta(seconds=seconds)


def moment_if(seconds: float | None) -> datetime | None:
    """The time this many seconds after the release was opened, or None."""
    return None if seconds is None else moment(seconds)


def execution_id(number: int) -> str:
    """An execution id in the format of CodePipeline."""
    return f"{0x3C1F2A90 + number * 7919:08x}-7d3e-4b52-9a6c-{0x51D0F2C4A0 + number * 104729:012x}"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a pipeline of a sample went, in seconds after the release was opened."""

    name: str
    after: Sequence[str] = ()
    began: float | None = None
    ended: float | None = None
    status: PipelineStatus = PipelineStatus.SUCCEEDED
    failure: Failure | None = None
    retries: int = 0
    retried_at: Sequence[float] = ()
    stopped_at: float | None = None
    stop_reason: str | None = None


def by_name(pipelines: Iterable[Pipeline]) -> dict[str, Pipeline]:
    """The pipelines as a release has them."""
    return {each.name: each for each in pipelines}


def pipeline(position: int, ran: Ran) -> Pipeline:
    """The pipeline as in the ledger, with its audit."""
    audit = [line(1, "open-release", "opened", None, "WAITING")]
    execution = execution_id(position) if ran.began is not None else None
    if ran.began is not None:
        claimed = line(ran.began - 0.6, "run-pipeline", "start claimed", "WAITING", "STARTING")
        started = f"started as {execution}"
        audit += [claimed, line(ran.began, "run-pipeline", started, "STARTING", "RUNNING")]
    for number, at in enumerate(ran.retried_at, start=1):
        what = f"retry {number} of {ran.retries} claimed"
        audit.append(line(at, "record-state-change", what, "RUNNING", "RUNNING"))
    if ran.stopped_at is not None:
        what = f"to be stopped: {ran.stop_reason}"
        audit.append(line(ran.stopped_at, "close-release", what, "RUNNING", "RUNNING"))
    if ran.ended is not None:
        what = ran.failure.reason if ran.failure else "ended"
        before = "RUNNING" if ran.began is not None else "WAITING"
        audit.append(line(ran.ended, "record-state-change", what, before, ran.status))
    return Pipeline(
        name=ran.name,
        position=position,
        status=ran.status,
        token_registered_at=BEGIN,
        depends_on=tuple(ran.after),
        retries=ran.retries,
        retried=len(ran.retried_at),
        execution_id=execution,
        started_at=moment_if(ran.began),
        ended_at=moment_if(ran.ended),
        failure=ran.failure,
        stop_requested_at=moment_if(ran.stopped_at),
        stop_reason=ran.stop_reason,
        audit=tuple(audit),
    )


def release(
    release_id: str,
    status: ReleaseStatus,
    rans: Sequence[Ran],
    *,
    closed: float | None,
    why: str | None,
) -> Release:
    """A release that alice submitted through the API, which records her identity."""
    audit = [AuditEntry(at=BEGIN, who=ALICE, what="opened through api", after="RUNNING")]
    if closed is not None:
        audit.append(line(closed, "close-release", why or "", "RUNNING", status))
    return Release(
        release_id=release_id,
        status=status,
        execution_arn=f"{EXECUTION}:9f0c1d52-36ab-4b0e-8a7f-2f1f6c3d9e10",
        opened_at=BEGIN,
        closed_at=moment_if(closed),
        channel="api",
        requester=ALICE,
        why=why,
        pipeline_count=len(rans),
        audit=tuple(audit),
        pipelines=by_name(pipeline(number, ran) for number, ran in enumerate(rans)),
    )


def succeeded(release_id: str, rans: Sequence[Ran], *, closed: float) -> Release:
    """A release whose pipelines have all succeeded."""
    why = f"all {len(rans)} pipelines succeeded"
    return release(release_id, ReleaseStatus.SUCCEEDED, rans, closed=closed, why=why)


def skipped(name: str, at: float, why: str, *, after: Sequence[str]) -> Ran:
    """A pipeline that was skipped at this time for this reason."""
    failure = Failure(message=why)
    return Ran(name=name, after=after, ended=at, status=PipelineStatus.SKIPPED, failure=failure)


def with_revisions(made: Release) -> Release:
    """Add the revisions that ran, the previous good revisions, and a pin of orders."""
    pipelines = (_delivered(each, number) for number, each in enumerate(made.pipelines.values()))
    return replace(made, pipelines=by_name(pipelines))


def _delivered(each: Pipeline, number: int) -> Pipeline:
    commit, older = (
        hashlib.sha256(f"{each.name}{turn}".encode()).hexdigest()[:40] for turn in (1, 2)
    )
    told = {"ProviderType": "GitHub", "CommitMessage": f"Prices in {each.name} are whole cents"}
    ran = Revision(
        artifact="Source",
        revision=commit,
        summary=json.dumps(told),
        action="Source",
        type="COMMIT_ID",
    )
    before = replace(ran, revision=older if number % 2 else commit)
    image = Revision(
        artifact="Image",
        revision=f"sha256:{hashlib.sha256(each.name.encode()).hexdigest()}",
        action="Image",
        type="IMAGE_DIGEST",
    )
    pin = Pin(action="Source", type="COMMIT_ID", revision=commit)
    return replace(
        each,
        revisions=(ran, image) if each.name == "web" else (ran,) if each.status.ended else (),
        source_revisions=(pin,) if each.name == "orders" else (),
        variable_names=("ENVIRONMENT", "DB_PASSWORD") if each.name == "orders" else (),
        previous_good=None
        if each.name == "search"
        else Good(
            release_id="2026.11.15-1",
            execution_id=execution_id(70 + number),
            at=moment(-604_800),
            revisions=(before,),
        ),
    )


def line(seconds: float, who: str, what: str, before: str | None, after: str) -> AuditEntry:
    """An entry of the audit, this many seconds after the release was opened."""
    who = f"release-machine-{who}"
    return AuditEntry(at=moment(seconds), who=who, what=what, before=before, after=after)
