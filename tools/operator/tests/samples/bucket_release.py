"""A release with sources in S3, submitted through S3, of which AWS tells little."""

from dataclasses import replace

from release_core.domain.history import AuditEntry
from release_core.domain.release import Failure, PipelineStatus, ReleaseStatus
from release_core.domain.revisions import Good, Pin, Revision
from release_machine.release.model import Snapshot
from tools.operator.tests.samples.made_release import (
    BEGIN,
    Ran,
    by_name,
    execution_id,
    moment,
    release,
)

# S3 reports only the account that put an object.
ACCOUNT = "123456789012"
VERSION, OLDER = "3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY", "Q2x1c3RlcnNBcmVGdW5Ub0RlYnVnIQ7a"
KEY = "builds/docs-of-autumn.zip"


def version(revision: str, *, artifact: str, action: str | None = None) -> Revision:
    """A version of an object; without an action as recorded for a failed run."""
    return Revision(
        artifact=artifact,
        revision=revision,
        summary=f"Amazon S3 version id: {revision}",
        action=action,
        type="S3_OBJECT_VERSION_ID" if action else None,
    )


def from_buckets() -> Snapshot:
    """The site failed; the docs took another object than their action declares."""
    dead = Failure(
        stage="Check", action="Links", code="JobFailed", message="a link is dead: /prices"
    )
    rans = [
        Ran(name="site", began=2, ended=41, status=PipelineStatus.FAILED, failure=dead),
        Ran(name="docs", began=2, ended=63),
    ]
    why = f"1 of 2 pipelines did not succeed:\n- site FAILED: {dead.place}: {dead.reason}"
    made = release("2026.11.22-6", ReleaseStatus.FAILED, rans, closed=64, why=why)
    site, docs = made.pipelines.values()
    good = Good(release_id="2026.11.15-1", execution_id=execution_id(70), at=moment(-604_800))
    key = Revision(artifact="Docs", revision=KEY, action="Docs", type="S3_OBJECT_KEY")
    site = replace(
        site,
        revisions=(version(VERSION, artifact="site"),),
        previous_good=replace(good, revisions=(version(OLDER, artifact="site", action="Source"),)),
    )
    docs = replace(
        docs,
        revisions=(version(VERSION, artifact="Docs", action="Docs"), key),
        source_revisions=(Pin(action="Docs", type="S3_OBJECT_KEY", revision=KEY),),
        previous_good=replace(good, revisions=(version(OLDER, artifact="Docs", action="Docs"),)),
    )
    return Snapshot(
        at=moment(90),
        release=replace(
            made,
            channel="s3",
            requester=ACCOUNT,
            halted_by="site",
            pipelines=by_name((site, docs)),
            audit=(
                AuditEntry(at=BEGIN, who=ACCOUNT, what="opened through s3", after="RUNNING"),
                *made.audit[1:],
            ),
        ),
    )
