"""One look at a release: the ledger, CodePipeline and the workflow execution in a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from release_core.domain.release import Pipeline, Release
from release_machine.deployment.aws_problems import explained
from release_machine.errors import UsageError
from release_machine.follow.past_runs import PastRuns
from release_machine.release.activity import ActivityInTurns
from release_machine.release.estimating import Past, estimate
from release_machine.release.failure_links import with_links
from release_machine.release.model import Activity, Snapshot
from release_machine.release.situation import with_ways_out

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from release_machine.deployment.session import Session

# close_release gets its event after the execution has ended, and may need retries for minutes.
TIME_TO_CLOSE = timedelta(minutes=5)


def observer_of(
    session: Session, release_id: str, *, past: PastRuns, clock: Callable[[], datetime]
) -> ReleaseObserver:
    """The observer of a release in the deployment of a session, which reads what runs in turns."""
    return ReleaseObserver(
        release_id,
        release=session.ledger.get_release,
        activity=ActivityInTurns(session.activity).get_all,
        past=past.of,
        sfn=session.sfn,
        clock=clock,
        console_region=session.console_region,
    )


class ReleaseObserver:
    """Looks at one release, and detects that it was left open after its execution ended.

    ``release`` reads the release by its id, ``activity`` what running pipelines do, ``past`` the
    durations of earlier runs. ``seen`` is the release at the latest look, None before the first.
    """

    def __init__(
        self,
        release_id: str,
        *,
        release: Callable[[str], Release | None],
        activity: Callable[[Iterable[Pipeline]], dict[str, Activity]],
        past: Callable[[Iterable[str]], Past],
        sfn: SFNClient,
        clock: Callable[[], datetime],
        console_region: str | None,
    ) -> None:
        self.seen: Release | None = None
        self._release_id = release_id
        self._release = release
        self._activity = activity
        self._past = past
        self._sfn = sfn
        self._clock = clock
        self._console_region = console_region

    def look(self) -> Snapshot:
        """Read everything once.

        Raises UnreachableError, and UsageError for an unknown release.
        """
        with explained():
            execution_status, ended_at = None, None
            release = self._release(self._release_id)
            if release is None:
                raise unknown_release(self._release_id)
            release = with_links(release, region=self._console_region)
            doing = self._activity(release.pipelines.values())
            activity = with_ways_out(release, doing)
            if not release.closed:
                execution = self._sfn.describe_execution(executionArn=release.execution_arn)
                execution_status, ended_at = execution["status"], execution.get("stopDate")
        at = self._clock()
        is_left_open = ended_at is not None and at > ended_at + TIME_TO_CLOSE
        past = self._past(release.of_codepipeline)
        estimated = estimate(release, past, activity=activity, at=at)
        self.seen = release
        return Snapshot(
            at=at,
            release=release,
            activity=activity,
            estimate=estimated,
            left_open=execution_status if is_left_open else None,
        )


def unknown_release(release_id: str) -> UsageError:
    """The error for a release that the ledger does not have."""
    return UsageError(
        f"There is no release {release_id} in the ledger.",
        "List the latest releases with: release-machine list",
    )
