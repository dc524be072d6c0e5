"""What LocalStack parses at every state and request is parsed once, and means the same."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config

from localstack_fixes.parsed_once import parse_once


def test_a_text_is_parsed_once() -> None:
    """A second call with the same text gets the first one's answer; an error is no answer."""
    parsed = []

    def parse(text: str) -> list[str]:
        parsed.append(text)
        if text == "wrong":
            raise ValueError(text)
        return [text]

    module = SimpleNamespace(parse=parse)
    parse_once(module, "parse")

    assert module.parse("$.a") is module.parse("$.a")
    assert module.parse("$.b") == ["$.b"]
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"):
            module.parse("wrong")
    assert parsed == ["$.a", "$.b", "wrong", "wrong"]


@pytest.mark.platform
def test_executions_share_paths_and_no_values(make_machine: Callable[..., str]) -> None:
    """Executions of one machine that run at the same time each read and write their own values."""
    # The name of the host for synchronous executions would need DNS.
    client = boto3.client("stepfunctions", config=Config(inject_host_prefix=False))
    states = {
        "Take": {
            "Type": "Pass",
            "InputPath": "$.items[1]",
            "ResultPath": "$.taken.first",
            "Next": "Show",
        },
        "Show": {"Type": "Pass", "OutputPath": "$.taken.first.name", "End": True},
    }
    machine = make_machine({"StartAt": "Take", "States": states}, type="EXPRESS")

    def run(number: int) -> str:
        items = [{"name": "other"}, {"name": f"n{number}"}]
        answer = client.start_sync_execution(
            stateMachineArn=machine, input=json.dumps({"items": items})
        )
        return str(answer.get("output") or answer)

    with ThreadPoolExecutor(4) as threads:
        outputs = list(threads.map(run, range(8)))
    assert outputs == [f'"n{number}"' for number in range(8)]
