"""The copy of the release machine that is verified: deployed, cleared and destroyed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3

from tools.deploy.target import Target, aws_account, platform_target
from tools.deploy.target import architecture as this_processor
from tools.deploy.terraform import Terraform
from tools.platform.layout import ROOT, Home

# Not in .build or .platform, which make clean removes: this state is all that Terraform knows.
BUILD = ROOT / "build"


def on_platform(home: Home) -> Target:
    """The running platform. Raises PlatformError when it does not run."""
    target = platform_target(home)
    return replace(target, environment=_without(target.environment, "TF_VAR_", "TF_CLI_ARGS"))


def on_aws() -> Target:
    """The account and Region of the caller, with the state on this machine. Raises TargetError."""
    target = aws_account()
    folder = BUILD / "aws-state"
    folder.mkdir(parents=True, exist_ok=True)
    more = {
        "AWS_DEFAULT_REGION": target.environment["AWS_REGION"],
        # The tests read much more often than the release machine does.
        "AWS_RETRY_MODE": "adaptive",
        "AWS_MAX_ATTEMPTS": "10",
    }
    return replace(
        target,
        environment=_without(target.environment, "TF_VAR_", "TF_CLI_ARGS") | more,
        architecture=this_processor(),
        state=folder,
        outputs=folder,
        settings={"architecture": this_processor()},
    )


def _without(variables: dict[str, str], *starts: str) -> dict[str, str]:
    """Leave out what would change the copy: variables that are meant for another deployment."""
    return {name: text for name, text in variables.items() if not name.startswith(starts)}


class Copy:
    """The copy on a target."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._terraform = Terraform("infra/verify", target)
        assert target.outputs
        self._folder = target.outputs
        variables = target.environment
        self._endpoint = variables.get("AWS_ENDPOINT_URL")
        self._session = boto3.session.Session(
            aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=variables.get("AWS_SESSION_TOKEN"),
            region_name=variables["AWS_REGION"],
        )

    @property
    def outputs(self) -> Path:
        """The file with the outputs of the copy, as the tests read them."""
        return self._folder / "verified-outputs.json"

    def deploy(self) -> int:
        """Deploy the copy, or what is missing of it; return the number of resources."""
        count = self._terraform.apply()
        given = json.loads((self._folder / "infra-verify-outputs.json").read_text())
        machine = given["release_machine"]["value"]
        flat = {name: {"value": value} for name, value in machine.items()}
        self.outputs.write_text(json.dumps(flat | {"verified": given["verified"]}))
        return count

    def events(self) -> list[dict[str, Any]]:
        """Take all events of the copy's pipelines from their queue."""
        sqs, url = self._client("sqs"), self._output("verified")["events_url"]
        events: list[dict[str, Any]] = []
        # An event of AWS may be ten seconds late.
        wait = 1 if self._endpoint else 20
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait
        ).get("Messages"):
            events += [json.loads(message["Body"]) for message in messages]
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        return events

    def destroy(self) -> None:
        """Delete the pipelines that the tests made, stop what runs, and destroy the copy."""
        try:
            if self.outputs.is_file():
                self._delete_pipelines()
                self._stop_workflows()
        finally:
            if self._terraform.has_state():
                self._terraform.destroy()
        self.outputs.unlink(missing_ok=True)

    def _stop_workflows(self) -> None:
        client, machine = self._client("stepfunctions"), self._output("state_machine_arn")
        pages = client.get_paginator("list_executions").paginate(
            stateMachineArn=machine, statusFilter="RUNNING"
        )
        for each in [each for page in pages for each in page["executions"]]:
            client.stop_execution(executionArn=each["executionArn"], cause="make verify has ended")

    def _delete_pipelines(self) -> None:
        client = self._client("codepipeline")
        prefix = f"{self._output('verified')['name_prefix']}-"
        pages = client.get_paginator("list_pipelines").paginate()
        for each in [each for page in pages for each in page["pipelines"]]:
            if each["name"].startswith(prefix):
                client.delete_pipeline(name=each["name"])

    def _client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)  # type: ignore[call-overload]  # any service

    def _output(self, name: str) -> Any:
        return json.loads(self.outputs.read_text())[name]["value"]
