"""The account under test: clients of its services, and Terraform's outputs."""

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from tests.e2e.account.recording import Recording

if TYPE_CHECKING:
    from types_boto3_apigateway import APIGatewayClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_stepfunctions import SFNClient

HOW_TO = (
    'start the platform, deploy infra to it and set the variables: eval "$(make -s env)"; '
    "make test does all of it"
)


class NotReadyError(Exception):
    """Nothing is deployed to test; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Account:
    """Clients of the services; ``outputs`` are Terraform's; on AWS ``endpoint`` is empty."""

    endpoint: str
    outputs: dict[str, Any]
    recording: Recording = field(default_factory=Recording)

    @cached_property
    def step_functions(self) -> "SFNClient":
        """AWS Step Functions."""
        return boto3.client("stepfunctions")

    @cached_property
    def s3(self) -> "S3Client":
        """Amazon S3."""
        return boto3.client("s3")

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """Amazon DynamoDB."""
        return boto3.client("dynamodb")

    @cached_property
    def codepipeline(self) -> "CodePipelineClient":
        """AWS CodePipeline."""
        client = boto3.client("codepipeline")
        self.recording.attach(client)
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        """Amazon EventBridge."""
        return boto3.client("events")

    @cached_property
    def functions(self) -> "LambdaClient":
        """AWS Lambda."""
        return boto3.client("lambda")

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """Amazon CloudWatch Logs."""
        return boto3.client("logs")

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """Amazon CloudWatch."""
        return boto3.client("cloudwatch")

    @cached_property
    def sqs(self) -> "SQSClient":
        """Amazon SQS."""
        return boto3.client("sqs")

    @cached_property
    def api(self) -> "APIGatewayClient":
        """Amazon API Gateway."""
        return boto3.client("apigateway")

    @cached_property
    def caller(self) -> str:
        """The ARN of the caller whose credentials the environment holds."""
        return boto3.client("sts").get_caller_identity()["Arn"]

    def function(self, function: str) -> str:
        """Return the name on AWS of one of the functions."""
        return str(self.outputs["function_names"][function])


def account_from_environment() -> Account:
    """Return the account that the environment names.

    Raises NotReadyError when it names none: skipped tests would look like passed ones.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    # Only make verify names a folder for captures. No other test belongs into an account on AWS.
    if not endpoint and "RELEASE_MACHINE_CAPTURE" not in os.environ:
        raise NotReadyError(f"AWS_ENDPOINT_URL is not set: {HOW_TO}")
    path = os.environ.get("RELEASE_MACHINE_OUTPUTS", "")
    if not Path(path).is_file():
        raise NotReadyError(f"RELEASE_MACHINE_OUTPUTS names no file ({path!r}): {HOW_TO}")
    described = json.loads(Path(path).read_text())
    outputs = {name: output["value"] for name, output in described.items()}
    return Account(endpoint.rstrip("/"), outputs)
