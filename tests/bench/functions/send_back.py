"""The floor: sends back the task token that the rule gives it, and does nothing else."""

import boto3

client = boto3.client("stepfunctions")


def handler(event: dict[str, str], _context: object) -> None:
    """Settle the token."""
    client.send_task_success(taskToken=event["token"], output="{}")
