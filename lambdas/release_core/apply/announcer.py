"""Announces what happens to releases at least once: the mark of each comes after its event."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from release_core.aws.event_bus import Bus
from release_core.decide.missing import (
    ASKED,
    ENDED,
    STARTED,
    is_end_missing,
    is_first_failure,
    is_question_missing,
    missing_votes,
)
from release_core.decide.stuck import Stuck
from release_core.domain import announcements as of
from release_core.domain.announcement import Announcement
from release_core.domain.queue import Rival
from release_core.domain.release import Pipeline, Release
from release_core.errors import AnnouncementRefused
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger

# What keeps an announcement from being made now. It is made later: by who settles next, by the
# close, or by the hourly rule.
NOT_ANNOUNCED = (AnnouncementRefused, ClientError, BotoCoreError)


class Announcer(Immutable):
    """Puts the announcements of a ``deployment`` on the bus; each method is safe to repeat.

    The methods raise one of NOT_ANNOUNCED.
    """

    ledger: Ledger
    bus: Bus
    deployment: str

    def start(self, release: Release) -> None:
        """Announce that an attempt was opened, unless it was announced."""
        if STARTED not in release.announcements:
            self.bus.put(of.started(release, deployment=self.deployment))
            self.ledger.headers.note_announcement(release, STARTED)

    def wait(
        self, release: Release, *, now: datetime, rivals: Mapping[str, Rival] | None = None
    ) -> None:
        """Announce what a pending release waits for, unless it was announced.

        ``rivals`` are the releases that come first, by pipeline, if they are known. A release whose
        time has just come, and that waits for no pipelines, is about to be opened.
        """
        if not release.is_held(now) and not release.waits_for:
            return
        kind = of.held_for(release, now)
        if kind not in release.announcements:
            self.bus.put(of.held(release, deployment=self.deployment, now=now, rivals=rivals))
            self.ledger.locks.note_announcement(release.execution_arn, kind)

    def rejection(self, refused: of.Refused) -> None:
        """Announce that a manifest was rejected; the caller notes that on record."""
        self.bus.put(of.rejected(refused, deployment=self.deployment))

    def late_rejection(self, release: Release) -> None:
        """Announce a rejection on record, which names no release if it was recorded long ago."""
        error, _, cause = (release.why or "").partition(": ")
        refused = of.Refused(
            at=release.opened_at,
            execution_arn=release.execution_arn,
            error=error,
            cause=cause,
            release_id=release.requested_id,
            channel=release.channel,
            requester=release.requester,
            source=release.source,
        )
        self.rejection(refused)
        self.ledger.openings.note_rejection(release.execution_arn)

    def question(self, release: Release, node: Pipeline) -> None:
        """Announce that people are asked for an approval, and their answers until now."""
        asked, votes = is_question_missing(node), missing_votes(node)
        if not asked and not votes:
            return
        self.bus.put(
            *([of.approval_requested(release, node, deployment=self.deployment)] if asked else []),
            *(
                of.approval_answered(release, node, vote, deployment=self.deployment)
                for vote in votes
            ),
        )
        made = [*([ASKED] if asked else []), *(vote.voter for vote in votes)]
        self.ledger.notes.note_announcements(release.release_id, node, made)

    def end(self, release: Release, node: Pipeline) -> None:
        """Announce the end of a pipeline or approval; the caller marks it as settled."""
        if ENDED not in node.announcements:
            self.bus.put(*self._of_end(release, node))

    def missing_end(self, release: Release, node: Pipeline) -> None:
        """Announce the end of a pipeline or approval that is not marked as settled."""
        self.bus.put(*self._of_end(release, node))
        self.ledger.notes.note_announcements(release.release_id, node, [ENDED])

    def stuck(self, release: Release, found: Stuck) -> None:
        """Announce that a release is stuck, once for each kind and attempt."""
        mark = f"stuck {found.kind}"
        if mark not in release.announcements:
            self.bus.put(
                of.stuck(
                    release,
                    deployment=self.deployment,
                    kind=found.kind,
                    since=found.since,
                    why=found.why,
                    pipelines=found.pipelines,
                )
            )
            self.ledger.headers.note_announcement(release, mark)

    def close(self, release: Release) -> None:
        """Announce the outcome of a closed release, and what was not announced of its attempt.

        That are ends that no task was there to settle, and the start, if it is missing. ``release``
        has all its nodes. The caller marks it as announced.
        """
        missing = STARTED not in release.announcements
        start = [of.started(release, deployment=self.deployment)] if missing else []
        ends = [
            each
            for node in sorted(release.pipelines.values(), key=lambda node: node.position)
            if is_end_missing(release, node)
            for each in self._of_end(release, node)
        ]
        self.bus.put(*start, *ends, of.outcome(release, deployment=self.deployment))

    def _of_end(self, release: Release, node: Pipeline) -> Iterator[Announcement]:
        for vote in missing_votes(node):
            yield of.approval_answered(release, node, vote, deployment=self.deployment)
        yield of.settled(release, node, deployment=self.deployment)
        if is_first_failure(release, node):
            yield of.failing(release, node, deployment=self.deployment)
