"""Whether an open release is stuck, so that a person must look: pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from release_core.clock import to_iso
from release_core.decide.hangs import OpenWait, is_past_deadline, open_wait
from release_core.decide.timing import STUCK_AFTER
from release_core.domain.announcements import DEADLINE, WAIT
from release_core.domain.release import Release
from release_core.immutable import Immutable


class Stuck(Immutable):
    """Why a release counts as stuck: ``kind`` is DEADLINE or WAIT, ``since`` when it is late.

    ``pipelines`` are the pipelines and approvals that it waits for.
    """

    kind: str
    since: datetime
    why: str
    pipelines: tuple[str, ...] = ()


def stuck(release: Release, now: datetime) -> Iterator[Stuck]:
    """Why the release is stuck; nothing for one that goes on as it should."""
    if release.deadline and is_past_deadline(release, now):
        yield Stuck(
            kind=DEADLINE,
            since=release.deadline,
            why=f"it still runs, and its deadline has passed at {to_iso(release.deadline)}",
            pipelines=tuple(
                each.name for each in release.pipelines.values() if not each.status.ended
            ),
        )
    wait = open_wait(release, now)
    if wait and now - wait.since > _patience(release, wait):
        stands = f"{wait.pipeline} has not been checked" if wait.pipeline else "it has not gone on"
        yield Stuck(
            kind=WAIT,
            since=wait.since,
            why=f"{stands} since {to_iso(wait.since)}",
            pipelines=(wait.pipeline,) if wait.pipeline else (),
        )


def _patience(release: Release, wait: OpenWait) -> timedelta:
    """How long a wait may last: twice as long as its task planned to wait, and at least so long."""
    node = release.pipelines.get(wait.pipeline or "")
    if node is None or node.looks_at is None or node.token_registered_at is None:
        return STUCK_AFTER
    return max(STUCK_AFTER, 2 * (node.looks_at - node.token_registered_at))
