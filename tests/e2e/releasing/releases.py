"""Hands manifests in through each channel, and follows their workflow executions."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.signed_requests import Answer, post
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import unique

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        HistoryEventTypeDef,
    )


@dataclass
class Releases:
    """Hands manifests in and remembers each execution for the report of a failure."""

    account: Account
    ledger: Ledger
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    executions: list[str] = field(default_factory=list)
    _inputs: dict[str, str] = field(default_factory=dict)

    # Hand in

    def start(self, document: object, *, machine: str | None = None) -> str:
        """Start the machine with an input (text stays as it is); return the execution's ARN.

        ``machine`` is the ARN of a variant (machines.py).
        """
        text = document if isinstance(document, str) else json.dumps(document)
        arn = self.account.step_functions.start_execution(
            stateMachineArn=machine or self.account.outputs["state_machine_arn"], input=text
        )["executionArn"]
        return self._remember(arn)

    def drop(
        self,
        content: bytes | str,
        *,
        key: str | None = None,
        content_type: str = "application/json",
    ) -> str:
        """Put an object into the manifest bucket; return its key."""
        key = key or unique("manifest") + ".json"
        body = content.encode() if isinstance(content, str) else content
        self.account.s3.put_object(
            Bucket=self.account.outputs["manifest_bucket"],
            Key=key,
            Body=body,
            ContentType=content_type,
        )
        return key

    def post(self, body: bytes | str, *, content_type: str = "application/json") -> Answer:
        """POST a body to the API, signed with the environment's credentials."""
        answer = post(self.account, "/releases", body, content_type=content_type)
        if answer.status == 202:
            self._remember(answer.body["executionArn"])
        return answer

    def adopt(self, execution_arn: str) -> str:
        """Remember an execution that was started elsewhere; return its ARN."""
        return self._remember(execution_arn)

    # Follow

    def execution_of(self, key: str) -> str:
        """Wait for the execution that a dropped object starts; return its ARN."""
        return self._remember(
            wait_until(
                f"the dropped object {key} starts the machine",
                lambda: self.find(key),
            )
        )

    def find(self, key: str) -> str | None:
        """Return the ARN of the execution that a dropped object started, if any."""
        pages = self.account.step_functions.get_paginator("list_executions").paginate(
            stateMachineArn=self.account.outputs["state_machine_arn"]
        )
        spellings = (json.dumps(key), json.dumps(key, ensure_ascii=False))
        for each in (each for page in pages for each in page["executions"]):
            arn = each["executionArn"]
            if each["startDate"] < self.began:
                continue
            if arn not in self._inputs:
                self._inputs[arn] = self.describe(arn)["input"]
            if any(spelling in self._inputs[arn] for spelling in spellings):
                return arn
        return None

    def stop(self, execution_arn: str, cause: str) -> None:
        """Stop an execution by hand."""
        self.account.step_functions.stop_execution(
            executionArn=execution_arn, error="StoppedByHand", cause=cause
        )

    def end(self, execution_arn: str, *, seconds: float = 150) -> "DescribeExecutionOutputTypeDef":
        """Wait until an execution has ended; return its description."""

        def ended() -> "DescribeExecutionOutputTypeDef | None":
            described = self.describe(execution_arn)
            return described if described["status"] != "RUNNING" else None

        return wait_until(f"{execution_arn} ends", ended, seconds)

    def describe(self, execution_arn: str) -> "DescribeExecutionOutputTypeDef":
        """Return the current state of an execution."""
        return self.account.step_functions.describe_execution(executionArn=execution_arn)

    def visited(self, execution_arn: str) -> list[str]:
        """Return the names of the states that an execution entered, in order."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self._history(execution_arn)
            if "stateEnteredEventDetails" in event
        ]

    def failed_tasks(self, execution_arn: str) -> list[tuple[str, str]]:
        """Return error and cause of each failed task of an execution, in order."""
        return [
            (event["taskFailedEventDetails"]["error"], event["taskFailedEventDetails"]["cause"])
            for event in self._history(execution_arn)
            if "taskFailedEventDetails" in event
        ]

    def children(self, execution_arn: str) -> dict[str, int]:
        """Return how many of the Map's children are running, succeeded, failed and so on."""
        client = self.account.step_functions
        (run,) = client.list_map_runs(executionArn=execution_arn)["mapRuns"]
        counts: Any = client.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
        return {how: number for how, number in counts.items() if number}

    def started(self, release_id: str, pipeline: str, *, seconds: float = 60) -> str:
        """Wait until a pipeline of a release runs; return the id of its execution."""
        return wait_until(
            f"{pipeline} of release {release_id} has an execution",
            lambda: str(self.ledger.pipeline(release_id, pipeline).get("execution_id", "")),
            seconds,
        )

    def started_or_ended(self, execution_arn: str, release_id: str, pipeline: str) -> str:
        """Wait for a pipeline's execution and return its id; empty when its release ended first."""

        def found() -> tuple[str] | None:
            over = self.describe(execution_arn)["status"] != "RUNNING"
            execution_id = str(self.ledger.pipeline(release_id, pipeline).get("execution_id", ""))
            return (execution_id,) if execution_id or over else None

        return wait_until(f"{pipeline} of {release_id} starts, or its release ends", found)[0]

    def closed(self, release_id: str, *, seconds: float = 150) -> Item:
        """Wait until a release is closed; return its header."""

        def header() -> Item:
            found = self.ledger.header(release_id)
            return found if "closed_at" in found else {}

        return wait_until(f"release {release_id} is closed", header, seconds)

    def _history(self, execution_arn: str) -> "list[HistoryEventTypeDef]":
        pages = self.account.step_functions.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn
        )
        return [event for page in pages for event in page["events"]]

    def _remember(self, execution_arn: str) -> str:
        if execution_arn not in self.executions:
            self.executions.append(execution_arn)
        return execution_arn


def manifest(release_id: str, *pipelines: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a manifest of these pipelines (names or objects) and more fields."""
    return {"releaseId": release_id, "pipelines": list(pipelines), **fields}
