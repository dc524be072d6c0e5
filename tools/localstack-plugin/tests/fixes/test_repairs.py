"""The repairs of LocalStack: their rules alone, then on the platform."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from localstack_fixes.caller_identity import identity
from localstack_fixes.dynamodb_local import without_java_agents
from localstack_fixes.environment_registry import SnapshotDict
from localstack_fixes.event_keys import with_plain_key
from localstack_fixes.execution_input import with_text
from localstack_fixes.sns_emails import email
from localstack_fixes.unreached_functions import event_of
from patience import soon

PATIENT = Config(max_pool_connections=40, read_timeout=60, retries={"total_max_attempts": 1})


def test_the_java_agent_is_taken_out() -> None:
    """Only the agent goes: all else of the command stays, in its order."""
    command = ["java", "-Xmx256m", "-javaagent:/a/loader.jar", "-jar", "DynamoDBLocal.jar"]
    assert without_java_agents(command) == ["java", "-Xmx256m", "-jar", "DynamoDBLocal.jar"]


def test_a_description_carries_the_text_it_was_started_with() -> None:
    """The text replaces what LocalStack wrote; an execution without one is described as before."""
    assert with_text({"input": "[5.1]", "name": "n"}, "[5.10]") == {"input": "[5.10]", "name": "n"}
    assert with_text({"input": "{}"}, None) == {"input": "{}"}


@pytest.mark.parametrize(
    ("written", "key"),
    [("a/b.json", "a/b.json"), ("gr%C3%BCn%20%2B%20100%25.json", "grün + 100%.json")],
)
def test_a_key_is_not_spelt_as_in_a_url(written: str, key: str) -> None:
    """Only the key changes; size, version and all else of the entry stay."""
    detail = {"bucket": {"name": "b"}, "object": {"key": written, "size": 3}}
    changed = with_plain_key({"Source": "aws.s3", "Detail": json.dumps(detail)})
    assert changed["Source"] == "aws.s3"
    assert json.loads(changed["Detail"]) == {**detail, "object": {"key": key, "size": 3}}


def test_an_email_has_the_subject_of_its_message() -> None:
    """Without a subject it has AWS's; the sender has the display name of the topic, if any."""
    made = email(to="ada@example.com", subject="Failed", text="why", sender="releases")
    assert made == {
        "Source": "releases <no-reply@sns.amazonaws.com>",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Message": {"Subject": {"Data": "Failed"}, "Body": {"Text": {"Data": "why"}}},
    }
    unnamed = email(to="ada@example.com", subject=None, text="why", sender=None)
    assert unnamed["Source"] == "no-reply@sns.amazonaws.com"
    assert unnamed["Message"]["Subject"] == {"Data": "AWS Notification Message"}


def test_values_may_be_iterated_while_others_are_added() -> None:
    """A loop over the values sees those there were, and no error, when one is added meanwhile."""
    environments = SnapshotDict(a=1, b=2)
    seen = []
    for value in environments.values():
        environments[f"new{value}"] = value
        seen.append(value)
    assert seen == [1, 2]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (EndpointConnectionError(endpoint_url="http://localhost"), "SdkClientException"),
        (ReadTimeoutError(endpoint_url="http://localhost"), "SdkClientException"),
        (ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"), "TooManyRequests"),
    ],
    ids=["no connection", "no answer", "refused"],
)
def test_an_invocation_that_does_not_reach_lambda_can_be_retried(
    raised: Exception, code: str
) -> None:
    """LocalStack makes the error of a client ``Lambda.CODE``, and all else States.Runtime."""
    events: list[Exception] = []
    event_of(lambda _task, _env, error: events.append(error), None, None, raised)
    (error,) = events
    assert isinstance(error, ClientError)
    assert error.response["Error"]["Code"].startswith(code)


def test_an_api_is_told_who_signed() -> None:
    """STS names the caller where the method wants a signature and there is one; else nobody."""
    caller = {"Account": "1", "UserId": "u", "Arn": "arn:aws:iam::1:user/maria"}
    signed, open_to_all = {"authorizationType": "AWS_IAM"}, {"authorizationType": "NONE"}
    said = identity(signed, "AKIA1", lambda: caller)
    assert said["userArn"] == "arn:aws:iam::1:user/maria"
    assert (said["accessKey"], said["accountId"], said["user"]) == ("AKIA1", "1", "u")
    assert identity(signed, None, lambda: caller) == {}
    assert identity(open_to_all, "AKIA1", lambda: caller) == {}


