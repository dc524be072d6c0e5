"""A deployment: one run of a pipeline in a release, as the metrics count it. Plain values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from release_core.domain.release import ReleaseKind


class CommitSource(StrEnum):
    """Where the time of a commit comes from."""

    COMMIT = "commit"
    S3 = "s3-last-modified"


@dataclass(frozen=True, kw_only=True)
class CommitTime:
    """When the revision was made that a deployment newly shipped, and where that is known from.

    That is the last commit of its source, and not the first one since the deployment before. Of
    several sources it is the oldest revision.
    """

    at: datetime
    source: CommitSource


class Outcome(StrEnum):
    """What a run of a pipeline did to production."""

    LIVE = "live"  # it succeeded: what it shipped is live
    FAILED = "failed"  # it did not succeed after it had begun to change something
    HARMLESS = "harmless"  # it did not succeed before that, such as in a build
    UNKNOWN = "unknown"  # it did not succeed, and CodePipeline does not say how far it came


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One run of a pipeline in a release that has ended.

    ``rolls_back`` is the release that its release rolls back. ``commit`` is None where no source
    tells a time. ``is_change`` is False if it shipped the revisions that were live before.
    """

    pipeline: str
    release_id: str
    ended_at: datetime
    outcome: Outcome
    kind: ReleaseKind = ReleaseKind.STANDARD
    rolls_back: str | None = None
    commit: CommitTime | None = None
    is_change: bool = True

    @property
    def counts(self) -> bool:
        """Whether it counts as a deployment: it changed production, and is no rollback."""
        return self.rolls_back is None and self.outcome in {Outcome.LIVE, Outcome.FAILED}

    @property
    def lead_time(self) -> timedelta | None:
        """From its commit to production, if both are known.

        A commit that is later than its deployment has a wrong time.
        """
        if self.outcome is not Outcome.LIVE or not self.is_change or self.commit is None:
            return None
        took = self.ended_at - self.commit.at
        return took if took >= timedelta() else None


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time that is looked at: from ``since`` up to, not including, ``until``."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.until - self.since

    @property
    def days(self) -> float:
        """Its length in days."""
        return self.length / timedelta(days=1)

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    def weeks(self) -> Iterator["Window"]:
        """Its weeks, each from Monday in UTC; the first and the last may be a part of a week."""
        begin = self.since.astimezone(UTC)
        while begin < self.until:
            midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
            monday = midnight + timedelta(days=7 - midnight.weekday())
            end = min(monday, self.until)
            yield Window(since=begin, until=end)
            begin = end


class Cause(StrEnum):
    """Why a deployment counts as failed."""

    NOT_SUCCEEDED = "not-succeeded"
    ROLLED_BACK = "rolled-back"
    HOTFIX = "hotfix"  # the next deployment of the pipeline is a hotfix


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A deployment that counts, why it failed if it did, and how long until that was repaired."""

    deployment: Deployment
    cause: Cause | None = None
    repaired_after: timedelta | None = None


def judged(runs: Sequence[Deployment]) -> list[Judged]:
    """The deployments of one pipeline that count, in the order of time, each judged by the rest."""
    chain = sorted(runs, key=lambda each: each.ended_at)
    later = _Later()
    found: list[Judged] = []
    # The latest first: what is later is then known of each, and no run is looked at twice.
    for each in reversed(chain):
        if each.counts:
            found.append(later.judge(each))
        later.add(each)
    return found[::-1]


class _Later:
    """What is known of the runs that are later than the next one to judge.

    Of some later run, a repair is the first run that went live from then on; None if none did.
    """

    def __init__(self) -> None:
        self._repair: Deployment | None = None
        self._following: Deployment | None = None  # the next that counts
        self._repair_by_following: Deployment | None = None
        self._repair_by_rollback: dict[str, Deployment | None] = {}

    def add(self, run: Deployment) -> None:
        """Add a run that is earlier than those that were added."""
        if run.outcome is Outcome.LIVE:
            self._repair = run
        if run.counts:
            self._following, self._repair_by_following = run, self._repair
        if run.rolls_back is not None:
            self._repair_by_rollback[run.rolls_back] = self._repair

    def judge(self, run: Deployment) -> Judged:
        """Why a run that is earlier than all failed, if it did, and how long until the repair."""
        cause, repair = self._trouble(run)
        return Judged(
            deployment=run,
            cause=cause,
            repaired_after=repair.ended_at - run.ended_at if repair else None,
        )

    def _trouble(self, run: Deployment) -> tuple[Cause | None, Deployment | None]:
        if run.outcome is Outcome.FAILED:
            return Cause.NOT_SUCCEEDED, self._repair
        if run.release_id in self._repair_by_rollback:
            return Cause.ROLLED_BACK, self._repair_by_rollback[run.release_id]
        if self._following is not None and self._following.kind is ReleaseKind.HOTFIX:
            return Cause.HOTFIX, self._repair_by_following
        return None, None
