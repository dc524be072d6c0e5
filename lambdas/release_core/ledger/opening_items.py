"""The items and updates that open a release, its next attempt, or record its rejection."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from release_core.clock import from_iso, to_iso
from release_core.domain.approvals import Approval
from release_core.domain.declarations import Declared, declaration_of
from release_core.domain.dropped import ManifestObject
from release_core.domain.queue import Place
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.immutable import Immutable
from release_core.ledger.audit import Author, shorten
from release_core.ledger.dynamodb import Item, Update
from release_core.ledger.items import (
    LISTING,
    PENDING,
    approval_item,
    dropped_item,
    header_key,
    notes_key,
    pipeline_key,
    place_text,
    plain,
    skippable_item,
)
from release_core.problems import listing

if TYPE_CHECKING:
    from release_core.domain.order import InOrder
    from release_core.manifest.model import Manifest, ManifestApproval, ManifestPipeline

# Race: the record of a closed release expires while the release is resumed or rolled back.
NOT_EXPIRING = "attribute_not_exists(#expiring_since)"
# The attributes of a pipeline's item that belong to one attempt; the next attempt removes them.
PER_ATTEMPT = (
    *(
        "task_token",
        "token_registered_at",
        "waits_since",
        "looks_at",
        "registrations",
        "settled_at",
    ),
    *("starting_at", "start_tried_at", "starting_registration", "started_by", "starters"),
    *("start_again_at", "start_tried_until", "start_refusals", "given_up", "held"),
    *("started_at", "ended_at"),
    *("execution_id", "earlier_executions", "retried", "retry"),
    *("stop_requested_at", "stop_reason", "timed_out", "trouble", "failure", "stage_rollback"),
    *("revisions", "resolved_variables", "unrecorded_bytes", "late_success"),
    *("approvals", "answered", "edited_at", "abandon_planned_at", "skipped_stages"),
    *("asked_at", "votes", "voters", "rejected_by", "announcements"),
)


class Opening(Immutable):
    """A release to open, with its request and its workflow execution, which ``came_at`` this time.

    ``rolls_back`` is the closed release that it rolls back. ``omissions`` has one line for each
    pipeline of that release that is not rolled back, and ``restores`` the execution that each
    pipeline goes back to, if no release started it. ``cause`` is the workflow execution whose
    failure started this rollback, and ``over`` are the executions that it may roll back, too.
    ``declared`` are the declarations with which the manifest was checked. A resume ``overtakes``
    the automatic rollback of its release, which then has nothing to do. ``dropped`` is the object
    that the manifest is, if it came through the bucket. ``derived_title`` stands for a title that
    the manifest of a rollback does not have.
    """

    manifest: "Manifest"
    execution_arn: str
    came_at: datetime
    channel: str
    requester: str | None
    source: str | None
    rolls_back: Release | None = None
    omissions: tuple[str, ...] = ()
    restores: Mapping[str, str] = field(default_factory=dict)
    cause: str | None = None
    over: tuple[str, ...] = ()
    declared: Declared = field(default_factory=dict)
    overtakes: str | None = None
    dropped: ManifestObject | None = None
    derived_title: str | None = None

    @property
    def place(self) -> Place:
        """Its place in the queues of its pipelines.

        A release that is held without its places comes when its time comes. The place depends only
        on the request, so every try has the same.
        """
        start, since = self.manifest.not_before, self.came_at
        if start and not self.manifest.hold_locks:
            since = max(since, start)
        return Place(
            since=from_iso(to_iso(since)),  # to the millisecond, as it is read back
            execution_arn=self.execution_arn,
            release_id=self.manifest.release_id,
        )

    def is_held(self, now: datetime) -> bool:
        """Whether its time has not come yet."""
        return self.manifest.not_before is not None and now < self.manifest.not_before

    def audit(self, author: Author, what: str, *, before: str | None) -> Item:
        """An entry of the release's audit, by the requester if known."""
        return author.audit(what, before=before, after=ReleaseStatus.RUNNING, who=self.requester)


