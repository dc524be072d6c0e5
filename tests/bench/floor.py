"""The floor: the fastest way from the end of a pipeline to a settled token that this design has.

A rule gets the event of the pipeline's end and invokes a function of three lines. The rule itself
gives it the token, so the function reads nothing, records nothing and decides nothing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench.own_function import own_function
from tests.e2e.account.account import Account
from tests.e2e.account.faults import PIPELINE_STATE_CHANGE
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import ROLE, unique

STATE = "WaitForPipeline"


@dataclass(frozen=True)
class Floor:
    """A workflow that waits for one token, and the rule that sends it back."""

    account: Account
    pipeline: str
    function: str
    machine: str
    queue: str
    rule: str

    def start(self) -> str:
        """Give the rule a new token, then start the pipeline; return the workflow execution."""
        execution = self.account.step_functions.start_execution(stateMachineArn=self.machine)
        token = wait_until("the token is in the queue", self._token)
        target = {"Id": "floor", "Arn": self.function, "Input": json.dumps({"token": token})}
        self.account.events.put_targets(Rule=self.rule, Targets=[target])  # type: ignore[list-item]  # a plain dict
        self.account.codepipeline.start_pipeline_execution(name=self.pipeline)
        return execution["executionArn"]

    def _token(self) -> str | None:
        sqs = self.account.sqs
        for message in sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=1).get(
            "Messages", []
        ):
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            return message["Body"]
        return None


@contextmanager
def floor(account: Account, pipeline: str) -> Iterator[Floor]:
    """Create what the floor needs for one pipeline; delete it at the end."""
    name = unique("bench-floor")
    queue = account.sqs.create_queue(QueueName=name)["QueueUrl"]
    machine = account.step_functions.create_state_machine(
        name=name, definition=json.dumps(_waiting(queue)), roleArn=ROLE
    )["stateMachineArn"]
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": [PIPELINE_STATE_CHANGE],
        "detail": {"pipeline": [pipeline], "state": ["SUCCEEDED"]},
    }
    rule = account.events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    try:
        with own_function(account, "send_back") as function:
            account.functions.add_permission(
                FunctionName=function,
                StatementId="rule",
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=rule,
            )
            yield Floor(account, pipeline, function, machine, queue, name)
    finally:
        account.events.remove_targets(Rule=name, Ids=["floor"])
        account.events.delete_rule(Name=name)
        account.step_functions.delete_state_machine(stateMachineArn=machine)
        account.sqs.delete_queue(QueueUrl=queue)


def _waiting(queue: str) -> dict[str, object]:
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody.$": "$$.Task.Token"},
        "TimeoutSeconds": 600,
        "End": True,
    }
    return {"StartAt": STATE, "States": {STATE: wait}}
