"""The model as a whole: pure, repeatable, and true to its rules whatever happens."""

import copy
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localstack_codepipeline.model import (
    ActionResult,
    CodePipelineError,
    CodePipelineModel,
    RunAction,
    SequentialIds,
)
from localstack_codepipeline.model.driver import Driver

Json = dict[str, Any]
Shop = Callable[..., Driver]
Start = Callable[..., str]
Running = Callable[..., RunAction]

ENDED = {"SUCCEEDED", "SUPERSEDED", "CANCELED", "FAILED", "STOPPED"}

# What may follow what in the events of one execution; "" is its beginning.
FOLLOWING = {
    "": {"STARTED"},
    "STARTED": ENDED | {"STOPPING"},
    "RESUMED": ENDED | {"STOPPING"},
    "STOPPING": {"STOPPED", "CANCELED"},
    "FAILED": {"RESUMED"},
    "STOPPED": {"RESUMED"},
}


def test_model_needs_neither_localstack_nor_botocore() -> None:
    """A fresh interpreter imports the model without them, so that simulations can use it."""
    code = (
        "import sys, localstack_codepipeline.model.driver; "
        "print([n for n in ('localstack', 'botocore', 'boto3', 'threading') if n in sys.modules])"
    )
    path = f"import sys; sys.path[:0] = {sys.path!r}; "
    done = subprocess.run(
        [sys.executable, "-S", "-c", path + code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_clone_goes_its_own_way(shop: Shop, start: Start, running: Running) -> None:
    """What happens to the copy does not happen to the original, and both repeat exactly."""
    driver = shop()
    execution = start()
    first, second = driver.clone(), copy.deepcopy(driver)
    for twin in (first, second):
        fetch, *_ = twin.open.values()
        twin.finish(fetch)
        twin.finish(next(iter(twin.open.values())))
    assert first.events == second.events
    assert first.events[-1].state == "SUCCEEDED"
    assert len(driver.events) == 3
    assert running("Fetch").execution_id == execution


def test_nothing_of_a_clone_reaches_the_original(
    shop: Shop, start: Start, running: Running
) -> None:
    """Whatever the copy goes through, all that the original answers stays the same."""
    driver = shop(executionMode="QUEUED")
    executions = [start(clientRequestToken=f"t{number}") for number in range(3)]
    driver.finish(running("Fetch"))
    driver.finish(running("Publish"), ActionResult("JobFailed", "no"))

    def answers() -> list[Json]:
        named = [driver.call(one, name="shop") for one in ("GetPipelineState", "GetPipeline")]
        listed = driver.call("ListActionExecutions", pipelineName="shop")
        return copy.deepcopy([*named, listed])

    before = answers()
    twin = driver.clone()
    twin.call(
        "RetryStageExecution",
        pipelineName="shop",
        stageName="Deploy",
        pipelineExecutionId=executions[0],
        retryMode="ALL_ACTIONS",
    )
    twin.call("StopPipelineExecution", pipelineName="shop", pipelineExecutionId=executions[1])
    twin.call(
        "DisableStageTransition",
        pipelineName="shop",
        stageName="Deploy",
        transitionType="Inbound",
        reason="frozen",
    )
    while twin.open:
        twin.finish(next(iter(twin.open.values())))
    assert answers() == before


def test_refused_call_changes_nothing(shop: Shop, start: Start) -> None:
    """An error leaves the model as it was."""
    driver = shop()
    start()
    before = driver.clone()
    for request in ({"name": "nope"}, {"name": "shop", "variables": [{"name": "A", "value": ""}]}):
        with pytest.raises(CodePipelineError):
            driver.call("StartPipelineExecution", **request)
    for one in (before, driver):
        one.call("StartPipelineExecution", name="shop")
    assert before.events == driver.events


class Walk:
    """One random history of one pipeline; every step is a choice of numbers."""

    def __init__(self, mode: str, declare: Callable[..., Json]) -> None:
        self.driver = Driver(CodePipelineModel(ids=SequentialIds(), starts_on_create=False))
        self.mode = mode
        self.declare = declare
        self.executions: list[str] = []
        self.driver.call("CreatePipeline", pipeline=declare(executionMode=mode))

    def step(self, kind: str, choice: int) -> None:
        """Do one thing; what AWS refuses is refused."""
        self.driver.pass_time(1)
        try:
            getattr(self, kind)(choice)
        except CodePipelineError:
            return

    def begin(self, choice: int) -> None:
        """Start an execution."""
        answer = self.driver.call("StartPipelineExecution", name="shop")
        self.executions.append(answer["pipelineExecutionId"])

    def succeed(self, choice: int) -> None:
        """Let an action succeed."""
        self._finish(choice, ActionResult())

    def fail(self, choice: int) -> None:
        """Let an action fail."""
        self._finish(choice, ActionResult("JobFailed", "no"))

    def stop(self, choice: int) -> None:
        """Stop an execution, gently or not."""
        self._on(choice, "StopPipelineExecution", abandon=bool(choice % 2))

    def retry(self, choice: int) -> None:
        """Retry a stage."""
        stage = ("Source", "Deploy")[choice % 2]
        mode = ("FAILED_ACTIONS", "ALL_ACTIONS")[choice // 2 % 2]
        self._on(choice, "RetryStageExecution", stageName=stage, retryMode=mode)

    def update(self, choice: int) -> None:
        """Give the pipeline the same structure as a new version."""
        self.driver.call("UpdatePipeline", pipeline=self.declare(executionMode=self.mode))

    def _finish(self, choice: int, result: ActionResult) -> None:
        if open_actions := list(self.driver.open.values()):
            self.driver.finish(open_actions[choice % len(open_actions)], result)

    def _on(self, choice: int, operation: str, **request: Any) -> None:
        if self.executions:
            execution = self.executions[choice % len(self.executions)]
            named = {"pipelineName": "shop", "pipelineExecutionId": execution}
            self.driver.call(operation, **named, **request)


STEPS = st.tuples(
    st.sampled_from(["begin", "begin", "succeed", "succeed", "fail", "stop", "retry", "update"]),
    st.integers(0, 40),
)


@settings(max_examples=150, deadline=None)
@given(
    mode=st.sampled_from(["SUPERSEDED", "QUEUED", "PARALLEL"]), steps=st.lists(STEPS, max_size=40)
)
def test_every_history_keeps_the_rules(
    mode: str, steps: list[tuple[str, int]], shapes: Json
) -> None:
    """Events of an execution follow each other as on AWS, stages are held by one, and all ends."""
    walk = Walk(mode, shapes["declare"])
    for kind, choice in steps:
        walk.step(kind, choice)
        held = Counter(action.stage for action in walk.driver.open.values())
        assert mode == "PARALLEL" or all(count == 1 for count in held.values())
    while walk.driver.open:
        walk.succeed(0)
    for execution in walk.executions:
        states = [""] + [
            event.state
            for event in walk.driver.events
            if event.detail["execution-id"] == execution and "stage" not in event.detail
        ]
        for earlier, later in itertools.pairwise(states):
            assert later in FOLLOWING.get(earlier, set()), states
        assert states[-1] in ENDED
