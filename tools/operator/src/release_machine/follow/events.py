"""Two looks at a release in, what changed between them out; and the loop that goes on looking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release_core.domain.release import Pipeline, Release
from release_machine.release.busy import Hold
from release_machine.release.model import Activity


@dataclass(frozen=True, slots=True)
class ReleaseWaits:
    """The execution waits for pipelines that others hold, and opens its release by itself then.

    Without ``holds`` they are free.
    """

    execution_arn: str
    holds: Sequence[Hold]


@dataclass(frozen=True, slots=True)
class ReleaseFound:
    """The release was seen for the first time."""

    release: Release


@dataclass(frozen=True, slots=True)
class PipelineMoved:
    """A pipeline has another status than before."""

    pipeline: Pipeline
    before: str


@dataclass(frozen=True, slots=True)
class PipelineActs:
    """A running pipeline does something else, or began to wait for someone."""

    pipeline: Pipeline
    activity: Activity


@dataclass(frozen=True, slots=True)
class PipelineKept:
    """A pipeline succeeded in an earlier attempt, so this one leaves it as it is."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class PipelineWaits:
    """A pipeline that has not started is for the first time seen to wait for others."""

    pipeline: Pipeline
    waits_for: str


@dataclass(frozen=True, slots=True)
class PipelineRetried:
    """A failed stage of a pipeline runs again."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class PipelineStopping:
    """A running pipeline was told to stop."""

    pipeline: Pipeline
    stopping: str


@dataclass(frozen=True, slots=True)
class ReleaseProgressed:
    """More of the release's pipelines have ended; ``left`` is what is expected still to come.

    Where nothing is expected, ``unknown`` says why, if that is known.
    """

    release: Release
    left: timedelta | None
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHalted:
    """The release starts nothing more."""

    release: Release


@dataclass(frozen=True, slots=True)
class ReleaseClosed:
    """The outcome is recorded."""

    release: Release


@dataclass(frozen=True, slots=True)
class LookFailed:
    """One look did not reach AWS; the release is not touched by that."""

    problem: str
    next_step: str
    at: datetime


type PipelineEvent = (
    PipelineMoved | PipelineKept | PipelineWaits | PipelineRetried | PipelineActs | PipelineStopping
)
type ReleaseEvent = ReleaseFound | ReleaseHalted | ReleaseProgressed | ReleaseClosed
type Event = ReleaseWaits | ReleaseEvent | PipelineEvent | LookFailed
