"""The state of one account in one Region: pipelines, executions, runs of actions.

Records are flat, and the values in them are replaced, never changed in place. So a clone copies the
records and shares the values.
"""

import copy
import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import uuid4

from localstack_codepipeline.model.effects import ActionResult, Artifact, Effect, Json, Revision
from localstack_codepipeline.model.errors import ApiError

ACTIVE = ("InProgress", "Stopping")


@dataclass(slots=True)
class ActionRun:
    """One run of one action; a retry makes another run. `result` is what is known of it so far.

    `token` answers a manual approval; GetPipelineState shows both from `token_shown_at` on.
    `is_dead` is an approval that can no longer be answered although its execution goes on.
    A run of a rule has the same members; `condition` is then the type of its condition.
    """

    id: str
    execution_id: str
    attempt: int
    version: int
    stage: str
    declaration: Json
    started_at: datetime
    updated_at: datetime
    deadline: datetime
    status: str = "InProgress"
    configuration: Json = field(default_factory=dict)
    inputs: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    token: str = ""
    token_shown_at: datetime | None = None
    is_dead: bool = False
    job_id: str = ""
    percent: int | None = None
    result: ActionResult = field(default_factory=ActionResult)
    condition: str = ""

    @property
    def action(self) -> str:
        """Return the action's name."""
        return str(self.declaration["name"])


