"""The items of a release that is opened first, or refused, and what it leaves in another one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from release_core.clock import to_iso
from release_core.dynamodb import Update
from release_core.items import HEADER, Item, audit_entry, node_key, plain
from release_core.model import PipelineStatus, Release, ReleaseStatus
from release_core.problems import listing

if TYPE_CHECKING:
    from release_core.manifest import Manifest
    from release_core.opening_ledger import Opening

LISTING = "release"  # the one partition of the index that lists releases by time


def new_header(opening: "Opening", *, at: str, audit: Item) -> Item:
    """The header of a release that is opened at a time."""
    manifest = opening.manifest
    return {
        "release_id": manifest.release_id,
        "item": HEADER,
        "listing": LISTING,
        "status": ReleaseStatus.RUNNING.value,
        "manifest_sha256": manifest.sha256,
        "channel": opening.channel,
        "requester": opening.requester,
        "source": opening.source,
        "execution_arn": opening.execution_arn,
        "attempt": 1,
        "pipeline_count": len(manifest.pipelines),
        "on_failure": manifest.on_failure,
        "max_concurrency": manifest.max_concurrency,
        "deadline": to_iso(manifest.deadline) if manifest.deadline else None,
        "abandons": manifest.stop_mode == "abandon",
        "ordered": any(pipeline.depends_on for pipeline in manifest.pipelines),
        "rollback_of": manifest.rollback_of,
        "opened_at": at,
        "audit": [audit],
    }


def rejected_header(execution_arn: str, why: str, *, at: str, who: str) -> Item:
    """The header of what never became a release, under the execution that brought it."""
    rejected = ReleaseStatus.REJECTED
    return {
        "release_id": execution_arn,
        "item": HEADER,
        "listing": LISTING,
        "status": rejected.value,
        "execution_arn": execution_arn,
        "opened_at": at,
        "closed_at": at,
        "why": why,
        "audit": [audit_entry(at=at, who=who, what=why, before=None, after=rejected)],
    }


def rolled_back_header(opening: "Opening", release: Release, *, at: str, who: str) -> Update:
    """What a rollback leaves in the header of the release that it rolls back."""
    rollback_id = opening.manifest.release_id
    what = f"rolled back by release {rollback_id}"
    audit = audit_entry(
        at=at,
        who=opening.requester or who,
        what=listing(f"{what}. Not rolled back", opening.omissions) if opening.omissions else what,
        before=release.status,
        after=release.status,
    )
    return Update(
        put={"rolled_back_by": rollback_id},
        append={"audit": audit},
        # A resume and a rollback at the same instant: one finds what it saw.
        condition="#status = :seen AND #attempt = :seen_attempt",
        values={"seen": release.status.value, "seen_attempt": release.attempt},
    )


def new_node(
    manifest: "Manifest", position: int, *, previous: Mapping[str, Item], at: str, who: str
) -> Item:
    """The item of the pipeline at a position of the manifest; ``previous`` is by pipeline."""
    pipeline = manifest.pipelines[position]
    waiting = PipelineStatus.WAITING
    return {
        **node_key(manifest.release_id, pipeline.name),
        "pipeline": pipeline.name,
        "position": position,
        "status": waiting.value,
        "depends_on": list(pipeline.depends_on),
        "retries": pipeline.retries,
        "timeout_minutes": pipeline.timeout_minutes,
        "variables": pipeline.variables,
        "source_revisions": [plain(pin) for pin in pipeline.pins],
        "previous_good": previous.get(pipeline.name),
        "attempt": 1,
        "audit": [audit_entry(at=at, who=who, what="opened", before=None, after=waiting)],
    }
