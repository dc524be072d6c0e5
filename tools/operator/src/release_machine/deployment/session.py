"""The AWS clients of a command, created from the user's settings when first needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from release_core.apply.wiring import ReadingParts
from release_core.aws.clients import in_parallel
from release_core.aws.codepipeline import CodePipeline
from release_core.aws.execution_history import ExecutionHistory
from release_core.clock import now
from release_core.ledger.history import HistoryReader
from release_core.ledger.records import RecordsReader
from release_core.live.reader import LiveReader
from release_core.settings import OpenReleaseSettings
from release_machine.deployment.action_logs import ActionLogReader
from release_machine.deployment.aws_problems import require_aws
from release_machine.deployment.deployment import (
    Deployment,
    find_by_prefix,
    read_open_release_settings,
    read_outputs,
)
from release_machine.deployment.function_logs import LogReader
from release_machine.deployment.release_api import READ_TIMEOUT_SECONDS, ReleaseApi, api_address
from release_machine.deployment.target import Target
from release_machine.dora.reading import DoraReader
from release_machine.errors import UsageError
from release_machine.release.activity import ActivityReader
from release_machine.release.busy import BusyPipelines
from release_machine.release.estate_reader import EstateReader
from release_machine.release.requested_release import requested_release
from release_machine.text.console_links import console_region

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient
    from types_boto3_sts import STSClient

    from release_core.domain.release import Release

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 4},
)


class _Access(TypedDict):
    config: Config
    endpoint_url: str | None


class Session:
    """The AWS services of one deployment."""

    def __init__(self, target: Target, *, config: Config = _CONFIG) -> None:
        self._target = target
        self._access: _Access = {"config": config, "endpoint_url": target.endpoint_url}
        self._core = botocore.session.get_session()
        self._boto = boto3.Session(
            botocore_session=self._core, profile_name=target.profile, region_name=self._region()
        )
        self._endpoint = target.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
        self._boto.events.register("before-parse", require_aws(self._endpoint))

    def _region(self) -> str | None:
        """The Region of the outputs file, otherwise the given Region; None leaves it to boto3.

        Raises UsageError when the two differ.
        """
        given = self._target.region
        if self._target.outputs is None:
            # The AWS tools read AWS_REGION; boto3 reads only AWS_DEFAULT_REGION.
            return given or os.environ.get("AWS_REGION")
        deployed = self.deployment.region
        if given and given != deployed:
            raise UsageError(
                f"{self._target.outputs} is a deployment in {deployed}, not in {given}.",
                "Leave the Region out, or give the outputs file of the other deployment.",
            )
        return deployed

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment of the outputs file, otherwise the deployment with the given name."""
        if self._target.outputs is not None:
            return read_outputs(self._target.outputs)
        return find_by_prefix(self._target.name_prefix, sfn=self.sfn, sts=self._sts)

    @cached_property
    def settings(self) -> OpenReleaseSettings:
        """The settings with which the deployment checks manifests."""
        return read_open_release_settings(self.deployment, self.client("lambda"))

    @cached_property
    def _sts(self) -> STSClient:
        return self._boto.client("sts", **self._access)

    @cached_property
    def caller(self) -> str:
        """The ARN of the user."""
        return self._sts.get_caller_identity()["Arn"]

    @cached_property
    def sfn(self) -> SFNClient:
        """Step Functions."""
        return self._boto.client("stepfunctions", **self._access)

    @cached_property
    def s3(self) -> S3Client:
        """S3."""
        return self._boto.client("s3", **self._access)

    @cached_property
    def console_region(self) -> str | None:
        """The Region of the AWS console; None for an emulator."""
        return console_region(self.sfn.meta)

    @cached_property
    def ledger(self) -> HistoryReader:
        """The ledger, for people to read."""
        return HistoryReader(self.client("dynamodb"), self.deployment.tables)

    @cached_property
    def records(self) -> RecordsReader:
        """All records of the ledger, for people to keep."""
        return RecordsReader(self.client("dynamodb"), self.deployment.tables)

    @cached_property
    def dora(self) -> DoraReader:
        """DORA's metrics of the deployment."""
        return DoraReader(
            ledger=self.ledger,
            codepipeline=CodePipeline(self.codepipeline, in_parallel=in_parallel),
            history=ExecutionHistory(self.codepipeline),
            s3=self.s3,
            in_parallel=in_parallel,
        )

    @cached_property
    def busy(self) -> BusyPipelines:
        """What releases wait for, and which releases wait for them."""
        return BusyPipelines(ledger=self.ledger, clock=now)

    @cached_property
    def live(self) -> LiveReader:
        """What is live in pipelines, since when and by whom."""
        parts = ReadingParts(
            client=self.client, tables=self.deployment.tables, clock=now, in_parallel=in_parallel
        )
        return parts.live

    @cached_property
    def estate(self) -> EstateReader:
        """How the pipelines of the deployment stand."""
        sfn, s3 = self.sfn, self.s3  # boto3 creates no clients in several threads

        def pipelines_of(pending: Release) -> Sequence[str]:
            arn = pending.execution_arn
            return requested_release(arn, sfn=sfn, s3=s3, ledger=self.ledger).pipelines

        return EstateReader(
            ledger=self.ledger,
            busy=self.busy,
            live=self.live,
            history=ExecutionHistory(self.codepipeline),
            codepipeline=self.codepipeline,
            patterns=lambda: self.settings.pipeline_name_patterns,
            pipelines_of=pipelines_of,
            clock=now,
            in_parallel=in_parallel,
        )

    @cached_property
    def api(self) -> ReleaseApi:
        """The API of the deployment."""
        address = api_address(
            self.deployment.api_url,
            name=self.deployment.name_prefix,
            gateway=self.client("apigateway"),
            endpoint=self._endpoint,
        )
        credentials = self._boto.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return ReleaseApi(
            address,
            region=self.deployment.region,
            credentials=credentials,
            http=URLLib3Session(
                verify=self._core.get_config_variable("ca_bundle") or True,
                proxies=get_environ_proxies(address),
                timeout=READ_TIMEOUT_SECONDS,
            ),
        )

    def client(self, service: str) -> Any:
        """The client of an AWS service."""
        return self._boto.client(service, **self._access)  # type: ignore[call-overload] # any service

    @cached_property
    def codepipeline(self) -> CodePipelineClient:
        """CodePipeline."""
        return self._boto.client("codepipeline", **self._access)

    @cached_property
    def activity(self) -> ActivityReader:
        """The activity of pipelines, from CodePipeline."""
        return ActivityReader(self.codepipeline, release_of=self._release_of)

    def _release_of(self, execution_id: str) -> str | None:
        execution = self.ledger.get_executions([execution_id]).get(execution_id)
        return execution.release_id if execution else None

    @cached_property
    def action_logs(self) -> ActionLogReader:
        """The logs of what pipelines ran."""
        return ActionLogReader(self.codepipeline, self.client)

    @cached_property
    def logs(self) -> LogReader:
        """The log groups of the functions."""
        return LogReader(
            logs=self._boto.client("logs", **self._access),
            function_names=self.deployment.function_names,
        )
