"""The events between two looks at a release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.busy import Reason
from release_machine.release.model import Activity


@dataclass(frozen=True, slots=True)
class ReleaseWaits:
    """The execution waits for a time, or for pipelines of other releases.

    Then it opens its release. Empty ``holds`` mean that the time has come, or that the pipelines
    are free now.
    """

    execution_arn: str
    holds: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class ReleaseFound:
    """The first look at the release."""

    release: Release


@dataclass(frozen=True, slots=True)
class PipelineMoved:
    """The status of a pipeline has changed."""

    pipeline: Pipeline
    before: PipelineStatus


@dataclass(frozen=True, slots=True)
class PipelineActs:
    """A running pipeline has begun another action, or to wait for a person."""

    pipeline: Pipeline
    activity: Activity


@dataclass(frozen=True, slots=True)
class PipelineKept:
    """A pipeline has succeeded in an earlier attempt and does not run again."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class PipelineWaits:
    """The first look at a pipeline that waits for its dependencies, or what holds it has changed.

    ``way_out`` is the command that starts a held pipeline.
    """

    pipeline: Pipeline
    waits_for: str
    way_out: str | None = None


@dataclass(frozen=True, slots=True)
class PipelineRetried:
    """A failed stage of a pipeline is retried."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class PipelineStopping:
    """A stop of a running pipeline was requested."""

    pipeline: Pipeline
    stopping: str


@dataclass(frozen=True, slots=True)
class ReleaseProgressed:
    """More pipelines of the release have ended; ``left`` is the estimated time to the end.

    Without an estimate, ``unknown`` is the reason, if there is one.
    """

    release: Release
    left: timedelta | None
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHalted:
    """The release starts no more pipelines."""

    release: Release


@dataclass(frozen=True, slots=True)
class ReleaseClosed:
    """The outcome of the release is recorded."""

    release: Release


@dataclass(frozen=True, slots=True)
class LookFailed:
    """One look did not reach AWS; the release continues."""

    problem: str
    next_step: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ConnectedAgain:
    """A look has reached AWS again, after looks that did not ``since`` a time."""

    at: datetime
    since: datetime


PipelineEvent: TypeAlias = (
    PipelineMoved | PipelineKept | PipelineWaits | PipelineRetried | PipelineActs | PipelineStopping
)
ReleaseEvent: TypeAlias = ReleaseFound | ReleaseHalted | ReleaseProgressed | ReleaseClosed
Event: TypeAlias = ReleaseWaits | ReleaseEvent | PipelineEvent | LookFailed | ConnectedAgain
