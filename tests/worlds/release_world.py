"""A whole release in memory: the real functions, and fakes of every AWS service they call."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from close_release.closing import CloseRelease
from close_release.reporting import Reporting
from localstack_codepipeline.model import ActionResult, Revision, RunAction
from open_release.declaring import Declaring
from open_release.handler import make_open_release
from open_release.opening import OpenRelease
from record_state_change.recording import STATE_CHANGE, RecordStateChange
from release_core.apply.advance import Advance
from release_core.apply.wiring import FunctionParts
from release_core.aws.result_files import ResultFiles
from release_core.plan.planner import Planner
from release_core.rollback.reader import RollbackReader
from release_core.strict_json import write_json
from run_pipeline.running import FailedTask, RunPipeline, Waiting
from tests.fakes.codepipeline import FakeCodePipeline, envelope
from tests.fakes.events import FakeEvents
from tests.fakes.s3 import FakeS3
from tests.fakes.ssm import FakeSSM
from tests.fakes.step_functions import FakeStepFunctions, Outcome
from tests.worlds.faults import FAILURE
from tests.worlds.ledger_world import RETENTION, TABLES, LedgerWorld
from tests.worlds.logged import keep_variables_secret
from tests.worlds.measured import measured_in

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:release-machine"
ROLE = "arn:aws:sts::000000000000:assumed-role/release-machine-run-pipeline"
STARTER = "release-machine-run-pipeline"
PIPELINES = ("orders", "catalog", "payments", "storefront")
LOOK_AFTER = 3600  # seconds


def declaration(name: str) -> dict[str, Any]:
    """A pipeline of two stages, Source and Deploy, one action each."""
    return {
        "name": name,
        "roleArn": "arn:aws:iam::000000000000:role/pipelines",
        "pipelineType": "V2",
        "executionMode": "SUPERSEDED",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [
            {"name": "Source", "actions": [_action("Fetch", "Source", outputs=["app"])]},
            {"name": "Deploy", "actions": [_action("Copy", "Deploy", inputs=["app"])]},
        ],
    }


def after(name: str, *before: str, **more: Any) -> dict[str, Any]:
    """A manifest's entry for a pipeline that depends on others."""
    return {"name": name, "dependsOn": list(before), **more}


def _action(
    name: str, category: str, *, inputs: list[str] | None = None, outputs: list[str] | None = None
) -> dict[str, Any]:
    place = (
        {"S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
        if category == "Source"
        else {"BucketName": "site", "Extract": "true"}
    )
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": place,
        "inputArtifacts": [{"name": each} for each in inputs or []],
        "outputArtifacts": [{"name": each} for each in outputs or []],
        "runOrder": 1,
    }


