"""Whether a release hangs: how long it has waited without a look, and whether it is late."""

from datetime import datetime

from release_core.decide.timing import OVERRUN
from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.immutable import Immutable


class OpenWait(Immutable):
    """A wait of a release that runs; without a ``pipeline``, the release waits for its close."""

    release_id: str
    pipeline: str | None
    since: datetime


def open_wait(release: Release, now: datetime) -> OpenWait | None:
    """The oldest wait of a release, or None for a release that is closed, held or in a queue.

    A task waits since it last registered its token, which it does again at each look. A pipeline or
    approval without a task waits since the attempt began. A release whose time has come and that is
    not opened waits since then. The ledger does not record when a release in a queue last looked.
    """
    if release.status is not ReleaseStatus.RUNNING:
        return None
    if release.pending:
        begins = release.not_before
        if begins is None or begins > now or release.waits_for:
            return None
        return OpenWait(
            release_id=release.release_id, pipeline=None, since=max(begins, release.opened_at)
        )
    since = {name: _last_look(release, each) for name, each in release.pipelines.items()}
    unsettled = [
        name
        for name, each in release.pipelines.items()
        if not each.status.ended or release.renews(each)
    ]
    if unsettled:
        oldest = min(unsettled, key=since.__getitem__)
        return OpenWait(release_id=release.release_id, pipeline=oldest, since=since[oldest])
    latest = max(since.values(), default=release.began_at)
    return OpenWait(release_id=release.release_id, pipeline=None, since=latest)


def is_past_deadline(release: Release, now: datetime) -> bool:
    """Whether a release still runs although its deadline has passed for longer than OVERRUN."""
    if release.status is not ReleaseStatus.RUNNING or release.deadline is None:
        return False
    return now - release.deadline > OVERRUN


def _last_look(release: Release, pipeline: Pipeline) -> datetime:
    # The task of an earlier attempt says nothing of this one.
    return max(release.began_at, pipeline.token_registered_at or release.began_at)
