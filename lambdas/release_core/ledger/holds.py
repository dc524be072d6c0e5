"""Writes that hold a pipeline of a release, so that it is not started for a while."""

from dataclasses import replace
from typing import TYPE_CHECKING

from release_core.domain.holds import Hold, HoldKind
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Table, Update, write_together
from release_core.ledger.hold_items import held_as_seen, hold_item
from release_core.ledger.items import header_key, pipeline_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# What is on record of a start that was claimed, or put off.
_CLAIM = (
    *("starting_at", "start_tried_at", "starting_registration", "started_by"),
    *("start_again_at", "start_tried_until", "start_refusals", "trouble"),
)


class Holds:
    """Records why pipelines are held; each write is safe to repeat."""

    def __init__(self, client: "DynamoDBClient", releases: Table, author: Author) -> None:
        self._client = client
        self._releases = releases
        self._author = author

    def hold(self, release: Release, pipeline: Pipeline, hold: Hold) -> bool:
        """Record why the pipeline is held; a start that was claimed and did not take place ends.

        The pipeline waits then, and has no slot. Returns whether it had one. A pipeline that has
        changed since it was read does not change.
        """
        # Race: the pipeline is started, or the release is resumed, since it was read.
        as_seen = "#status = :seen AND #attempt = :attempt"
        # Race: another function takes the claim over, and may start the pipeline now.
        same_claim = (
            "#started_by = :starter AND #starting_registration = :claimed"
            if pipeline.started_by
            else "attribute_not_exists(#started_by)"
        )
        key = pipeline_key(release.release_id, pipeline.name)
        change = _same(pipeline) if hold == pipeline.held else self._new(pipeline, hold)
        update = replace(
            change,
            remove=_CLAIM if pipeline.started_by else (),
            condition=f"{as_seen} AND {same_claim} AND ({change.condition})",
            values={
                **change.values,
                "seen": pipeline.status.value,
                "attempt": pipeline.attempt,
                **(
                    {"starter": pipeline.started_by, "claimed": pipeline.starting_registration}
                    if pipeline.started_by
                    else {}
                ),
            },
        )
        if pipeline.name in release.in_flight:
            return self._free_slot_too(release, pipeline, self._releases.update_action(key, update))
        self._releases.update(key, update)
        return False

    def _new(self, pipeline: Pipeline, hold: Hold) -> Update:
        waiting = PipelineStatus.WAITING
        entry = self._author.audit(str(hold), before=pipeline.status, after=waiting)
        # Race: two functions see the same freeze. The audit has one entry for it.
        is_new = "attribute_not_exists(#held) OR #held <> :held"
        return Update(
            put={"status": waiting.value, "held": hold_item(hold)},
            append={} if _is_known(hold, pipeline.held) else {"audit": entry},
            condition=is_new,
        )

    def _free_slot_too(self, release: Release, pipeline: Pipeline, held: object) -> bool:
        # Race: the pipeline is started again while its slot is freed. Both are one write, and a
        # start is claimed only if nothing else holds the pipeline since. So a pipeline that starts
        # has a slot.
        same_attempt = "#attempt = :attempt"
        freed = Update(
            subtract={"in_flight": pipeline.name},
            condition=same_attempt,
            values={"attempt": release.attempt},
        )
        header = self._releases.update_action(header_key(release.release_id), freed)
        return write_together(self._client, [header, held]) is None


def _same(pipeline: Pipeline) -> Update:
    """What is written of a hold that is on record: only its slot is freed."""
    condition, values = held_as_seen(pipeline)
    return Update(put={"status": PipelineStatus.WAITING.value}, condition=condition, values=values)


def _is_known(hold: Hold, before: Hold | None) -> bool:
    """Whether the audit has the hold, but for its end.

    A calendar that cannot be read is asked every few minutes, and an audit has no room for that.
    """
    if before is None or hold.kind is not HoldKind.CALENDAR:
        return False
    known = {**hold_item(before), "until": None}
    return {**hold_item(hold), "until": None} == known
