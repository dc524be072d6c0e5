"""Polling: the classic design with which releases of pipelines are built without task tokens."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench.own_function import own_function
from tests.e2e.account.account import Account
from tests.e2e.releasing.pipelines import ROLE, unique

# The wait of the classic design. Here it is shortened, and results are scaled by Loop's formulas.
CLASSIC_WAIT_SECONDS = 30


@dataclass(frozen=True)
class Polling:
    """Two state machines: one loop for a whole release, and a Map with a loop for each pipeline."""

    account: Account
    function: str
    one_loop: str
    loop_each: str

    def start(self, machine: str, pipelines: Sequence[str]) -> str:
        """Release pipelines with one of the machines; return the ARN of the execution."""
        return self.account.step_functions.start_execution(
            stateMachineArn=machine, input=json.dumps({"pipelines": pipelines})
        )["executionArn"]


@contextmanager
def polling(account: Account, *, wait_seconds: int) -> Iterator[Polling]:
    """Create function and machines; delete them at the end."""
    machines = account.step_functions
    with own_function(account, "poll") as function:
        loop = _loop(function, wait_seconds)
        definitions = (loop, _each(loop))
        arns = [
            machines.create_state_machine(
                name=unique("bench-polling"), definition=json.dumps(each), roleArn=ROLE
            )["stateMachineArn"]
            for each in definitions
        ]
        try:
            yield Polling(account, function, *arns)
        finally:
            for arn in arns:
                machines.delete_state_machine(stateMachineArn=arn)


def _loop(function: str, wait_seconds: int) -> dict[str, Any]:
    call = {"Type": "Task", "Resource": function}
    return {
        "StartAt": "Start",
        "States": {
            "Start": {**call, "Next": "Wait"},
            "Wait": {"Type": "Wait", "Seconds": wait_seconds, "Next": "Check"},
            "Check": {**call, "Next": "HaveEnded"},
            "HaveEnded": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.ended", "BooleanEquals": True, "Next": "Ended"}],
                "Default": "Wait",
            },
            "Ended": {"Type": "Succeed"},
        },
    }


def _each(loop: dict[str, Any]) -> dict[str, Any]:
    run = {
        "Type": "Map",
        "ItemsPath": "$.pipelines",
        "ItemSelector": {"pipelines.$": "States.Array($$.Map.Item.Value)"},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **loop},
        "End": True,
    }
    return {"StartAt": "Run", "States": {"Run": run}}