def new_header(opening: Opening, author: Author) -> Item:
    """The header of a new release."""
    manifest = opening.manifest
    return {
        **header_key(manifest.release_id),
        "listing": LISTING,
        "status": ReleaseStatus.RUNNING.value,
        "manifest_sha256": manifest.sha256,
        "channel": opening.channel,
        "requester": opening.requester,
        "requesters": [opening.requester] if opening.requester else None,
        "source": opening.source,
        "dropped": dropped_item(opening.dropped) if opening.dropped else None,
        "execution_arn": opening.execution_arn,
        **_names(opening),
        "attempt": 1,
        "pipeline_count": len(manifest.pipelines),
        "on_failure": manifest.on_failure,
        "on_skipped": manifest.on_skipped,
        "max_concurrency": manifest.max_concurrency,
        "not_before": to_iso(manifest.not_before) if manifest.not_before else None,
        "deadline": to_iso(manifest.deadline) if manifest.deadline else None,
        "abandons": manifest.stop_mode == "abandon",
        "ordered": any(node.depends_on for node in manifest.nodes),
        "rollback_of": manifest.rollback_of,
        "restores": dict(opening.restores) or None,
        "opened_at": author.now(),
        "audit": [opening.audit(author, f"opened through {opening.channel}", before=None)],
    }


def pending_entry(opening: Opening) -> Item:
    """What the item of a workflow execution says while its release waits to be opened."""
    start = opening.manifest.not_before
    return {
        "listing": PENDING,
        "opened_at": to_iso(opening.came_at),
        "place": place_text(opening.place),
        "not_before": to_iso(start) if start else None,
        "pipeline_count": len(opening.manifest.pipelines),
        "channel": opening.channel,
        "requester": opening.requester,
        **_names(opening),
        "notes": opening.manifest.notes,
    }


def new_notes(manifest: "Manifest") -> list[Item]:
    """The item of the notes of a new release, if it has any."""
    return [{**notes_key(manifest.release_id), "notes": manifest.notes}] if manifest.notes else []


def _names(opening: Opening) -> Item:
    """What a release is called."""
    manifest = opening.manifest
    return {"title": manifest.title or opening.derived_title, "kind": manifest.kind}


def rejected_header(execution_arn: str, why: str, author: Author) -> Item:
    """The header of a rejected manifest; its key is the ARN of the workflow execution."""
    rejected = ReleaseStatus.REJECTED
    return {
        **header_key(execution_arn),
        "listing": LISTING,
        "status": rejected.value,
        "execution_arn": execution_arn,
        "opened_at": author.now(),
        "closed_at": author.now(),
        "why": why,
        "audit": [author.audit(why, before=None, after=rejected)],
    }


def reopened_header(opening: Opening, release: Release, author: Author) -> Update:
    """The update that opens the next attempt of a closed release."""
    start, deadline = opening.manifest.not_before, opening.manifest.deadline
    # Race: a rollback of the release is opened first. What had succeeded is no longer live.
    not_rolled_back = "attribute_not_exists(#rolled_back_by)"
    # Race: two resumes of the release. Only one finds the attempt that it read.
    as_seen = "#status = :seen AND #attempt = :seen_attempt"
    return Update(
        put={
            "status": ReleaseStatus.RUNNING.value,
            "attempt": release.attempt + 1,
            "execution_arn": opening.execution_arn,
            "resumed_at": author.now(),
            # A retry without an object leaves that of the attempt before.
            **({"dropped": dropped_item(opening.dropped)} if opening.dropped else {}),
            "not_before": to_iso(start) if start else None,
            "deadline": to_iso(deadline) if deadline else None,
        },
        append={
            "audit": opening.audit(author, "resumed", before=release.status),
            **({"requesters": opening.requester} if opening.requester else {}),
            "attempts": {
                "attempt": release.attempt,
                "execution_arn": release.execution_arn,
                "status": release.status.value,
                "why": shorten(release.why) if release.why else None,
            },
        },
        remove=[
            *("closed_at", "why", "announced_at", "halted_by", "in_flight", "rolls_back_as"),
            *("failing_by", "failing_at", "announcements"),
            "override",  # the next attempt may come long after what was overridden
            *(() if start else ("not_before",)),
            *(() if deadline else ("deadline",)),
        ],
        condition=f"{as_seen} AND {not_rolled_back} AND {NOT_EXPIRING}",
        values={"seen": release.status.value, "seen_attempt": release.attempt},
    )


def rolled_back_header(opening: Opening, release: Release, author: Author) -> Update:
    """The update that links the header of a release with its rollback."""
    what = f"rolled back by release {opening.manifest.release_id}"
    if opening.omissions:
        what = listing(f"{what}. Not rolled back", opening.omissions)
    # Race: a resume and a rollback of the release. Only one finds the attempt that it read.
    as_seen = "#status = :seen AND #attempt = :seen_attempt"
    # Race: two rollbacks of the release. Only one finds the rollback that it read, or none.
    same_rollback = (
        "#rolled_back_by = :seen_rollback"
        if release.rolled_back_by
        else "attribute_not_exists(#rolled_back_by)"
    )
    return Update(
        put={"rolled_back_by": opening.manifest.release_id},
        append={
            "audit": author.audit(
                what, before=release.status, after=release.status, who=opening.requester
            )
        },
        condition=f"{as_seen} AND {same_rollback} AND {NOT_EXPIRING}",
        values={
            "seen": release.status.value,
            "seen_attempt": release.attempt,
            **({"seen_rollback": release.rolled_back_by} if release.rolled_back_by else {}),
        },
    )


