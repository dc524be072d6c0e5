"""Other versions of the functions: what runs is a published version, not the newest code."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.account.account import Account

LIVE = "live"


@dataclass(frozen=True, kw_only=True)
class Build:
    """The code of a function, if it differs, and parameters of UpdateFunctionConfiguration."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    package: bytes | None = None


@contextmanager
def running(
    account: Account, builds: Mapping[str, Build], before: Mapping[str, Build]
) -> Iterator[None]:
    """Let the deployment run these builds of functions while the block runs, then those before.

    Events and the API invoke them. So do the executions that begin now, if they are started by the
    state machine itself and not by an alias.
    """
    try:
        _deploy(account, builds)
        yield
    finally:
        _deploy(account, before)


def variables_of(account: Account, function: str) -> dict[str, str]:
    """Return the environment of the version that the alias names."""
    name = account.function(function)
    alias = account.functions.get_alias(FunctionName=name, Name=LIVE)
    version = account.functions.get_function_configuration(
        FunctionName=name, Qualifier=alias["FunctionVersion"]
    )
    return version["Environment"]["Variables"]


def _deploy(account: Account, builds: Mapping[str, Build]) -> None:
    # Each change takes seconds, so all functions are changed at the same time.
    with ThreadPoolExecutor(len(builds)) as threads:
        published = list(threads.map(lambda each: _publish(account, *each), builds.items()))
    client, machine = account.step_functions, account.outputs["state_machine_arn"]
    text = client.describe_state_machine(stateMachineArn=machine)["definition"]
    for version_arn in published:
        text = _with_version(text, version_arn)
    client.update_state_machine(stateMachineArn=machine, definition=text)


def _publish(account: Account, function: str, build: Build) -> str:
    """Publish a build and let the alias name it; return the ARN of the version."""
    client, name = account.functions, account.function(function)
    updated = client.get_waiter("function_updated_v2")
    if build.package:
        client.update_function_code(FunctionName=name, ZipFile=build.package)
        updated.wait(FunctionName=name, WaiterConfig={"Delay": 1})
    client.update_function_configuration(FunctionName=name, **build.settings)
    updated.wait(FunctionName=name, WaiterConfig={"Delay": 1})
    version = client.publish_version(FunctionName=name)
    client.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=version["Version"])
    return version["FunctionArn"]


def _with_version(definition: str, version_arn: str) -> str:
    """Return the definition with this version of its function, if it names the function."""
    function = version_arn.rpartition(":")[0]

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [changed(each) for each in value]
        is_version = isinstance(value, str) and value.rpartition(":")[0] == function
        return version_arn if is_version else value

    return json.dumps(changed(json.loads(definition)))
