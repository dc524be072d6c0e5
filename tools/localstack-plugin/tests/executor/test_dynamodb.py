"""Functions on the platform and DynamoDB."""

import io
import json
import textwrap
import zipfile
from uuid import uuid4

import boto3
import pytest

ROLE = "arn:aws:iam::000000000000:role/functions"
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
def test_a_function_shares_the_tables_of_localstack() -> None:
    """The function asks DynamoDB Local itself, and finds and writes what LocalStack serves."""
    name = f"tables-{uuid4()}"
    functions, dynamodb = boto3.client("lambda"), boto3.client("dynamodb")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("app.py", textwrap.dedent(SOURCE))
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    dynamodb.put_item(TableName=name, Item={"id": {"S": "made"}})
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    try:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps({"table": name}))
        said = json.load(answer["Payload"])
        written = dynamodb.get_item(TableName=name, Key={"id": {"S": "written"}})["Item"]
    finally:
        functions.delete_function(FunctionName=name)
        dynamodb.delete_table(TableName=name)
    assert said["id"] == "made"
    assert said["endpoint"] != functions.meta.endpoint_url
    assert written["by"] == {"S": "the function"}
