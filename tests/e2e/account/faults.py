"""Faults of CodePipeline and Step Functions, in force for as long as a block runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from tests.e2e.account.account import Account

MANY = 1_000_000
PIPELINE_STATE_CHANGE = "CodePipeline Pipeline Execution State Change"


class Faults:
    """Faults of one pipeline each, so that tests with faults can run at the same time."""

    def __init__(self, account: Account) -> None:
        self._endpoint = account.endpoint
        self._url = f"{account.endpoint}/_codepipeline/faults"
        self._http = URLLib3Session()

    @contextmanager
    def event(
        self, effect: str, *, pipeline: str, state: str | None = None, **more: Any
    ) -> Iterator[str]:
        """Lose, double, delay (``seconds``) or reorder pipeline events; gives the fault's id."""
        fault = {"kind": "event", "detailType": PIPELINE_STATE_CHANGE, "effect": effect}
        if state:
            fault["state"] = state
        with self.in_force(fault | {"pipeline": pipeline} | more) as fault_id:
            yield fault_id

    @contextmanager
    def event_held(self, *, pipeline: str, state: str) -> Iterator[str]:
        """Hold back the event of a state until the block ends; gives the fault's id."""
        # A reordered event waits for the next one of its state, or until its fault is lifted.
        with self.event("reorder", pipeline=pipeline, state=state) as fault_id:
            yield fault_id

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Lose the pipeline events of all pipelines."""
        fault = {"kind": "event", "detailType": PIPELINE_STATE_CHANGE, "effect": "lose"}
        with self.in_force(fault | {"times": MANY}):
            yield

    @contextmanager
    def api(self, effect: str, *, pipeline: str, operation: str, **more: Any) -> Iterator[str]:
        """Throttle an operation or let it fail; gives the fault's id."""
        fault = {"kind": "api", "effect": effect, "pipeline": pipeline, "operation": operation}
        with self.in_force(fault | more) as fault_id:
            yield fault_id

    @contextmanager
    def limit(self, operation: str, *, per_minute: int, burst: int) -> Iterator[str]:
        """Let CodePipeline take so many calls a minute, of all pipelines; gives the fault's id."""
        rate = {"perMinute": per_minute, "burst": burst}
        fault = {"kind": "api", "effect": "limit", "operation": operation, **rate}
        with self.in_force(fault) as fault_id:
            yield fault_id

    @contextmanager
    def stale(self, operation: str, *, pipeline: str, times: int = 1) -> Iterator[str]:
        """Let the next reads show the pipeline as it is now; gives the fault's id."""
        with self.api("stale", pipeline=pipeline, operation=operation, times=times) as fault_id:
            yield fault_id

    @contextmanager
    def unseen(self, execution_arn: str) -> Iterator[None]:
        """Hide a workflow execution from DescribeExecution, as AWS may hide a new one."""
        url = f"{self._endpoint}/_stepfunctions/unseen/{execution_arn}"
        self._call("PUT", url)
        try:
            yield
        finally:
            self._call("DELETE", url)

    @contextmanager
    def action(self, effect: str, *, pipeline: str, **more: Any) -> Iterator[str]:
        """Let an action fail or take ``seconds``; gives the fault's id."""
        with self.in_force(
            {"kind": "action", "effect": effect, "pipeline": pipeline} | more
        ) as fault_id:
            yield fault_id

    @contextmanager
    def update(self, effect: str, *, pipeline: str) -> Iterator[str]:
        """Let an update of the pipeline strand its running executions; gives the fault's id."""
        with self.in_force({"kind": "update", "effect": effect, "pipeline": pipeline}) as fault_id:
            yield fault_id

    @contextmanager
    def rule(self, effect: str, *, pipeline: str, **more: Any) -> Iterator[str]:
        """Let the rule of a stage condition fail or take ``seconds``; gives the fault's id."""
        fault = {"kind": "rule", "effect": effect, "pipeline": pipeline}
        with self.in_force(fault | more) as fault_id:
            yield fault_id

    def fired(self, fault_id: str) -> int:
        """Return how often a fault in force has fired."""
        listed = self._call("GET", self._url)["faults"]
        return next(int(fault["fired"]) for fault in listed if fault["id"] == fault_id)

    @contextmanager
    def in_force(self, fault: dict[str, Any]) -> Iterator[str]:
        """Inject any fault of the emulator; gives the fault's id."""
        fault_id = str(self._call("POST", self._url, json.dumps(fault))["id"])
        try:
            yield fault_id
        finally:
            self._call("DELETE", f"{self._url}/{fault_id}")

    def _call(self, method: str, url: str, body: str | None = None) -> dict[str, Any]:
        answer = self._http.send(AWSRequest(method=method, url=url, data=body).prepare())
        assert answer.status_code in {200, 201}, answer.text
        return dict(json.loads(answer.text))
