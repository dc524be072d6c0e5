"""The model as a whole: pure, deterministic, and consistent in every history."""

import copy
import itertools
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localstack_codepipeline.model import ActionResult, ApiError
from shop import FAILED, Json, Shop, condition, declare, deploy, rule, stage

ENDED = {"SUCCEEDED", "SUPERSEDED", "CANCELED", "FAILED", "STOPPED"}

# The states that may follow each state in the events of one execution; "" is the start.
FOLLOWING = {
    "": {"STARTED"},
    "STARTED": ENDED | {"STOPPING"},
    "RESUMED": ENDED | {"STOPPING"},
    "STOPPING": {"STOPPED", "CANCELED"},
    "FAILED": {"RESUMED"},
    "STOPPED": {"RESUMED"},
}


def test_model_needs_neither_localstack_nor_botocore() -> None:
    """Importing the model loads neither LocalStack, nor botocore, nor threads."""
    code = (
        "import sys, localstack_codepipeline.model; "
        "print([n for n in ('localstack', 'botocore', 'boto3', 'threading') if n in sys.modules])"
    )
    path = f"import sys; sys.path[:0] = {sys.path!r}; "
    done = subprocess.run(
        [sys.executable, "-S", "-c", path + code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_clone_is_independent() -> None:
    """Clones do not change the original, and the same steps give the same events in each clone."""
    shop = Shop()
    execution = shop.start()
    first, second = shop.clone(), shop.clone()
    for twin in (first, second):
        fetch, *_ = twin.open.values()
        twin.finish(fetch)
        twin.finish(next(iter(twin.open.values())))
    assert first.events == second.events
    assert first.events[-1].state == "SUCCEEDED"
    assert len(shop.events) == 3
    assert shop.running("Fetch").execution_id == execution


def test_changes_of_a_clone_do_not_reach_the_original() -> None:
    """Retry, stop and a closed transition in a clone change no answer of the original."""
    shop = Shop(executionMode="QUEUED")
    executions = [shop.start(clientRequestToken=f"t{number}") for number in range(3)]
    shop.end("Fetch")
    shop.end("Publish", FAILED)

    def answers() -> list[Json]:
        named = [shop.call(one, name="shop") for one in ("GetPipelineState", "GetPipeline")]
        listed = shop.call("ListActionExecutions", pipelineName="shop")
        return copy.deepcopy([*named, listed])

    before = answers()
    twin = shop.clone()
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


def test_rejected_call_changes_nothing() -> None:
    """A call that raises an error leaves the model unchanged."""
    shop = Shop()
    shop.start()
    before = shop.clone()
    twice = [{"name": "A", "value": "x"}] * 2
    for request in ({"name": "nope"}, {"name": "shop", "variables": twice}):
        with pytest.raises(ApiError):
            shop.call("StartPipelineExecution", **request)
    for one in (before, shop):
        one.call("StartPipelineExecution", name="shop")
    assert before.events == shop.events


class Walk:
    """A random history of one pipeline; each step is chosen by numbers."""

    def __init__(self, mode: str, automation: Json) -> None:
        self.later = stage("Deploy", deploy(), **automation)
        self.shop = Shop(self.later, executionMode=mode)
        self.mode = mode
        self.executions: list[str] = []

    def step(self, kind: str, choice: int) -> None:
        """Do one step; an error of CodePipeline is allowed."""
        self.shop.pass_time(1)
        try:
            getattr(self, kind)(choice)
        except ApiError:
            return

    def begin(self, choice: int) -> None:
        """Start an execution."""
        self.executions.append(self.shop.start())

    def succeed(self, choice: int) -> None:
        """Let an action succeed."""
        self._finish(choice, ActionResult())

    def fail(self, choice: int) -> None:
        """Let an action fail."""
        self._finish(choice, FAILED)

    def stop(self, choice: int) -> None:
        """Stop an execution, with or without abandon."""
        self._on(choice, "StopPipelineExecution", abandon=bool(choice % 2))

    def retry(self, choice: int) -> None:
        """Retry a stage."""
        stage = ("Source", "Deploy")[choice % 2]
        mode = ("FAILED_ACTIONS", "ALL_ACTIONS")[choice // 2 % 2]
        self._on(choice, "RetryStageExecution", stageName=stage, retryMode=mode)

    def update(self, choice: int) -> None:
        """Update the pipeline with the same structure."""
        self.shop.call("UpdatePipeline", pipeline=declare(self.later, executionMode=self.mode))

    def override(self, choice: int) -> None:
        """Override a condition."""
        kind = ("BEFORE_ENTRY", "ON_SUCCESS")[choice % 2]
        self._on(choice, "OverrideStageCondition", stageName="Deploy", conditionType=kind)

    def roll_back(self, choice: int) -> None:
        """Roll a stage back."""
        if self.executions:
            target = self.executions[choice % len(self.executions)]
            named = {"pipelineName": "shop", "stageName": ("Source", "Deploy")[choice % 2]}
            self.shop.call("RollbackStage", **named, targetPipelineExecutionId=target)

    def _finish(self, choice: int, result: ActionResult) -> None:
        if open_actions := list(self.shop.open.values()):
            self.shop.finish(open_actions[choice % len(open_actions)], result)

    def _on(self, choice: int, operation: str, **request: Any) -> None:
        if self.executions:
            execution = self.executions[choice % len(self.executions)]
            named = {"pipelineName": "shop", "pipelineExecutionId": execution}
            self.shop.call(operation, **named, **request)


STEPS = st.tuples(
    st.sampled_from(
        [
            *("begin", "begin", "succeed", "succeed", "succeed", "fail", "stop", "retry"),
            *("update", "override", "roll_back"),
        ]
    ),
    st.integers(0, 40),
)
AUTOMATION = st.fixed_dictionaries(
    {},
    optional={
        "beforeEntry": st.sampled_from([condition("FAIL", rule()), condition("SKIP", rule())]),
        "onSuccess": st.sampled_from([condition("FAIL", rule()), condition("ROLLBACK", rule())]),
        "onFailure": st.sampled_from(
            [{"result": "RETRY"}, {"result": "ROLLBACK"}, condition("SKIP", rule())]
        ),
    },
)


@settings(max_examples=150, deadline=None)
@given(
    mode=st.sampled_from(["SUPERSEDED", "QUEUED", "PARALLEL"]),
    automation=AUTOMATION,
    steps=st.lists(STEPS, max_size=40),
)
def test_every_history_keeps_the_rules(
    mode: str, automation: Json, steps: list[tuple[str, int]]
) -> None:
    """Events follow AWS's order, one execution holds a stage, and every execution ends."""
    walk = Walk(mode, automation)
    for kind, choice in steps:
        walk.step(kind, choice)
        held = Counter(action.stage for action in walk.shop.open.values())
        assert mode == "PARALLEL" or all(count == 1 for count in held.values())
    while walk.shop.open:
        walk.succeed(0)
    for execution in {event.detail["execution-id"]: None for event in walk.shop.events}:
        states = [""] + [
            event.state
            for event in walk.shop.events
            if event.detail["execution-id"] == execution and "stage" not in event.detail
        ]
        for earlier, later in itertools.pairwise(states):
            assert later in FOLLOWING.get(earlier, set()), states
        assert states[-1] in ENDED
