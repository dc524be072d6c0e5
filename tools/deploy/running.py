"""The releases that run in a deployment: to destroy it would leave their pipelines running."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.deploy.target import Target

_MOST_NAMED = 20
# The answers of a deployment that is partly destroyed.
_GONE = {"ResourceNotFoundException", "StateMachineDoesNotExist"}


class ReleasesRunError(Exception):
    """Releases run, or it is not known whether they do; the message says what to do."""


def refuse_running(values: Mapping[str, Any], target: Target) -> None:
    """Raise ReleasesRunError if a release runs or waits; ``values`` are Terraform's outputs.

    A deployment without the outputs has no state machine, so nothing runs.
    """
    machine, table = values.get("state_machine_arn"), values.get("releases_table")
    if not machine or not table:
        return
    try:
        running = _running(machine, table, target)
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE:
            return
        raise ReleasesRunError(
            f"It is not known whether releases run: {error}. To destroy all the same, set FORCE=1."
        ) from error
    if not running:
        return
    named = ", ".join(running[:_MOST_NAMED])
    more = f" and {len(running) - _MOST_NAMED} more" if len(running) > _MOST_NAMED else ""
    raise ReleasesRunError(
        f"Nothing was destroyed, because these run in {target.description}: {named}{more}.\n"
        "Their pipelines would run on, and nobody would record how they end. Wait until they have "
        "ended, or stop them with `release-machine cancel ID`. To destroy all the same, set "
        "FORCE=1."
    )


def _running(machine: str, table: str, target: Target) -> list[str]:
    """The ids of open releases, and the workflow executions that have opened none yet."""
    opened = {
        item["execution_arn"]["S"]: item["release_id"]["S"]
        for page in _pages(target, "dynamodb", "query", **_open_headers(table))
        for item in page["Items"]
    }
    executions = [
        each["executionArn"]
        for page in _pages(
            target,
            "stepfunctions",
            "list_executions",
            stateMachineArn=machine,
            statusFilter="RUNNING",
        )
        for each in page["executions"]
    ]
    waiting = [f"execution {arn.rpartition(':')[2]}" for arn in executions if arn not in opened]
    return [f"release {each}" for each in sorted(opened.values())] + sorted(waiting)


def _open_headers(table: str) -> dict[str, Any]:
    return {
        "TableName": table,
        "IndexName": "by_time",
        "KeyConditionExpression": "listing = :listing",
        "FilterExpression": "#status = :running",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {":listing": {"S": "release"}, ":running": {"S": "RUNNING"}},
    }


def _pages(target: Target, service: Any, operation: Any, **request: Any) -> Iterator[Any]:
    given = target.environment
    client: Any = boto3.client(
        service,
        region_name=given.get("AWS_REGION"),
        endpoint_url=given.get("AWS_ENDPOINT_URL"),
        aws_access_key_id=given.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=given.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=given.get("AWS_SESSION_TOKEN"),
    )
    yield from client.get_paginator(operation).paginate(**request)
