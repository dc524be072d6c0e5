"""Functions on the platform and DynamoDB."""

import json
from collections.abc import Callable
from uuid import uuid4

import boto3
import pytest

SOURCE = """
    import os

    import boto3

    def handler(event, context):
        table = boto3.resource("dynamodb").Table(event["table"])
        table.put_item(Item={"id": "written", "by": "the function"})
        return {"endpoint": os.environ["AWS_ENDPOINT_URL_DYNAMODB"], **table.get_item(
            Key={"id": "made"})["Item"]}
"""


@pytest.mark.platform
def test_a_function_shares_the_tables_of_localstack(make_function: Callable[[str], str]) -> None:
    """The function asks DynamoDB Local itself, and finds and writes what LocalStack serves."""
    table = f"tables-{uuid4()}"
    functions, dynamodb = boto3.client("lambda"), boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    try:
        dynamodb.put_item(TableName=table, Item={"id": {"S": "made"}})
        event = json.dumps({"table": table})
        answer = functions.invoke(FunctionName=make_function(SOURCE), Payload=event)
        said = json.load(answer["Payload"])
        written = dynamodb.get_item(TableName=table, Key={"id": {"S": "written"}})["Item"]
    finally:
        dynamodb.delete_table(TableName=table)
    assert said["id"] == "made"
    assert said["endpoint"] != functions.meta.endpoint_url
    assert written["by"] == {"S": "the function"}