@dataclass(slots=True)
class ConditionRun:
    """The state of one condition of a stage; `runs` holds each rule's run."""

    updated_at: datetime
    status: str = "InProgress"
    summary: str = ""
    runs: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Tell whether the condition lets the stage go on."""
        return self.status in ("Succeeded", "Overridden")

    def clone(self) -> "ConditionRun":
        """Return an independent copy."""
        return dataclasses.replace(self, runs=dict(self.runs))


@dataclass(slots=True)
class StageRun:
    """The state of one execution in one stage; `runs` holds each action's latest run.

    `conditions` has the types of the conditions that were checked as keys.
    """

    started_at: datetime
    status: str = "InProgress"
    runs: dict[str, str] = field(default_factory=dict)
    retried_at: datetime | None = None
    conditions: dict[str, ConditionRun] = field(default_factory=dict)
    automatic_retries: int = 0
    manual_retries: int = 0
    retry_trigger: str = ""

    def clone(self) -> "StageRun":
        """Return an independent copy."""
        conditions = {kind: condition.clone() for kind, condition in self.conditions.items()}
        return dataclasses.replace(self, runs=dict(self.runs), conditions=conditions)


@dataclass(slots=True)
class Execution:
    """One execution; `stage_index` is the stage that it is in, or waits for if `waiting`.

    `rollback_target` is the execution to which a rollback returns a stage; it runs only that stage.
    At `retry_at` a failed stage is retried automatically.
    """

    id: str
    version: int
    declaration: Json
    mode: str
    trigger_type: str
    trigger_detail: str
    variables: Json
    overrides: tuple[Json, ...]
    started_at: datetime
    updated_at: datetime
    status: str = "InProgress"
    status_summary: str = ""
    attempt: int = 1
    retried_at: datetime | None = None
    stage_index: int = 0
    waiting: bool = True
    abandoning: bool = False
    stop_reason: str | None = None
    rollback_target: str = ""
    retry_at: datetime | None = None
    stages: dict[str, StageRun] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    namespaces: dict[str, Json] = field(default_factory=dict)
    revisions: dict[str, Revision] = field(default_factory=dict)

    @property
    def type(self) -> str | None:
        """Return the type of the execution. Seen on AWS: a standard one has none."""
        return "ROLLBACK" if self.rollback_target else None

    @property
    def stage(self) -> Json:
        """Return the declaration of that stage."""
        stage: Json = self.declaration["stages"][self.stage_index]
        return stage

    @property
    def stage_run(self) -> StageRun:
        """Return the state of that stage, which the execution has entered."""
        return self.stages[self.stage["name"]]

    def clone(self) -> "Execution":
        """Return an independent copy."""
        twin = copy.copy(self)
        twin.stages = {name: stage.clone() for name, stage in self.stages.items()}
        twin.artifacts = dict(self.artifacts)
        twin.namespaces = dict(self.namespaces)
        twin.revisions = dict(self.revisions)
        return twin


@dataclass(slots=True)
class Pipeline:
    """A pipeline, its versions and its executions.

    `holders`, `latest` and `waiting` have stages as keys: the execution that holds the stage's
    lock, the one that entered last, and those that wait. `closed` holds disabled transitions.
    """

    name: str
    created: datetime
    updated: datetime
    version: int
    versions: dict[int, Json]
    tags: dict[str, str] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    runs: dict[str, ActionRun] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, tuple[str, ...]] = field(default_factory=dict)
    closed: dict[str, Json] = field(default_factory=dict)

    @property
    def declaration(self) -> Json:
        """Return the current version of the structure."""
        return self.versions[self.version]

    def execution(self, execution_id: str) -> Execution:
        """Return the execution, or raise PipelineExecutionNotFoundException."""
        if execution_id not in self.executions:
            text = f"The pipeline '{self.name}' has no execution with ID '{execution_id}'"
            raise ApiError("PipelineExecutionNotFoundException", text)
        return self.executions[execution_id]

    def stage(self, name: str) -> Json:
        """Return the stage as now declared, or raise StageNotFoundException."""
        for stage in self.declaration["stages"]:
            if stage["name"] == name:
                found: Json = stage
                return found
        text = f"The pipeline '{self.name}' has no stage '{name}'"
        raise ApiError("StageNotFoundException", text)

    def clone(self) -> "Pipeline":
        """Return an independent copy."""
        twin = copy.copy(self)
        twin.versions = dict(self.versions)
        twin.tags = dict(self.tags)
        twin.executions = {key: value.clone() for key, value in self.executions.items()}
        twin.runs = {key: copy.copy(value) for key, value in self.runs.items()}
        for name in ("requests", "holders", "latest", "waiting", "closed"):
            setattr(twin, name, dict(getattr(self, name)))
        return twin


class Job(NamedTuple):
    """A job of a Lambda action; `answer` is whether it succeeded, and the result as reported."""

    pipeline: str
    run_id: str
    answer: tuple[bool, Any] | None = None


@dataclass(slots=True)
class Webhook:
    """A webhook; its definition is as it was put."""

    definition: Json
    url: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Estate:
    """All pipelines of one account in one Region; `jobs` has the ids of jobs as keys.

    `starts_on_create` decides whether a new pipeline starts its first execution by itself, as it
    does on AWS. `update_cancels` decides whether UpdatePipeline cancels running executions, as the
    user guide says, or leaves them in progress, as was seen on AWS. `last_id` makes identifiers
    count from it, so that a history can be repeated exactly; with None they are random.
    `retry_after` is the number of seconds between the failure of a stage and its automatic retry.
    """

    account: str = "000000000000"
    region: str = "us-east-1"
    starts_on_create: bool = True
    update_cancels: bool = True
    last_id: int | None = None
    retry_after: float = 0
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)

    def pipeline(self, name: str) -> Pipeline:
        """Return the pipeline, or raise PipelineNotFoundException."""
        if name not in self.pipelines:
            text = f"Account '{self.account}' does not have a pipeline with name '{name}'"
            raise ApiError("PipelineNotFoundException", text)
        return self.pipelines[name]

    def arn(self, name: str) -> str:
        """Return the ARN of the pipeline of that name."""
        others = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        found = (others[start] for start in others if self.region.startswith(start))
        return f"arn:{next(found, 'aws')}:codepipeline:{self.region}:{self.account}:{name}"

    def new_id(self) -> str:
        """Return a new identifier, shaped as a UUID."""
        if self.last_id is None:
            return str(uuid4())
        self.last_id += 1
        return f"00000000-0000-4000-8000-{self.last_id:012x}"

    def clone(self) -> Self:
        """Return an independent copy; it shares immutable data, so it is cheap."""
        pipelines = {name: pipeline.clone() for name, pipeline in self.pipelines.items()}
        webhooks = {
            name: dataclasses.replace(webhook, tags=dict(webhook.tags))
            for name, webhook in self.webhooks.items()
        }
        return dataclasses.replace(
            self, pipelines=pipelines, webhooks=webhooks, jobs=dict(self.jobs)
        )


@dataclass(slots=True)
class Turn:
    """One step of the model: its time, its caller, and the effects it collects."""

    estate: Estate
    now: datetime
    caller: str = ""
    effects: list[Effect] = field(default_factory=list)

    def later(self, **duration: Any) -> datetime:
        """Return the moment that is this much later than now."""
        return self.now + timedelta(**duration)
