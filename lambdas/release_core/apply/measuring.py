"""What is measured of a release when a write was applied: each fact counts once."""

from datetime import datetime

from release_core.domain.execution import Change
from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.metrics import (
    APPROVAL_WAIT,
    APPROVALS_ENDED,
    PIPELINE_DURATION,
    PIPELINE_WAIT,
    PIPELINES_ENDED,
    PIPELINES_STARTED,
    RELEASE_DURATION,
    RELEASE_WAIT,
    RELEASES_ENDED,
    RELEASES_OPENED,
    SETTLE_LATENCY,
    Metrics,
)


def measure_opening(metrics: Metrics, *, came_at: datetime, now: datetime) -> None:
    """Count an attempt that was opened, and how long it waited since it was handed in."""
    metrics.put({RELEASES_OPENED: 1, RELEASE_WAIT: _seconds(came_at, now)})


def measure_close(
    metrics: Metrics, release: Release, status: ReleaseStatus, *, now: datetime
) -> None:
    """Count an attempt that was closed with this status, and how long it took."""
    took = _seconds(release.began_at, now)
    metrics.put({RELEASES_ENDED: 1, RELEASE_DURATION: took}, by=status)


def measure_start(metrics: Metrics, release: Release, pipeline: Pipeline, *, now: datetime) -> None:
    """Count a start; ``pipeline`` is as it was before, so that it waited only for the first one."""
    waited = {PIPELINE_WAIT: _seconds(release.began_at, now)} if not pipeline.started_at else {}
    metrics.put({PIPELINES_STARTED: 1, **waited})


def measure_end(
    metrics: Metrics, pipeline: Pipeline, status: PipelineStatus, *, ended_at: datetime
) -> None:
    """Count the end of a pipeline or an approval, and how long it took."""
    if pipeline.approval:
        asked_at = pipeline.approval.asked_at
        waited = {APPROVAL_WAIT: _seconds(asked_at, ended_at)} if asked_at else {}
        metrics.put({APPROVALS_ENDED: 1, **waited}, by=status)
    else:
        began_at = pipeline.started_at
        took = {PIPELINE_DURATION: _seconds(began_at, ended_at)} if began_at else {}
        metrics.put({PIPELINES_ENDED: 1, **took}, by=status)


def measure_settling(metrics: Metrics, end: Change | None, *, now: datetime) -> None:
    """Measure the time since this end of an execution, if its event has told it."""
    if end and end.source == "event":
        metrics.put({SETTLE_LATENCY: _seconds(end.at, now)})


def _seconds(since: datetime, until: datetime) -> float:
    """The time between, which is not negative although two clocks were read."""
    return max(0.0, (until - since).total_seconds())
