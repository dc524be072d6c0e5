"""A whole release in memory: the real functions between fakes of every AWS service they call."""

from dataclasses import dataclass, field, replace
from typing import Any

from close_release.closing import CloseRelease
from localstack_codepipeline.model import ActionResult, RunAction
from open_release.handler import make_open_release
from open_release.opening import OpenRelease
from record_state_change.recording import STATE_CHANGE, RecordStateChange
from release_core.apply.advance import Advance
from release_core.apply.wiring import FunctionParts
from release_core.domain.release import Release
from release_core.plan.planner import Planner
from release_core.rollback.reader import RollbackReader
from release_core.strict_json import write_json
from run_pipeline.running import RunPipeline, Waiting
from tests.fakes.codepipeline import FakeCodePipeline, envelope
from tests.fakes.events import FakeEvents
from tests.fakes.s3 import FakeS3
from tests.fakes.step_functions import FakeStepFunctions, Outcome
from tests.worlds.ledger_world import RETENTION, TABLES, LedgerWorld

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


def _action(
    name: str, category: str, *, inputs: list[str] | None = None, outputs: list[str] | None = None
) -> dict[str, Any]:
    place = (
        {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
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
    """The fakes, the functions, and what plays the workflow, the pipelines and the events."""

    events: FakeEvents = field(default_factory=FakeEvents)
    s3: FakeS3 = field(default_factory=FakeS3)
    delivered: int = 0
    invocations: int = 0
    patterns: tuple[str, ...] = ("*",)

    def __post_init__(self) -> None:
        """Make the services and the pipelines."""
        super().__post_init__()
        self.step_functions = FakeStepFunctions(self.clock)
        self.codepipeline = FakeCodePipeline(self.clock, caller=f"{ROLE}/{STARTER}")
        for name in PIPELINES:
            self.codepipeline.create_pipeline(pipeline=declaration(name))

    # The functions

    def open_release(self, execution_arn: str) -> dict[str, Any]:
        """Invoke open_release for a workflow execution."""
        return self.opener()(execution_arn)

    def opener(self) -> OpenRelease:
        """The function open_release, to open a release or to wait until it can be."""
        return make_open_release(self.parts("open-release"), look_after_seconds=LOOK_AFTER)

    def rollbacks(self) -> RollbackReader:
        """What makes the manifest of a rollback, for the opening or for the operator."""
        parts = self.parts("release-machine")
        return RollbackReader(ledger=parts.reader, codepipeline=parts.codepipeline)

    def planner(self) -> Planner:
        """What plans a manifest, for a dry run or for the operator."""
        return self.opener().planner

    def run_pipeline(
        self, release_id: str, pipeline: str, token: str, *, wait_seconds: int = LOOK_AFTER
    ) -> None:
        """Invoke run_pipeline, as a try of its own."""
        parts = self.parts(STARTER)
        run_pipeline = RunPipeline(
            ledger=parts.ledger,
            advance=self.advance(parts),
            step_functions=parts.step_functions,
            clock=self.clock,
        )
        waiting = Waiting(
            task_token=token, wait_seconds=wait_seconds, look_after_seconds=LOOK_AFTER
        )
        run_pipeline(release_id, pipeline, waiting)

    def record_state_change(self, event: object) -> None:
        """Invoke record_state_change."""
        parts = self.parts("record-state-change")
        record = RecordStateChange(
            ledger=parts.ledger, advance=self.advance(parts), clock=self.clock
        )
        record(event)

    def close_release(self) -> CloseRelease:
        """The function close_release, to be called by the workflow or by an event."""
        parts = self.parts("close-release")
        return CloseRelease(
            ledger=parts.ledger,
            advance=self.advance(parts),
            step_functions=parts.step_functions,
            bus=parts.bus,
        )

    def advance(self, parts: FunctionParts) -> Advance:
        """What one more invocation decides and applies with."""
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
        }
        return FunctionParts(
            client=clients.__getitem__,
            tables=TABLES,
            clock=self.clock,
            patterns=self.patterns,
            name=function,
            retention=RETENTION,
            event_bus="default",
        )

    # The world around them

    def start(self, input_text: str) -> str:
        """Start a workflow execution with this input and answer its ARN."""
        started = self.step_functions.start_execution(stateMachineArn=MACHINE, input=input_text)
        return str(started["executionArn"])

    def begin(self, *pipelines: str | dict[str, Any], release_id: str = "r", **more: Any) -> str:
        """Open a release of these pipelines through the direct door; answers its execution."""
        manifest = {"releaseId": release_id, "pipelines": list(pipelines), **more}
        arn = self.start(write_json(manifest))
        assert self.open_release(arn)["outcome"] == "OPENED"
        return arn

    def wait(self, execution_arn: str, pipeline: str = "orders", release_id: str = "r") -> str:
        """Let the workflow come to the task of a pipeline; answers the token it waits with."""
        token = self.step_functions.wait_for_token(execution_arn)
        self.run_pipeline(release_id, pipeline, token)
        return token

    def play(self, pipeline: str, *, fail: ActionResult | None = None) -> None:
        """Let the newest actions of a pipeline end until none runs; Deploy fails if so told."""
        while running := [a for a in self.codepipeline.actions.values() if a.pipeline == pipeline]:
            self.finish(running[0], fail if running[0].stage == "Deploy" else None)

    def finish(self, action: RunAction, result: ActionResult | None = None) -> None:
        """Let one action end."""
        self.codepipeline.finish(action, result)

    def deliver(self) -> None:
        """Deliver all pipeline events that were not delivered yet, in order."""
        for event in self.undelivered():
            self.record_state_change(event)

    def undelivered(self) -> list[dict[str, Any]]:
        """The pipeline events since the last time, which now count as delivered."""
        new = self.codepipeline.events[self.delivered :]
        self.delivered = len(self.codepipeline.events)
        return [envelope(event) for event in new if event.detail_type == STATE_CHANGE]

    def outcome(self, token: str) -> Outcome | None:
        """How a token was settled, if it was."""
        return self.step_functions.task(token).outcome

    def release(self, release_id: str = "r") -> Release:
        """The release as the ledger has it."""
        release = self.ledger.get_release(release_id)
        assert release
        return release

    def executions_of(self, pipeline: str) -> list[dict[str, Any]]:
        """All executions that CodePipeline has of a pipeline, newest first."""
        answer = self.codepipeline.list_pipeline_executions(pipelineName=pipeline)
        found: list[dict[str, Any]] = answer["pipelineExecutionSummaries"]
        return found
