"""The deployed alarms, and whether they fire for values that AWS or a function would measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import unique

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

# What is not handed back to CloudWatch with the configuration of an alarm.
_CONFIGURATION = (
    *("AlarmDescription", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods"),
    *("ComparisonOperator", "Threshold", "TreatMissingData"),
)


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value of a metric, measured this many minutes ago."""

    value: float
    minutes_ago: float = 0.1


@dataclass(frozen=True)
class Alarms:
    """Reads the deployed alarms, and tries copies of them with values of a test's own."""

    account: Account

    @property
    def _client(self) -> CloudWatchClient:
        return self.account.cloudwatch

    def deployed(self) -> dict[str, MetricAlarmTypeDef]:
        """The alarms of the deployment, by their names without the prefix of the deployment."""
        machine = self.account.outputs["state_machine_arn"]
        prefix = f"{machine.rpartition(':')[2]}-"
        pages = self._client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
        found = [each for page in pages for each in page["MetricAlarms"]]
        return {each["AlarmName"].removeprefix(prefix): each for each in found}

    def state(self, name: str) -> str:
        """The state of a deployed alarm."""
        return self.deployed()[name]["StateValue"]

    def state_with(self, alarm: MetricAlarmTypeDef, values: Iterable[Value]) -> str:
        """The state of a copy of an alarm after these values, and no others.

        The copy differs in its name, and in the value of its dimensions: so no other test and no
        function measures the same metric.
        """
        dimensions: Sequence[Any] = [
            {"Name": each["Name"], "Value": unique("dimension")} for each in alarm["Dimensions"]
        ]
        now = datetime.now(UTC)
        data: Sequence[Any] = [
            {
                "MetricName": alarm["MetricName"],
                "Dimensions": dimensions,
                "Timestamp": now - timedelta(minutes=each.minutes_ago),
                "Value": each.value,
            }
            for each in values
        ]
        if data:
            self._client.put_metric_data(Namespace=alarm["Namespace"], MetricData=data)
        with self._copy(alarm, dimensions) as name:
            return wait_until(f"{name} is evaluated", lambda: self._evaluated(name))

    @contextmanager
    def _copy(self, alarm: MetricAlarmTypeDef, dimensions: Sequence[Any]) -> Iterator[str]:
        name = unique("alarm")
        known: dict[str, Any] = {key: alarm[key] for key in _CONFIGURATION}  # type: ignore[literal-required] # of both
        self._client.put_metric_alarm(AlarmName=name, Dimensions=dimensions, **known)
        try:
            yield name
        finally:
            self._client.delete_alarms(AlarmNames=[name])

    def _evaluated(self, name: str) -> str | None:
        (found,) = self._client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        state = found["StateValue"]
        return None if state == "INSUFFICIENT_DATA" else state
