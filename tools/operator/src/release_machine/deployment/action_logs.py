"""The logs of actions that failed: what their builds and functions wrote, where AWS keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from release_machine.deployment.function_logs import LogLine

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_codepipeline.type_defs import ActionExecutionDetailTypeDef

MOST_LINES = 100  # the last ones; the reason of a failure is at the end
# A function may still write when CodePipeline has its result.
_AFTERWARDS = timedelta(seconds=15)
_STREAM = re.compile(
    r"arn:[^:]+:logs:[^:]*:[^:]*:log-group:(?P<group>.+?):log-stream:(?P<stream>.+)"
)


@dataclass(frozen=True, kw_only=True)
class LogPlace:
    """Where the log of an action is: a stream of a log group, or a time in all of its streams."""

    group: str
    stream: str | None = None
    began: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ActionLog:
    """The end of the log of one failed action.

    ``missing`` is the reason why there are no ``lines``.
    """

    pipeline: str
    stage: str
    action: str
    place: LogPlace | None = None
    lines: tuple[LogLine, ...] = ()
    missing: str | None = None


@dataclass(frozen=True)
class ActionLogReader:
    """Reads the logs of actions with the user's credentials.

    CodePipeline itself names the log of an action that runs commands. A build of CodeBuild names
    its log, and a function writes to the log group with its name.
    """

    codepipeline: CodePipelineClient
    client: Callable[[str], Any]

    def of_failed(self, pipeline: str, execution_id: str) -> Iterator[ActionLog]:
        """The logs of the actions that failed in this execution, the latest action first.

        Raises ClientError when the actions cannot be listed. A log that cannot be read is returned
        with the reason.
        """
        pages = self.codepipeline.get_paginator("list_action_executions").paginate(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution_id}
        )
        for page in pages:
            for action in page["actionExecutionDetails"]:
                if action["status"] == "Failed":
                    yield self._log_of(pipeline, action)

    def _log_of(self, pipeline: str, action: ActionExecutionDetailTypeDef) -> ActionLog:
        place: LogPlace | None = None
        lines: tuple[LogLine, ...] = ()
        missing = None
        try:
            place = self._place(action)
            lines = self._read(place) if place else ()
        except ClientError as error:
            missing = f"the log cannot be read: {error}"
        if not place and not missing:
            kind = action.get("input", {}).get("actionTypeId", {})
            missing = f"AWS keeps no log of an action of {kind.get('provider', 'this kind')}"
        return ActionLog(
            pipeline=pipeline,
            stage=action["stageName"],
            action=action["actionName"],
            place=place,
            lines=lines,
            missing=missing or (None if lines else "the log is empty"),
        )

    def _place(self, action: ActionExecutionDetailTypeDef) -> LogPlace | None:
        result = action.get("output", {}).get("executionResult", {})
        stream = _STREAM.fullmatch(result.get("logStreamARN", ""))
        if stream:
            return LogPlace(group=stream["group"], stream=stream["stream"])
        given = action.get("input", {})
        provider = given.get("actionTypeId", {}).get("provider")
        settings = given.get("resolvedConfiguration") or given.get("configuration", {})
        if provider == "CodeBuild" and "externalExecutionId" in result:
            return self._place_of_build(result["externalExecutionId"])
        if provider == "Lambda" and "FunctionName" in settings:
            return LogPlace(
                group=f"/aws/lambda/{settings['FunctionName']}",
                began=action["startTime"],
                ended=action["lastUpdateTime"] + _AFTERWARDS,
            )
        return None

    def _place_of_build(self, build_id: str) -> LogPlace | None:
        builds = self.client("codebuild").batch_get_builds(ids=[build_id])["builds"]
        logs: Mapping[str, str] = builds[0].get("logs", {}) if builds else {}
        if "groupName" not in logs or "streamName" not in logs:
            return None
        return LogPlace(group=logs["groupName"], stream=logs["streamName"])

    def _read(self, place: LogPlace) -> tuple[LogLine, ...]:
        if place.stream:
            found = self._logs.get_log_events(
                logGroupName=place.group,
                logStreamName=place.stream,
                startFromHead=False,
                limit=MOST_LINES,
            )["events"]
        else:
            assert place.began
            assert place.ended
            pages = self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=place.group,
                startTime=_milliseconds(place.began),
                endTime=_milliseconds(place.ended),
            )
            found = [event for page in pages for event in page["events"]][-MOST_LINES:]
        writer = place.group.rpartition("/")[2]
        return tuple(
            LogLine(event["timestamp"], event.get("eventId", ""), writer, event["message"])
            for event in found
        )

    @cached_property
    def _logs(self) -> Any:
        return self.client("logs")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
