"""One look at a release: what its pipelines do, how long it still takes, and what is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from release_core.domain.release import Release

# What an execution waits for at a manual approval of CodePipeline.
MANUAL_APPROVAL = "manual approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a running pipeline does now, and what it waits for if it cannot continue by itself.

    ``way_out`` is the command that lets the pipeline continue, or that stops it at once if
    ``ends``; ``way_to_reject`` rejects an approval instead. ``message`` is the question of an
    approval, ``since`` the time when it was asked, or when the check of a condition began, and
    ``notes`` say more about what it waits for. ``edited`` means that the pipeline was edited while
    the execution ran, which may end it or leave it in progress for ever. Of a stage condition that
    is checked, ``condition`` is its kind, where it is known, ``rules`` are the rules in progress,
    and ``opens_at`` is when its deployment window opens.
    """

    stage: str | None = None
    action: str | None = None
    waits_for: str | None = None
    since: datetime | None = None
    message: str | None = None
    notes: tuple[str, ...] = ()
    way_out: str | None = None
    way_to_reject: str | None = None
    ends: bool = False
    edited: bool = False
    link: str | None = None
    condition: str | None = None
    rules: tuple[str, ...] = ()
    opens_at: datetime | None = None

    @property
    def place(self) -> str:
        """Stage and action, as far as they are known."""
        return " → ".join(part for part in (self.stage, self.action) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The usual duration of each pipeline, and the time left for the release, where known.

    ``unknown`` is the reason why the time left is not known.
    """

    usual: Mapping[str, timedelta] = field(default_factory=dict)
    left: timedelta | None = None
    unknown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a release, with the activity of each running pipeline by name.

    ``left_open`` is how the workflow execution ended, if some time later the ledger has no outcome.
    """

    at: datetime
    release: Release
    activity: Mapping[str, Activity] = field(default_factory=dict)
    estimate: Estimate = Estimate()
    left_open: str | None = None