@pytest.mark.platform
@pytest.mark.parametrize("text", ['{"releaseId": 5.10}', '{"a":1,  "a":2}', '{"n": 1E2}'])
def test_an_input_comes_back_to_the_letter(make_machine: Callable[..., str], text: str) -> None:
    """DescribeExecution returns what StartExecution got: numbers, spaces, repeated keys."""
    client = boto3.client("stepfunctions")
    arn = make_machine({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    execution = client.start_execution(stateMachineArn=arn, input=text)["executionArn"]
    assert client.describe_execution(executionArn=execution)["input"] == text


@pytest.mark.platform
def test_an_execution_is_started_through_an_alias(make_machine: Callable[..., str]) -> None:
    """DescribeExecution names the alias; a start of the state machine itself has none."""
    client = boto3.client("stepfunctions")
    machine = make_machine({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    version = client.publish_state_machine_version(stateMachineArn=machine)
    alias = client.create_state_machine_alias(
        name="door",
        routingConfiguration=[
            {"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}
        ],
    )["stateMachineAliasArn"]

    started = [client.start_execution(stateMachineArn=each) for each in (machine, alias)]

    described = [client.describe_execution(executionArn=each["executionArn"]) for each in started]
    assert [each.get("stateMachineAliasArn") for each in described] == [None, alias]
    assert {each["stateMachineArn"] for each in described} == {machine}
    assert all(
        each["executionArn"].startswith(machine.replace("stateMachine", "execution"))
        for each in described
    )


@pytest.mark.platform
def test_an_execution_can_be_hidden(make_machine: Callable[..., str]) -> None:
    """A hidden execution does not exist for DescribeExecution, and does when it is shown again."""
    client = boto3.client("stepfunctions")
    arn = make_machine({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    url = f"{client.meta.endpoint_url}/_stepfunctions/unseen/{execution}"
    send = URLLib3Session().send
    send(AWSRequest(method="PUT", url=url).prepare())
    with pytest.raises(client.exceptions.ExecutionDoesNotExist):
        client.describe_execution(executionArn=execution)
    send(AWSRequest(method="DELETE", url=url).prepare())
    assert client.describe_execution(executionArn=execution)["executionArn"] == execution


@pytest.mark.platform
def test_many_first_invocations_at_once_all_succeed(make_function: Callable[[str], str]) -> None:
    """Thirty invocations that arrive together at a function nobody has called are all answered."""
    client = boto3.client("lambda", config=PATIENT)
    name = make_function("def handler(event, context):\n    return event\n")

    def invoke(number: int) -> Any:
        return json.load(client.invoke(FunctionName=name, Payload=str(number))["Payload"])

    with ThreadPoolExecutor(30) as threads:
        assert list(threads.map(invoke, range(30))) == list(range(30))


def test_what_was_loaded_at_the_start_is_looked_at_no_more() -> None:
    """A collection afterwards has only what was made since to look at."""
    script = (
        f"import gc, sys; sys.path[:] = {sys.path}; "
        "from localstack_fixes.startup_heap import freeze; freeze(); "
        "print(gc.get_freeze_count() > 1000, len(gc.get_objects()) < 1000)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True True\n"


@pytest.mark.platform
def test_the_platform_keeps_what_sns_sends_by_email() -> None:
    """An e-mail has the body of its protocol, the subject of the message, and the topic's name."""
    sns = boto3.client("sns")
    attributes = {"DisplayName": "releases"}
    topic = sns.create_topic(Name=f"emails-{uuid4()}", Attributes=attributes)["TopicArn"]
    address = f"{uuid4()}@example.com"
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    bodies = {"default": "for programs", "email": "for people"}
    sns.publish(
        TopicArn=topic, Subject="Failed", MessageStructure="json", Message=json.dumps(bodies)
    )
    kept = soon(lambda: email_to(address, platform=sns.meta.endpoint_url), "the e-mail")
    sns.delete_topic(TopicArn=topic)
    assert kept["Source"] == "releases <no-reply@sns.amazonaws.com>"
    assert (kept["Subject"], kept["Body"]["text_part"]) == ("Failed", "for people")


def email_to(address: str, *, platform: str) -> dict[str, Any] | None:
    """The e-mail to an address, if it was sent."""
    request = AWSRequest("GET", f"{platform}/_aws/ses").prepare()
    kept = json.loads(URLLib3Session().send(request).content)["messages"]
    found = (each for each in kept if each["Destination"]["ToAddresses"] == [address])
    return next(found, None)
