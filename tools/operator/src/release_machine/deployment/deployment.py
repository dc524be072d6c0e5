"""The names of a deployment, from its Terraform outputs or from AWS."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING

from release_core.errors import SettingsInvalid
from release_core.ledger.reader import LedgerTables
from release_core.settings import OpenReleaseSettings, read_settings
from release_core.strict_json import syntax_problem
from release_machine.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_stepfunctions import SFNClient
    from types_boto3_sts import STSClient

_STATE_MACHINE = re.compile(r"arn:[^:]+:states:[^:]+:[^:]*:stateMachine:.+")
_TABLES = ("releases", "executions", "pipelines")
FUNCTIONS = (
    *("open_release", "run_pipeline", "record_state_change", "close_release"),
    *("answer_approval", "change_freeze", "notify_people"),
)

# The alias of each function that events and the API invoke.
LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The names of a deployment that the command needs.

    ``api_url`` is the address of the API; None when the API is to be found by its name.
    """

    state_machine_arn: str
    manifest_bucket: str
    tables: LedgerTables
    function_names: dict[str, str]
    api_url: str | None = None

    @property
    def name_prefix(self) -> str:
        """The name of the state machine, which the names of everything else begin with."""
        return self.state_machine_arn.rpartition(":")[2]

    @property
    def region(self) -> str:
        """The Region of the deployment."""
        return self.state_machine_arn.split(":")[3]

    @property
    def place(self) -> str:
        """The deployment for people: its name, account and Region."""
        account = self.state_machine_arn.split(":")[4]
        return f"{self.name_prefix} (account {account}, {self.region})"

    def execution_arn(self, name: str) -> str:
        """The ARN of an execution of the state machine; an ARN is returned unchanged."""
        if name.startswith("arn:"):
            return name
        return f"{self.state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def read_outputs(path: Path) -> Deployment:
    """Read the output of `terraform output -json`.

    Raises UsageError when the file cannot be read or lacks an output.
    """
    again = "Write it again: make deploy, or terraform output -json > FILE."
    try:
        outputs = json.loads(path.read_text(encoding="utf-8"))
        values = {name: output["value"] for name, output in outputs.items()}
        if not _STATE_MACHINE.fullmatch(values["state_machine_arn"]):
            raise TypeError
        return Deployment(
            state_machine_arn=values["state_machine_arn"],
            manifest_bucket=values["manifest_bucket"],
            tables=LedgerTables(**{each: values[f"{each}_table"] for each in _TABLES}),
            function_names=dict(values["function_names"]),
            api_url=values.get("api_root_url"),
        )
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", again) from error
    except KeyError as error:
        raise UsageError(f"{path} has no output {error}.", again) from error
    except JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        problem = f"{path} is not JSON at {where}: {syntax_problem(error)}."
        raise UsageError(problem, again) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is not the output of terraform output -json.", again) from error


def find_by_prefix(name_prefix: str, *, sfn: SFNClient, sts: STSClient) -> Deployment:
    """Find the state machine of that name in AWS; the other names follow from it.

    Raises UnreachableError when this account and Region have no such state machine.
    """
    region = sfn.meta.region_name
    account = sts.get_caller_identity()["Account"]
    for page in sfn.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            if machine["name"] == name_prefix:
                return Deployment(
                    state_machine_arn=machine["stateMachineArn"],
                    manifest_bucket=f"{name_prefix}-manifests-{account}-{region}",
                    tables=LedgerTables(**{each: f"{name_prefix}-{each}" for each in _TABLES}),
                    function_names={
                        function: f"{name_prefix}-{function.replace('_', '-')}"
                        for function in FUNCTIONS
                    },
                )
    raise UnreachableError(
        f"There is no state machine {name_prefix} in account {account}, Region {region}.",
        "Check the Region and --name-prefix, give an outputs file with --outputs, or make deploy.",
    )


def read_open_release_settings(
    deployment: Deployment, functions: LambdaClient
) -> OpenReleaseSettings:
    """Read the settings of the function open_release from its configuration.

    Raises UnreachableError when they do not fit the version of this command.
    """
    name = deployment.function_names["open_release"]
    configuration = functions.get_function_configuration(FunctionName=name)
    try:
        return read_settings(
            OpenReleaseSettings, configuration.get("Environment", {}).get("Variables", {})
        )
    except SettingsInvalid as error:
        raise UnreachableError(
            f"The function {name} was deployed by another version than this command: {error}.",
            "Deploy again, or use the version of the command that is deployed.",
        ) from error
