"""The estate: what is live in each pipeline of a deployment, and what its releases do now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from release_core.domain.holds import Freeze
from release_core.domain.release import Pipeline, Release
from release_machine.release.busy import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EstatePipeline:
    """A pipeline: what is live, what a release does with it now, and how it failed last.

    ``live`` is None when nothing is known to be live. ``unread`` is the reason why that could not
    be read. ``release_id`` is the release that holds the pipeline, ``node`` its part in that.
    ``failed`` is the latest closed release in which it did not succeed, if nothing succeeded since.
    """

    name: str
    live: Any | None = None
    unread: str | None = None
    release_id: str | None = None
    node: Pipeline | None = None
    failed: Release | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRelease:
    """A release that is handed in and not opened, and what it waits for."""

    release: Release
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """One look at a deployment.

    ``running`` are the open releases with their pipelines, the oldest first; ``waiting`` those that
    wait to be opened, in their order; ``latest`` the latest closed ones, newest first, without
    pipelines.
    """

    at: datetime
    pipelines: tuple[EstatePipeline, ...] = ()
    running: tuple[Release, ...] = ()
    waiting: tuple[WaitingRelease, ...] = ()
    latest: tuple[Release, ...] = ()
    freezes: tuple[Freeze, ...] = ()