@dataclass
class ReleaseWorld(LedgerWorld):
    """The fakes, the functions, and methods that act as the workflow, pipelines and event bus."""

    events: FakeEvents = field(default_factory=FakeEvents)
    s3: FakeS3 = field(default_factory=FakeS3)
    delivered: int = 0
    invocations: int = 0
    patterns: tuple[str, ...] = ("*",)
    machine: str = MACHINE
    time_left: timedelta = timedelta(seconds=180)
    change_calendars: tuple[str, ...] = ()
    metric_lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Create the services and the pipelines."""
        super().__post_init__()
        self.step_functions = FakeStepFunctions(self.clock)
        self.ssm = FakeSSM(self.clock)
        self.codepipeline = FakeCodePipeline(self.clock, caller=f"{ROLE}/{STARTER}")
        for name in PIPELINES:
            self.codepipeline.create_pipeline(pipeline=declaration(name))

    # The functions

    def open_release(self, execution_arn: str) -> dict[str, Any]:
        """Invoke open_release for a workflow execution."""
        return self.opener()(execution_arn)

    def opener(self) -> OpenRelease:
        """The function open_release, which opens a release or waits until it can."""
        parts = self.parts("open-release")
        return make_open_release(
            parts,
            invocation="1",
            look_after_seconds=LOOK_AFTER,
            manifest_bucket="manifests",
            declaring=Declaring(
                read=parts.codepipeline.declarations, time_left=lambda: self.time_left
            ),
        )

    def rollbacks(self) -> RollbackReader:
        """The reader that makes the manifest of a rollback."""
        return self.parts("release-machine").rollbacks

    def planner(self) -> Planner:
        """The planner of dry runs and of the command `plan`."""
        return self.opener().planner

    def run_pipeline(
        self,
        release_id: str,
        pipeline: str,
        token: str,
        *,
        attempt: int | None = None,
        waits_since: datetime | None = None,
        wait_seconds: int = LOOK_AFTER,
        look_after_seconds: int = LOOK_AFTER,
    ) -> None:
        """Invoke run_pipeline once for a task that waits."""
        waiting = Waiting(
            task_token=token,
            wait_seconds=wait_seconds,
            look_after_seconds=look_after_seconds,
            attempt=attempt,
            waits_since=waits_since,
        )
        self._runner()(release_id, pipeline, waiting)

    def give_up(self, task: FailedTask) -> None:
        """Invoke run_pipeline for a task that the workflow has given up."""
        self._runner().give_up(task)

    def _runner(self) -> RunPipeline:
        parts = self.parts(STARTER)
        return RunPipeline(
            ledger=parts.ledger,
            advance=self.advance(parts),
            step_functions=parts.step_functions,
            clock=self.clock,
        )

    def record_state_change(self, event: object) -> None:
        """Invoke record_state_change."""
        parts = self.parts("record-state-change")
        record = RecordStateChange(
            ledger=parts.ledger,
            advance=self.advance(parts),
            clock=self.clock,
            metrics=parts.metrics,
        )
        record(event)

    def close_release(self) -> CloseRelease:
        """The function close_release, which the workflow or an event invokes."""
        parts = self.parts("close-release")
        return CloseRelease(
            ledger=parts.ledger,
            advance=self.advance(parts),
            step_functions=parts.step_functions,
            announcer=parts.announcer,
            rollbacks=parts.rollbacks,
            reporting=Reporting(
                files=ResultFiles(lambda: parts.brief_client("s3")),
                manifest_bucket="manifests",
                clock=self.clock,
            ),
            metrics=parts.metrics,
        )

    def advance(self, parts: FunctionParts) -> Advance:
        """The parts with which a new invocation decides and applies."""
        self.invocations += 1
        invocation = str(self.invocations)
        return replace(parts.advance(invocation), actor=f"{STARTER}/{invocation}")

    def parts(self, function: str = STARTER) -> FunctionParts:
        """The parts of one invocation of a function, on the fakes."""
        clients: dict[str, Any] = {
            "dynamodb": self.dynamodb,
            "codepipeline": self.codepipeline,
            "stepfunctions": self.step_functions,
            "events": self.events,
            "s3": self.s3,
            "ssm": self.ssm,
        }
        return FunctionParts(
            client=clients.__getitem__,
            tables=TABLES,
            clock=self.clock,
            patterns=self.patterns,
            change_calendars=self.change_calendars,
            name=function,
            deployment="release-machine",
            retention=RETENTION,
            event_bus="default",
            write_metrics=self._measure,
        )

    def _measure(self, line: str) -> None:
        """Keep a line with metrics, which CloudWatch can read."""
        assert measured_in(line)
        self.metric_lines.append(line)

    # The workflow

    def start(self, input_text: str, *, alias: str | None = None) -> str:
        """Start a workflow execution with this input, as the door of an alias; returns its ARN."""
        keep_variables_secret(input_text)
        started = self.step_functions.start_execution(
            stateMachineArn=f"{self.machine}:{alias}" if alias else self.machine, input=input_text
        )
        return str(started["executionArn"])

    def begin(self, *pipelines: str | dict[str, Any], release_id: str = "r", **more: Any) -> str:
        """Open a release of these pipelines directly; returns the ARN of its execution."""
        manifest = {"releaseId": release_id, "pipelines": list(pipelines), **more}
        arn = self.start(write_json(manifest))
        assert self.open_release(arn)["outcome"] == "OPENED"
        return arn

    def wait(self, execution_arn: str, pipeline: str = "orders", release_id: str = "r") -> str:
        """Let the workflow reach the task of a pipeline; returns the token it waits with."""
        token = self.step_functions.wait_for_token(execution_arn)
        self.run_pipeline(release_id, pipeline, token)
        return token

    def wait_for_all(self, execution_arn: str) -> dict[str, str]:
        """Let the workflow reach the task of every pipeline of release r; returns the tokens."""
        return {name: self.wait(execution_arn, name) for name in self.release().pipelines}

    def close(self, execution_arn: str, release_id: str = "r") -> dict[str, Any]:
        """Let the workflow close its release and end; returns the output of the close."""
        closed = self.close_release().at_end(release_id, execution_arn)
        succeeded = closed["status"] == "SUCCEEDED"
        self.step_functions.end(execution_arn, "SUCCEEDED" if succeeded else "FAILED")
        return closed

    def stop(self, execution_arn: str, cause: str = "wrong version") -> dict[str, Any]:
        """Stop a workflow execution; returns its event, which is not delivered."""
        self.step_functions.stop_execution(executionArn=execution_arn, cause=cause)
        return self.step_functions.status_event(execution_arn)

    def cancel(self, execution_arn: str, cause: str = "wrong version") -> None:
        """Stop a workflow execution and deliver its event."""
        self.close_release().when_ended(self.stop(execution_arn, cause))

    def outcome(self, token: str) -> Outcome | None:
        """How a token was settled, or None."""
        return self.step_functions.task(token).outcome

    def settlement(self, token: str) -> Outcome:
        """How a token was settled; fails if it was not."""
        outcome = self.outcome(token)
        assert outcome, "the token is not settled"
        return outcome

    # The pipelines and their events

    def play(self, pipeline: str, *, fail: ActionResult | None = None) -> None:
        """End the actions of a pipeline until none runs; Deploy ends with the given failure."""
        while running := [a for a in self.codepipeline.actions.values() if a.pipeline == pipeline]:
            self.finish(running[0], fail if running[0].stage == "Deploy" else None)

    def complete(self, pipeline: str, *, fail: ActionResult | None = None) -> None:
        """Let a pipeline run to its end, and deliver its events."""
        self.play(pipeline, fail=fail)
        self.deliver()

    def ship(self, version: str, pipeline: str = "orders", *, fails: bool = False) -> None:
        """Let a pipeline ship a version and run to its end, and deliver its events."""
        revision = Revision(version, f"Amazon S3 version id: {version}")
        self.finish(self.fetch(pipeline), ActionResult(revision=revision))
        self.complete(pipeline, fail=FAILURE if fails else None)

    def fetch(self, pipeline: str) -> RunAction:
        """The running source action of a pipeline."""
        (found,) = [
            each
            for each in self.codepipeline.actions.values()
            if (each.pipeline, each.action) == (pipeline, "Fetch")
        ]
        return found

    def finish(self, action: RunAction, result: ActionResult | None = None) -> None:
        """End one action."""
        self.codepipeline.finish(action, result)

    def retry_in_console(self, release_id: str = "r") -> str:
        """Retry the failed stage of `orders` as a person would; returns the execution's id."""
        execution_id = str(self.pipeline(release_id=release_id).execution_id)
        self.codepipeline.retry_stage_execution(
            pipelineName="orders",
            pipelineExecutionId=execution_id,
            stageName="Deploy",
            retryMode="FAILED_ACTIONS",
        )
        return execution_id

    def deliver(self) -> None:
        """Deliver all undelivered pipeline events, in order."""
        for event in self.undelivered():
            self.record_state_change(event)

    def undelivered(self) -> list[dict[str, Any]]:
        """The undelivered pipeline events, which count as delivered from now on."""
        new = self.codepipeline.events[self.delivered :]
        self.delivered = len(self.codepipeline.events)
        return [envelope(event) for event in new if event.detail_type == STATE_CHANGE]

    # The records

    def executions_of(self, pipeline: str) -> list[dict[str, Any]]:
        """All executions of a pipeline in CodePipeline, newest first."""
        answer = self.codepipeline.list_pipeline_executions(pipelineName=pipeline)
        found: list[dict[str, Any]] = answer["pipelineExecutionSummaries"]
        return found

    def statuses(self) -> dict[str, str]:
        """The status of every pipeline of release r."""
        return {name: each.status.value for name, each in self.release().pipelines.items()}
