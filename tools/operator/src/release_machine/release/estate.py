"""The estate: what is live in each pipeline of a deployment, and what its releases do now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from release_core.domain.holds import Freeze
from release_core.domain.queue import Place
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release
from release_machine.release.busy import Reason

if TYPE_CHECKING:
    from release_core.domain.live import Live


class Standing(StrEnum):
    """How a pipeline stands now; several can be true at the same time."""

    RUNNING = "running"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRun:
    """An execution that runs and that the release which holds the pipeline did not start.

    ``release_id`` is None if no release started it. ``by`` is the user, rule or webhook that did,
    whose kind is the ``trigger``.
    """

    execution_id: str
    since: datetime
    release_id: str | None = None
    stops: bool = False
    by: str | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBy:
    """What keeps a pipeline from being started for a while.

    ``kind`` is ``freeze``, ``calendar``, ``turn`` or ``notBefore``. ``release_id`` is the release
    that is held; a freeze holds pipelines also if no release is there to start them.
    """

    kind: str
    until: datetime
    why: str | None = None
    by: str | None = None
    scope: str | None = None
    release_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastFailure:
    """The end of the last execution or start of a pipeline, which did not succeed.

    ``release_id`` is None if no release started it. ``failure`` is what is on record of it.
    """

    status: PipelineStatus
    at: datetime
    release_id: str | None = None
    execution_id: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EstatePipeline:
    """A pipeline: what is live, what a release does with it now, and how it failed last.

    ``live`` is None when nothing is known to be live. ``unread`` is the reason why CodePipeline
    could not be read. ``release_id`` is the release that holds the pipeline, ``node`` its part in
    that, and ``holder`` its header. The releases in the ``queue`` wait for it in this order.
    ``failure`` is how it failed last, if nothing has succeeded since, and ``failed`` the closed
    release in which it did.
    """

    name: str
    exists: bool = True
    live: Live | None = None
    unread: str | None = None
    release_id: str | None = None
    node: Pipeline | None = None
    holder: Release | None = None
    outside: tuple[OtherRun, ...] = ()
    queue: tuple[Place, ...] = ()
    held: tuple[HeldBy, ...] = ()
    failure: LastFailure | None = None
    failed: Release | None = None

    @property
    def runs(self) -> bool:
        """Whether a release runs the pipeline now."""
        return self.node is not None and self.node.status in {
            PipelineStatus.STARTING,
            PipelineStatus.RUNNING,
        }

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How it stands, the most urgent first; empty if nothing is to be said."""
        waits = self.release_id is not None and (self.node is None or not self.node.status.ended)
        true = {
            Standing.FAILED: self.failure is not None,
            Standing.RUNNING: self.runs or bool(self.outside),
            Standing.HELD: bool(self.held),
            Standing.WAITING: bool(self.queue) or (waits and not self.runs),
        }
        return tuple(standing for standing, is_true in true.items() if is_true)


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
    pipelines. ``unread`` says, in sentences, what else could not be read, and what is missing
    because of that. ``unknown`` are names that were asked for and that no pipeline has, each with
    the nearest name that one has.
    """

    at: datetime
    pipelines: tuple[EstatePipeline, ...] = ()
    running: tuple[Release, ...] = ()
    waiting: tuple[WaitingRelease, ...] = ()
    latest: tuple[Release, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    unread: tuple[str, ...] = ()
    unknown: Mapping[str, str | None] = field(default_factory=dict)
