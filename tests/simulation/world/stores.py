"""The state of all AWS services, which can be saved, restored and compared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from localstack_codepipeline.model import ActionResult, EmitEvent, Revision
from localstack_codepipeline.model.state import ACTIVE, Execution
from release_core.clock import to_iso
from release_core.decide.timing import LOOK_LAG
from release_core.ledger.dynamodb import to_attributes
from tests.fakes.clock import FakeClock
from tests.fakes.codepipeline import FakeCodePipeline
from tests.fakes.codepipeline import Snapshot as CodePipelineSnapshot
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.dynamodb import Snapshot as DynamoDBSnapshot
from tests.fakes.events import FakeEvents
from tests.fakes.s3 import FakeS3
from tests.fakes.step_functions import FakeStepFunctions
from tests.fakes.step_functions import Snapshot as StepFunctionsSnapshot
from tests.simulation.scenarios import BEGINNING, Scenario
from tests.simulation.world.announced import count_orphans, facts_in
from tests.simulation.world.calendar import ScenarioCalendar
from tests.simulation.world.calls import Answer, Call
from tests.simulation.world.functions import deployed_name
from tests.simulation.world.hashes import Hashes
from tests.worlds.approvals import gated
from tests.worlds.gates import GATE
from tests.worlds.ledger_world import KEYS, make_tables
from tests.worlds.release_world import declaration

type Item = Mapping[str, Any]

# The status of an execution that was deleted with its pipeline before it ended.
DELETED = "Deleted"

# The revision with which a pipeline has succeeded before the beginning.
GOOD_BEFORE = "before {}"
# The revision that an execution ships which a person has started.
BY_HAND = "by hand {}"

# Seconds after which CodePipeline retries a failed stage by itself.
RETRY_AFTER = 20

CHANGES_CODEPIPELINE = {
    "start_pipeline_execution",
    "stop_pipeline_execution",
    "retry_stage_execution",
}
CHANGES_DYNAMODB = {
    "put_item",
    "update_item",
    "transact_write_items",
}
LATE_READS = {
    "get_pipeline_execution",
    "list_action_executions",
    "list_pipeline_executions",
}
_SETTLES = {"send_task_success", "send_task_failure"}


class Earlier(NamedTuple):
    """CodePipeline before its last change, which a late look may still show."""

    codepipeline: CodePipelineSnapshot
    changed_at: datetime


class Saved(NamedTuple):
    """A state of all services."""

    dynamodb: DynamoDBSnapshot
    codepipeline: CodePipelineSnapshot
    step_functions: StepFunctionsSnapshot
    announced: tuple[dict[str, Any], ...]
    now: datetime
    earlier: "Earlier | None"
    deleted: Mapping[str, Execution]


class Stores:
    """The fakes of all services, with the pipelines of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._is_late = "late" in scenario.faults
        self._earlier: Earlier | None = None
        self.deleted: Mapping[str, Execution] = {}
        self.clock = FakeClock(BEGINNING)
        self.dynamodb = FakeDynamoDB(check_parameters=False)
        make_tables(self.dynamodb)
        self.step_functions = FakeStepFunctions(self.clock, check_parameters=False)
        self.codepipeline = FakeCodePipeline(self.clock, check_parameters=False)
        if scenario.strands:
            self.codepipeline.leaves_executions_at_update()
        self.codepipeline.set_retry_after(RETRY_AFTER)
        for name in scenario.pipelines:
            declared = gated(name=name) if name in scenario.gated else declaration(name)
            if scenario.on_stage_failure:
                declared["stages"][-1]["onFailure"] = {"result": scenario.on_stage_failure}
            if any(each.startswith("skip") for each in scenario.outcomes):
                declared["stages"][-1]["beforeEntry"] = GATE
            self.codepipeline.create_pipeline(pipeline=declared)
        succeeded = {}
        if scenario.on_stage_failure == "ROLLBACK":
            succeeded = {name: self._succeed_before(name) for name in scenario.pipelines}
        for name in scenario.good:
            good = _good_before(name, succeeded.get(name, f"of {name}"))
            self.dynamodb.put_item(TableName="pipelines", Item=to_attributes(good))
        self.events = FakeEvents(check_parameters=False)
        self._clients = {
            "dynamodb": self.dynamodb,
            "stepfunctions": self.step_functions,
            "codepipeline": self.codepipeline,
            "events": self.events,
            "s3": FakeS3(),
            "ssm": ScenarioCalendar(scenario, self.clock),
        }
        self._codepipeline_at: CodePipelineSnapshot | None = None
        self._step_functions_at: StepFunctionsSnapshot | None = None

    def _succeed_before(self, pipeline: str) -> str:
        """Let an execution succeed to which CodePipeline can roll back, before the beginning."""
        started = self.codepipeline.start_pipeline_execution(name=pipeline)
        result = ActionResult(revision=Revision(GOOD_BEFORE.format(pipeline)))
        while running := list(self.codepipeline.actions.values()):
            self.codepipeline.finish(running[0], result)
        self.codepipeline.events = []
        return str(started["pipelineExecutionId"])

    def perform(self, call: Call, function: str) -> Answer:
        """Let a function's call take effect; return its answer."""
        if call.method in CHANGES_CODEPIPELINE:
            self._keep_earlier()
        return self._perform(call, function)

    def _perform(self, call: Call, function: str) -> Answer:
        if call.method in CHANGES_CODEPIPELINE:
            self._codepipeline_at = None
            name = deployed_name(function)
            self.codepipeline.caller = f"arn:aws:sts::000000000000:assumed-role/{name}/{name}"
        elif call.method in _SETTLES:
            self._step_functions_at = None
        try:
            value = getattr(self._clients[call.service], call.method)(**call.request)
        except ClientError as error:
            error.__context__ = None  # it holds references to frames
            return Answer(self.clock(), error=error.with_traceback(None))
        return Answer(self.clock(), value)

    @property
    def shows_earlier(self) -> bool:
        """Whether a look may still show CodePipeline as it was before its last change."""
        return self._earlier is not None and self.clock() - self._earlier.changed_at < LOOK_LAG

    def perform_late(self, call: Call, function: str) -> Answer:
        """Return the answer that CodePipeline would have given before its last change.

        A call that has an effect must be one that `does_not_find` its execution.
        """
        assert self._earlier
        current = self.codepipeline.snapshot()
        self.codepipeline.restore(self._earlier.codepipeline)
        answer = self._perform(call, function)
        self.codepipeline.restore(current)
        return answer

    def does_not_find(self, call: Call) -> bool:
        """Whether the execution of a call did not exist before the last change."""
        assert self._earlier
        pipeline = self._earlier.codepipeline.model.pipelines.get(call.request["pipelineName"])
        return pipeline is None or call.request["pipelineExecutionId"] not in pipeline.executions

    def _keep_earlier(self) -> None:
        if self._is_late:
            self._earlier = Earlier(self.codepipeline.snapshot(), self.clock())

    def change_codepipeline(self) -> FakeCodePipeline:
        """Return CodePipeline, to be changed from outside the functions."""
        self._keep_earlier()
        self._codepipeline_at = None
        return self.codepipeline

    def delete_pipeline(self, pipeline: str) -> None:
        """Delete a pipeline; keep its executions for the promises, as they were."""
        codepipeline = self.change_codepipeline()
        for execution in codepipeline.executions(pipeline):
            last = execution.clone()
            last.status = DELETED if last.status in ACTIVE else last.status
            self.deleted = {**self.deleted, execution.id: last}
        codepipeline.delete_pipeline(name=pipeline)

    def change_step_functions(self) -> FakeStepFunctions:
        """Return Step Functions, to be changed by the workflow."""
        self._step_functions_at = None
        return self.step_functions

    def item(self, table: str, *key: str) -> Item | None:
        """Return a stored item by its key."""
        named = zip(KEYS[table], key, strict=True)
        return self.dynamodb.stored_item(table, {name: {"S": value} for name, value in named})

    def releases(self) -> Mapping[str, Mapping[str, Item]]:
        """Return the items of the releases table, by release and then by item."""
        return self.dynamodb.snapshot()["releases"]  # type: ignore[return-value]  # keyed by text

    def execution(self, pipeline: str, execution_id: str) -> Execution:
        """Return the current state of an execution, or the last one before it was deleted."""
        last = self.deleted.get(execution_id)
        return last or self.codepipeline.execution(pipeline, execution_id)

    def executions(self, pipeline: str) -> tuple[Execution, ...]:
        """Return the executions of a pipeline, the oldest first; they must not be changed."""
        return self.codepipeline.executions(pipeline)

    def emitted(self) -> list[EmitEvent]:
        """Return the events that CodePipeline has emitted since the last call."""
        new, self.codepipeline.events = self.codepipeline.events, []
        return new

    def save(self) -> Saved:
        """Return the state, for restore()."""
        if self._codepipeline_at is None:
            self._codepipeline_at = self.codepipeline.snapshot()
        if self._step_functions_at is None:
            self._step_functions_at = self.step_functions.snapshot()
        return Saved(
            self.dynamodb.snapshot(),
            self._codepipeline_at,
            self._step_functions_at,
            tuple(self.events.entries),
            self.clock(),
            self._earlier,
            self.deleted,
        )

    def restore(self, saved: Saved) -> None:
        """Restore a state, any number of times."""
        self.dynamodb.restore(saved.dynamodb)
        if self._codepipeline_at is not saved.codepipeline:
            self.codepipeline.restore(saved.codepipeline)
            self._codepipeline_at = saved.codepipeline
        if self._step_functions_at is not saved.step_functions:
            self.step_functions.restore(saved.step_functions)
            self._step_functions_at = saved.step_functions
        self.events.entries = list(saved.announced)
        self.clock.set(saved.now)
        self._earlier = saved.earlier
        self.deleted = saved.deleted


