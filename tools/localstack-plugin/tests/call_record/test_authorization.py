"""Which permissions calls need, as the service authorization reference says."""

from typing import Any

import pytest

from localstack_call_record.authorization import Call, Needed, Place, needed

PLACE = Place("aws", "eu-west-1", "111122223333")
AT = "eu-west-1:111122223333"
MACHINE = f"arn:aws:states:{AT}:stateMachine:releases"
TABLE = f"arn:aws:dynamodb:{AT}:table"


def permissions(service: str, operation: str, status: int = 200, **parameters: Any) -> set[Needed]:
    """What a call needs."""
    return set(needed(Call(service, operation, parameters, PLACE, status)))


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("dynamodb", "Query", {"TableName": "one"}, "dynamodb:Query", f"{TABLE}/one"),
        ("dynamodb", "PutItem", {"TableName": f"{TABLE}/one"}, "dynamodb:PutItem", f"{TABLE}/one"),
        (
            "dynamodb",
            "Query",
            {"TableName": "one", "IndexName": "by_time"},
            "dynamodb:Query",
            f"{TABLE}/one/index/by_time",
        ),
        (
            "s3",
            "GetObject",
            {"Bucket": "sources", "Key": "a/b.zip"},
            "s3:GetObject",
            "arn:aws:s3:::sources/a/b.zip",
        ),
        (
            "s3",
            "HeadObject",
            {"Bucket": "sources", "Key": "b.zip", "VersionId": "v"},
            "s3:GetObjectVersion",
            "arn:aws:s3:::sources/b.zip",
        ),
        (
            "s3",
            "PutObject",
            {"Bucket": "sources", "Key": "b.zip"},
            "s3:PutObject",
            "arn:aws:s3:::sources/b.zip",
        ),
        ("s3", "ListObjectsV2", {"Bucket": "sources"}, "s3:ListBucket", "arn:aws:s3:::sources"),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, "states:SendTaskSuccess", "*"),
        ("stepfunctions", "StopExecution", {"executionArn": "e"}, "states:StopExecution", "e"),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": MACHINE},
            "states:StartExecution",
            MACHINE,
        ),
        (
            "codepipeline",
            "GetPipeline",
            {"name": "web"},
            "codepipeline:GetPipeline",
            f"arn:aws:codepipeline:{AT}:web",
        ),
        (
            "codepipeline",
            "RetryStageExecution",
            {"pipelineName": "web", "stageName": "Deploy"},
            "codepipeline:RetryStageExecution",
            f"arn:aws:codepipeline:{AT}:web/Deploy",
        ),
        (
            "codepipeline",
            "PutApprovalResult",
            {"pipelineName": "web", "stageName": "Ask", "actionName": "Ada"},
            "codepipeline:PutApprovalResult",
            f"arn:aws:codepipeline:{AT}:web/Ask/Ada",
        ),
        (
            "ssm",
            "GetCalendarState",
            {"CalendarNames": ["closed"]},
            "ssm:GetCalendarState",
            f"arn:aws:ssm:{AT}:document/closed",
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "open", "Qualifier": "live"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{AT}:function:open:live",
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": f"arn:aws:lambda:{AT}:function:open"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{AT}:function:open",
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/aws/lambda/open", "logStreamName": "today"},
            "logs:PutLogEvents",
            f"arn:aws:logs:{AT}:log-group:/aws/lambda/open:log-stream:today",
        ),
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "http://localhost/111122223333/failures"},
            "sqs:SendMessage",
            f"arn:aws:sqs:{AT}:failures",
        ),
        ("sns", "Publish", {"TopicArn": "topic"}, "sns:Publish", "topic"),
        (
            "codecommit",
            "GetCommit",
            {"repositoryName": "web"},
            "codecommit:GetCommit",
            f"arn:aws:codecommit:{AT}:web",
        ),
        (
            "ecr",
            "DescribeImages",
            {"repositoryName": "web"},
            "ecr:DescribeImages",
            f"arn:aws:ecr:{AT}:repository/web",
        ),
    ],
)
def test_an_operation_of_one_resource(
    service: str, operation: str, parameters: dict[str, Any], action: str, resource: str
) -> None:
    """One action on the ARN of the resource, without condition keys."""
    assert permissions(service, operation, **parameters) == {Needed(action, resource)}