def new_pipelines(
    opening: Opening, *, previous: Mapping[str, Item], author: Author
) -> Iterator[Item]:
    """The items of all pipelines and approvals, in the order of the manifest.

    ``previous`` is the ``last_good`` of each pipeline, by its name.
    """
    manifest = opening.manifest
    places = {node.name: str(position) for position, node in enumerate(manifest.nodes)}
    dependents = dependents_of(manifest.nodes)
    settings = {each.name: _settings(opening, each, previous) for each in manifest.pipelines}
    settings |= {each.name: _asks(each) for each in manifest.approvals}
    for position, node in enumerate(manifest.nodes):
        waiting = PipelineStatus.WAITING
        yield {
            **pipeline_key(manifest.release_id, node.name),
            "pipeline": node.name,
            "status": waiting.value,
            "depends_on": list(node.depends_on),
            "position": position,
            "dependents": dependents.get(node.name, []),
            "blocked_by": {places[name] for name in node.depends_on if name in places} or None,
            "attempt": 1,
            "audit": [author.audit("opened", before=None, after=waiting)],
            **settings[node.name],
        }


def dependents_of(pipelines: "Iterable[InOrder]") -> dict[str, list[str]]:
    """The pipelines that depend directly on each pipeline, in their order."""
    dependents: dict[str, list[str]] = {}
    for pipeline in pipelines:
        for name in pipeline.depends_on:
            dependents.setdefault(name, []).append(pipeline.name)
    return dependents


def _asks(asked: "ManifestApproval") -> Item:
    approval = Approval(
        question=asked.question,
        min_approvals=asked.min_approvals,
        four_eyes=asked.four_eyes,
        expires_after=asked.expires_after,
    )
    return {"approval": approval_item(approval)}


def _settings(opening: Opening, pipeline: "ManifestPipeline", previous: Mapping[str, Item]) -> Item:
    declaration = declaration_of(opening.declared, pipeline.name)
    return {
        "retries": pipeline.retries,
        "timeout_minutes": pipeline.timeout_minutes,
        "variables": pipeline.variables,
        "source_revisions": [plain(pin) for pin in pipeline.pins],
        "previous_good": previous.get(pipeline.name),
        "skippable": skippable_item(declaration.skippable) if declaration else None,
    }


def renewed_pipeline(
    release: Release,
    pipeline: Pipeline,
    *,
    dependents: Sequence[str],
    blocked_by: Collection[str],
    previous: Mapping[str, Item],
    author: Author,
) -> Update:
    """The update that makes a pipeline wait again; its earlier attempt is kept in ``attempts``.

    ``blocked_by`` are the positions of the nodes that it waits for. ``previous`` is as for
    ``new_pipelines``.
    """
    good = previous.get(pipeline.name)
    # A rollback never restores what this release itself shipped: the earlier previous_good stays.
    if good and good["release_id"] == release.release_id:
        good = None
    history = {
        "attempt": pipeline.attempt,
        "status": pipeline.status.value,
        # A pipeline that could not be started over has run nevertheless.
        "execution_id": pipeline.execution_id or next(reversed(pipeline.earlier_executions), None),
        "starting_at": to_iso(pipeline.starting_at) if pipeline.starting_at else None,
        "failure": plain(pipeline.failure) if pipeline.failure else None,
    }
    # Race: a retry of the same resume. A pipeline is renewed once.
    same_attempt = "#attempt = :seen"
    waiting = PipelineStatus.WAITING
    return Update(
        put={
            "status": waiting.value,
            "attempt": release.attempt,
            "previous_good": good,
            # A release that an earlier version opened has no dependents on record.
            "dependents": dependents,
            "depends_on": list(pipeline.depends_on),
            "blocked_by": {*blocked_by} or None,
        },
        append={
            "attempts": history,
            "audit": author.audit(
                f"resumed as attempt {release.attempt}", before=pipeline.status, after=waiting
            ),
        },
        remove=PER_ATTEMPT if blocked_by else (*PER_ATTEMPT, "blocked_by"),
        condition=same_attempt,
        values={"seen": pipeline.attempt},
    )
