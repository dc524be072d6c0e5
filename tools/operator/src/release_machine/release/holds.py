"""What holds pipelines that could be started, in words."""

import shlex
from collections.abc import Iterable
from datetime import datetime

from release_core.domain.holds import Freeze, Hold, HoldKind
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.approvals import signer
from release_machine.text.wording import clock_time

TO_START_NOW = "to start it now (needs the permission to override)"


def frozen(freezes: Iterable[Freeze], *, now: datetime) -> list[Freeze]:
    """The freezes that have not ended."""
    return [each for each in freezes if now < each.until]


def hold_of(release: Release, pipeline: Pipeline) -> Hold | None:
    """What holds a pipeline, if anything does."""
    waits = pipeline.status is PipelineStatus.WAITING and not release.closed
    return pipeline.held if waits else None


def held_words(hold: Hold) -> str:
    """Why a pipeline is held, in the words of a person first, until when and by whom."""
    until = clock_time(hold.until)
    match hold.kind:
        case HoldKind.FREEZE:
            by = f" by {signer(hold.by)}" if hold.by else ""
            return f"{hold.why} (frozen until {until}{by})"
        case HoldKind.CALENDAR:
            return f"held until {until} by calendar {hold.scope}: {hold.why}"
        case HoldKind.TURN:
            return f"was held, starts in its turn at {until}"


def override_command(release: Release) -> str | None:
    """The command that starts what is held, if something is and may be overridden."""
    if release.never_held or not holds_of(release):
        return None
    return f"release-machine override {shlex.quote(release.release_id)} --reason TEXT"


def starts_by_itself(release: Release) -> str:
    """When what is held starts without an override."""
    ends = sorted({clock_time(each.until) for each in holds_of(release)})
    return f"what is held starts by itself at {ends[0]}" + (" or later" if ends[1:] else "")


def holds_of(release: Release) -> list[Hold]:
    """What holds pipelines, without those that are started in their turn."""
    holds = (hold_of(release, each) for each in release.pipelines.values())
    return [each for each in holds if each and each.kind is not HoldKind.TURN]


def overridden(release: Release) -> str | None:
    """Who overrides freezes and calendars for a release, and why."""
    given = release.override
    return f"by {signer(given.by)}: {given.reason}" if given else None