def test_a_transaction_needs_the_actions_of_its_items() -> None:
    """IAM knows no action for the transaction itself."""
    items = [
        {"Put": {"TableName": "one"}},
        {"ConditionCheck": {"TableName": "two"}},
        {"Update": {"TableName": "two"}},
    ]
    assert permissions("dynamodb", "TransactWriteItems", TransactItems=items) == {
        Needed("dynamodb:PutItem", f"{TABLE}/one"),
        Needed("dynamodb:ConditionCheckItem", f"{TABLE}/two"),
        Needed("dynamodb:UpdateItem", f"{TABLE}/two"),
    }


def test_a_batch_needs_its_action_on_each_table() -> None:
    """However many items of a table it reads."""
    assert permissions("dynamodb", "BatchGetItem", RequestItems={"one": {}, "two": {}}) == {
        Needed("dynamodb:BatchGetItem", f"{TABLE}/one"),
        Needed("dynamodb:BatchGetItem", f"{TABLE}/two"),
    }


def test_a_missing_object_needs_the_list_of_its_bucket() -> None:
    """Without it, S3 answers 403 instead of 404."""
    assert Needed("s3:ListBucket", "arn:aws:s3:::sources") in permissions(
        "s3", "HeadObject", status=404, Bucket="sources", Key="gone.zip"
    )


def test_a_log_group_counts_only_where_it_was_missing() -> None:
    """LocalStack tries to create it before each stream."""
    name = "/aws/lambda/open"
    assert permissions("logs", "CreateLogGroup", status=400, logGroupName=name) == set()
    assert permissions("logs", "CreateLogGroup", logGroupName=name) == {
        Needed("logs:CreateLogGroup", f"arn:aws:logs:{AT}:log-group:/aws/lambda/open")
    }


def test_everybody_may_ask_who_they_are() -> None:
    """No policy needs to allow it."""
    assert permissions("sts", "GetCallerIdentity") == set()
    assert permissions("sts", "AssumeRole", RoleArn="role") == {Needed("sts:AssumeRole", "role")}


def test_a_start_through_an_alias_is_a_start_of_the_machine_with_its_qualifier() -> None:
    """A policy tells them apart by a condition only."""
    alias = (("states:StateMachineQualifier", "api"),)
    through = permissions("stepfunctions", "StartExecution", stateMachineArn=f"{MACHINE}:api")
    assert through == {Needed("states:StartExecution", MACHINE, alias)}


def test_each_event_is_authorized_with_its_source() -> None:
    """On its bus, which has a default."""
    entries = [
        {"Source": "releases", "DetailType": "Started"},
        {"Source": "other", "DetailType": "Started", "EventBusName": "second"},
    ]
    found = permissions("events", "PutEvents", Entries=entries)
    assert {(each.resource, dict(each.context)["events:source"]) for each in found} == {
        (f"arn:aws:events:{AT}:event-bus/default", "releases"),
        (f"arn:aws:events:{AT}:event-bus/second", "other"),
    }


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("glue", "StartJobRun", "glue:StartJobRun"),
        ("s3", "DeleteObject", "s3:DeleteObject"),
        ("dynamodb", "ListTables", "dynamodb:ListTables"),
        ("lambda", "GetFunction", "lambda:GetFunction"),
    ],
)
def test_an_operation_that_is_not_known_has_no_resource(
    service: str, operation: str, action: str
) -> None:
    """No policy can allow it, so a test that compares fails instead of passing it over."""
    assert permissions(service, operation, Bucket="b") == {Needed(action, None)}
