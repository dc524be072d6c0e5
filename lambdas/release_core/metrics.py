"""What is measured, in CloudWatch's embedded metric format: one line of JSON in the log.

CloudWatch reads the metrics from the log. So a metric costs no call and needs no permission.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from release_core.clock import Clock
from release_core.immutable import Immutable
from release_core.logs import subject

NAMESPACE = "ReleaseMachine"
DEPLOYMENT = "Deployment"

Unit: TypeAlias = Literal["Count", "Seconds"]
Values: TypeAlias = "Mapping[Metric, float]"


class Metric(Immutable):
    """One metric; it is also divided ``by`` a second dimension, if it has one."""

    name: str
    unit: Unit
    by: str | None = None


RELEASES_OPENED = Metric(name="ReleasesOpened", unit="Count")
RELEASES_REJECTED = Metric(name="ReleasesRejected", unit="Count", by="Error")
RELEASES_ENDED = Metric(name="ReleasesEnded", unit="Count", by="Status")
RELEASE_WAIT = Metric(name="ReleaseWait", unit="Seconds")
RELEASE_DURATION = Metric(name="ReleaseDuration", unit="Seconds")
PIPELINES_STARTED = Metric(name="PipelinesStarted", unit="Count")
PIPELINES_ENDED = Metric(name="PipelinesEnded", unit="Count", by="Status")
PIPELINE_WAIT = Metric(name="PipelineWait", unit="Seconds")
PIPELINE_DURATION = Metric(name="PipelineDuration", unit="Seconds")
APPROVALS_ENDED = Metric(name="ApprovalsEnded", unit="Count", by="Status")
APPROVAL_WAIT = Metric(name="ApprovalWait", unit="Seconds")
SETTLE_LATENCY = Metric(name="SettleLatency", unit="Seconds")
RETRIES = Metric(name="Retries", unit="Count")
STARTS_THROTTLED = Metric(name="StartsThrottled", unit="Count")
LOOKS_THAT_FOUND = Metric(name="LooksThatFound", unit="Count")
WORKFLOW_ENDS_FOUND = Metric(name="WorkflowEndsFound", unit="Count")
WORKFLOW_FAULTS = Metric(name="WorkflowFaults", unit="Count")
OLDEST_WAIT = Metric(name="OldestWaitSeconds", unit="Seconds")
RELEASES_PAST_DEADLINE = Metric(name="ReleasesPastDeadline", unit="Count")


class Metrics:
    """Writes what a function has measured."""

    def __init__(self, deployment: str, *, clock: Clock, write: Callable[[str], None]) -> None:
        self._deployment = deployment
        self._clock = clock
        self._write = write

    def put(self, values: Values, *, by: str | None = None) -> None:
        """Write these values; ``by`` is the value of the second dimension of those that have one.

        Call it after the write that records the fact, and only if that write was applied: then a
        fact counts once. A function that ends between the two counts it never.
        """
        document = emf(values, deployment=self._deployment, at=self._clock(), by=by)
        self._write(json.dumps({**document, **subject()}))


def emf(
    values: Values, *, deployment: str, at: datetime, by: str | None = None
) -> Mapping[str, Any]:
    """The document in the embedded metric format with these values."""
    directives = list(_directives(values))
    second = {metric.by: by for metric in values if metric.by}
    return {
        "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": directives},
        DEPLOYMENT: deployment,
        **second,
        **{metric.name: value for metric, value in values.items()},
    }


def _directives(values: Values) -> Iterator[Mapping[str, Any]]:
    """One directive for each set of metrics with the same dimensions."""
    for by in dict.fromkeys(metric.by for metric in values):
        yield {
            "Namespace": NAMESPACE,
            "Dimensions": [[DEPLOYMENT], [DEPLOYMENT, by]] if by else [[DEPLOYMENT]],
            "Metrics": [
                {"Name": metric.name, "Unit": metric.unit} for metric in values if metric.by == by
            ],
        }


def write_line(line: str) -> None:
    """Write a line to the log as it is.

    Not through ``logging``: Lambda's JSON format would put it into the text of another document,
    and CloudWatch reads only documents that are a whole line.
    """
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
