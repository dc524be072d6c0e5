"""The functions: their processes, calls outside a workflow, and dead-letter queues."""

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.e2e.account.account import Account
from tests.e2e.account.versions import LIVE


@dataclass(frozen=True)
class Functions:
    """Kills the processes of functions, calls functions, loses events, counts dead letters."""

    account: Account

    def kill(self, function: str) -> int:
        """Kill every process of a function; return how many there were."""
        name = self.account.function(function)
        killed = 0
        for process in _platform().children(recursive=True):
            # A process may have ended by itself meanwhile.
            with contextlib.suppress(psutil.NoSuchProcess):
                # An environment works in its function's code: .../<function>-<uuid>/code
                if Path(process.cwd()).parent.name.startswith(f"{name}-"):
                    process.kill()
                    killed += 1
        return killed

    def call(self, function: str, payload: object) -> Any:
        """Invoke a function and return its result; fails when the function fails."""
        answer = self.account.functions.invoke(
            FunctionName=self.account.function(function),
            Qualifier=LIVE,
            Payload=json.dumps(payload),
        )
        text = answer["Payload"].read()
        assert "FunctionError" not in answer, f"{payload!r}: {text!r}"
        return json.loads(text)

    @contextmanager
    def deaf(self, function: str) -> Iterator[None]:
        """Lose the events for a function: without concurrency it drops them."""
        name = self.account.function(function)
        client = self.account.functions
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            client.delete_function_concurrency(FunctionName=name)

    def dead_letters(self) -> dict[str, int]:
        """Return the number of messages in each dead-letter queue."""
        counts = {}
        for name, url in self.account.outputs["dead_letter_queue_urls"].items():
            attributes = self.account.sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
            )["Attributes"]
            counts[name] = int(attributes["ApproximateNumberOfMessages"])
        return counts


def _platform() -> psutil.Process:
    """Return LocalStack's process; the platform's record is beside Terraform's outputs."""
    record = Path(os.environ["RELEASE_MACHINE_OUTPUTS"]).with_name("platform.json")
    return psutil.Process(json.loads(record.read_text())["pid"])
