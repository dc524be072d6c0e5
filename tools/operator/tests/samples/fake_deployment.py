"""A deployment in memory, in place of a session."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from release_core.aws.result_text import result_text
from release_core.domain.dropped import ManifestObject
from release_core.domain.execution import Execution
from release_core.domain.holds import Freeze
from release_core.domain.queue import Lock, PipelineUse
from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.domain.results import Result, ResultState
from release_core.ledger.history import Search
from release_core.ledger.reader import LedgerTables
from release_core.rollback.manifest import Rollback
from release_machine.deployment.action_logs import ActionLog
from release_machine.deployment.deployment import Deployment
from release_machine.deployment.function_logs import LogLine, Subject
from release_machine.errors import OperatorError
from release_machine.release.busy import Behind, HeldUntil, Reason
from release_machine.release.model import Activity

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:mine"


def refusal(code: str, operation: str) -> ClientError:
    """The error of an operation that AWS refuses."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def _has_any(release: Release, names: Collection[str]) -> bool:
    return not names or not release.pipelines.keys().isdisjoint(names)


@dataclass
class FakeAws:
    """A deployment whose state machine accepts every manifest, and a ledger with releases."""

    releases: dict[str, Release]
    pointer: str | None
    execution: dict[str, Any]
    interrupted: bool = False
    away: bool = False
    put_interrupted: bool = False
    put_refused: str | None = None
    dropped: bytes = b""
    event: str = ""
    stopped: list[dict[str, str]] = field(default_factory=list)
    stop_does: str | None = "CANCELLED"
    started: list[dict[str, Any]] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    holds: list[Reason] = field(default_factory=list)
    waiting: list[Release] = field(default_factory=list)
    queue: list[Behind] = field(default_factory=list)
    looks_before_opening: int = 0
    sent: list[tuple[str, ...]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    answer: Mapping[str, Any] | OperatorError = field(default_factory=dict)
    asks: dict[str, list[str]] = field(default_factory=dict)
    unreadable: str | None = None
    put: list[dict[str, Any]] = field(default_factory=list)
    put_too_late: bool = False
    same: tuple[str, ...] = ()
    asked_for_logs: list[tuple[datetime, Subject | None]] = field(default_factory=list)
    freezes: tuple[Freeze, ...] = ()
    records: Any = None
    dora: Any = None
    services: dict[str, Any] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    estate: Any = None
    searched: Search | None = None
    stored: str | None = '{"releaseId": "2026.11.22-1", "pipelines": ["catalog", "orders"]}'

    caller = "arn:aws:sts::000000000000:assumed-role/Admin/alice"
    console_region = "us-east-1"
    deployment = Deployment(
        state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:release-machine",
        manifest_bucket="manifests",
        tables=LedgerTables(releases="releases", executions="executions", pipelines="pipelines"),
        function_names={},
    )

    def __post_init__(self) -> None:
        # This object stands for all parts of the session.
        self.sfn = self.s3 = self.ledger = self.activity = self.logs = self.action_logs = (
            self.busy
        ) = self
        self.codepipeline = self.api = self.exceptions = self.live = self

    def client(self, service: str) -> Any:
        return self.services[service]

    def get_executions(self, execution_ids: Iterable[str]) -> dict[str, Execution]:
        return {each: self.executions[each] for each in execution_ids if each in self.executions}

    def send(
        self, *route: str, body: bytes | Mapping[str, object] = b"", way_out: str
    ) -> Mapping[str, Any]:
        self.sent.append(route)
        self.bodies.append(json.loads(body) if isinstance(body, bytes) and body else body)
        if isinstance(self.answer, OperatorError):
            raise self.answer
        return self.answer

    def unchanged_by(self, rollback: Rollback) -> tuple[str, ...]:
        assert rollback.manifest
        return self.same

    def get_freezes(self) -> tuple[Freeze, ...]:
        return self.freezes

    def list_action_executions(self, **asked: Any) -> dict[str, Any]:
        if asked["pipelineName"] == self.unreadable:
            raise refusal("PipelineNotFoundException", "ListActionExecutions")
        kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
        listed = [
            {
                "actionExecutionId": f"token of {action}",
                "stageName": "Approve",
                "actionName": action,
                "status": "InProgress",
                "startTime": datetime(2026, 11, 22, 10, tzinfo=UTC),
                "input": {"actionTypeId": kind},
            }
            for action in self.asks.get(asked["pipelineName"], [])
        ]
        return {"actionExecutionDetails": listed}

    def get_pipeline_state(self, **_: str) -> dict[str, Any]:
        return {"stageStates": []}

    def put_approval_result(self, **asked: Any) -> None:
        if self.put_too_late:
            raise self.InvalidApprovalTokenException
        self.put.append(asked)

    class ApprovalAlreadyCompletedException(Exception):
        """As a client of CodePipeline raises it."""

    class InvalidApprovalTokenException(Exception):
        """As a client of CodePipeline raises it."""

    def put_object(self, **asked: Any) -> dict[str, str]:
        if self.put_interrupted:
            raise KeyboardInterrupt
        if self.put_refused:
            raise refusal(self.put_refused, "PutObject")
        self.dropped = asked["Body"]
        dropped = {"key": asked["Key"], "version-id": "v1"}
        self.event = json.dumps({"detail": {"bucket": {"name": "manifests"}, "object": dropped}})
        return {"VersionId": "v1"}

    def get_object(self, **asked: Any) -> dict[str, Any]:
        """The result beside the manifest that was dropped."""
        if self.interrupted:
            raise KeyboardInterrupt
        key = asked["Key"].removesuffix(".result")
        dropped = ManifestObject(bucket=asked["Bucket"], key=key, version_id="v1")
        received = Result(
            manifest=dropped,
            execution_arn=EXECUTION,
            state=ResultState.RECEIVED,
            at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        )
        return {"Body": BytesIO(result_text(received).encode())}

    def describe_execution(self, **asked: str) -> dict[str, Any]:
        if self.away:
            raise EndpointConnectionError(endpoint_url="https://states.us-east-1.amazonaws.com")
        if asked["executionArn"] != EXECUTION:
            raise refusal("ExecutionDoesNotExist", "DescribeExecution")
        return {"input": self.event, **self.execution}

    class ExecutionAlreadyExists(Exception):
        """As a client of Step Functions raises it."""

    def start_execution(self, **asked: str) -> dict[str, str]:
        assert asked["stateMachineArn"] == self.deployment.state_machine_arn
        if "name" in asked and asked["name"] in self.names:
            raise self.ExecutionAlreadyExists
        self.names.append(asked.get("name"))
        self.started.append(json.loads(asked["input"]))
        return {"executionArn": EXECUTION}

    def stop_execution(self, **asked: str) -> None:
        self.stopped.append(asked)
        if self.stop_does:
            self.set_status(self.stop_does)

    def set_status(self, status: str, **changes: Any) -> None:
        """Give every release this status, and change other fields of it."""
        self.releases = {
            name: replace(release, status=ReleaseStatus(status), **changes)
            for name, release in self.releases.items()
        }

    def list_pipeline_executions(self, **_: object) -> dict[str, Any]:
        return {"pipelineExecutionSummaries": []}

    def release_opened_by(self, execution_arn: str) -> str | None:
        if execution_arn != EXECUTION:
            return None
        self.looks_before_opening -= 1
        return self.pointer if self.looks_before_opening < 0 else None

    def waited_for(self, execution_arn: str, pipelines: Sequence[str]) -> list[Reason]:
        assert execution_arn == EXECUTION
        return [
            each for each in self.holds if isinstance(each, HeldUntil) or each.pipeline in pipelines
        ]

    def get_release(self, release_id: str) -> Release | None:
        return self.releases.get(release_id)

    def get_header(self, release_id: str) -> Release | None:
        return self.releases.get(release_id)

    def get_manifest(self, release_id: str) -> Any:
        assert release_id in self.releases
        return self.stored and json.loads(self.stored)

    def pending(self) -> list[Release]:
        return self.waiting

    def reasons(self, pending: Release, pipelines: Sequence[str]) -> list[Reason]:
        assert pending in self.waiting
        return self.holds

    def behind(self, release: Release) -> list[Behind]:
        assert release.release_id in self.releases
        return self.queue

    def latest(self, limit: int, *, statuses: Sequence[str] = ()) -> list[Release]:
        found = self.releases.values()
        return [each for each in found if not statuses or each.status in statuses][:limit]

    def open_headers(self) -> Iterator[list[Release]]:
        yield [each for each in self.releases.values() if not each.closed]

    def search(self, wanted: Search, limit: int) -> list[Release]:
        self.searched = wanted
        found = [
            each
            for each in self.releases.values()
            if (wanted.includes_pending(each) if each.pending else wanted.includes(each))
            and (each.pending or _has_any(each, wanted.pipelines))
        ]
        return [each for each in found if wanted.since <= each.opened_at <= wanted.until][:limit]

    def uses(self) -> list[PipelineUse]:
        return [PipelineUse(lock=Lock(pipeline=name)) for name in ("catalog", "orders", "web")]

    def with_executions(self, release: Release) -> Release:
        return release

    def read(self, since: datetime, about: Subject | None = None) -> list[LogLine]:
        self.asked_for_logs.append((since, about))
        return [LogLine(0, "e", "open_release", '{"level": "INFO", "message": "opened"}')]

    def of_failed(self, pipeline: str, execution_id: str) -> list[ActionLog]:
        if pipeline == self.unreadable:
            raise refusal("AccessDeniedException", "ListActionExecutions")
        line = LogLine(0, "e", "copy", "no such bucket")
        return [ActionLog(pipeline=pipeline, stage="Deploy", action="Copy", lines=(line,))]

    def get_all(self, pipelines: Iterable[Pipeline]) -> dict[str, Activity]:
        return {pipeline.name: Activity(stage="Deploy") for pipeline in pipelines}