def _good_before(pipeline: str, execution_id: str) -> dict[str, Any]:
    """Return the item of a pipeline in which release "before" has succeeded."""
    revision = {
        "artifact": "app",
        "revision": GOOD_BEFORE.format(pipeline),
        "action": "Fetch",
        "type": "S3_OBJECT_VERSION_ID",
    }
    good = {
        "release_id": "before",
        "execution_id": execution_id,
        "at": to_iso(BEGINNING),
        "revisions": [revision],
        "variables": {},
    }
    started = to_iso(BEGINNING)
    return {"pipeline": pipeline, "last_good": good, "last_good_started": started}


class Fingerprints:
    """Hashes of saved states; parts that states share are hashed once."""

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes

    def of(self, saved: Saved) -> int:
        """Return a number that is the same for equal states, and almost never for others."""
        tables = tuple(
            (name, self._hashes.of(partitions, self._describe_partitions))
            for name, partitions in saved.dynamodb.items()
        )
        return hash(
            (
                tables,
                self._hashes.of(saved.codepipeline, str),
                self._hashes.of(saved.step_functions, repr),
                facts_in(saved.announced),
                count_orphans(saved.announced),
                saved.now,
                saved.earlier and self._hashes.of(saved.earlier, str),
                frozenset((name, each.status) for name, each in saved.deleted.items()),
            )
        )

    def _describe_partitions(self, partitions: Mapping[Any, Any]) -> object:
        return frozenset(
            (key, self._hashes.of(partition, self._describe_partition))
            for key, partition in partitions.items()
        )

    def _describe_partition(self, partition: Mapping[Any, Item]) -> object:
        return frozenset((key, self._hashes.of_item(item)) for key, item in partition.items())
