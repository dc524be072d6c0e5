"""Every deployed alarm fires for what it is for, and stays silent for what is ordinary.

LocalStack evaluates alarms, but measures only queues and errors of functions by itself, and reads
no metrics from logs. So the values are put as AWS documents its metrics, and those of the functions
as the functions have logged them. What this does not prove is that AWS measures as it documents.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.alarms import Alarms, Value
from tests.e2e.account.faults import Faults
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest
from tests.worlds.measured import totals

pytestmark = pytest.mark.platform

HOUR = {"source": "aws.events", "detail-type": "Scheduled Event"}
LASTING = [Value(value=1, minutes_ago=minutes) for minutes in (1, 6, 11)]
# Metrics as AWS documents them: namespace, name and the names of the dimensions.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
QUEUE = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
RULE = ("AWS/Events", "InvocationsFailedToBeSentToDlq", "RuleName")
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
ERRORS = ("AWS/Lambda", "Errors", "FunctionName")
THROTTLES = ("AWS/Lambda", "Throttles", "FunctionName")
NOT_KEPT = ("AWS/Lambda", "DestinationDeliveryFailures", "FunctionName")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
API = ("AWS/ApiGateway", "5XXError", "ApiName", "Stage")
# lambdas/release_core/metrics.py
FAULTS = ("ReleaseMachine", "WorkflowFaults", "Deployment")
WAIT = ("ReleaseMachine", "OldestWaitSeconds", "Deployment")
LATE = ("ReleaseMachine", "ReleasesPastDeadline", "Deployment")


def times(count: int, *, within: float) -> list[Value]:
    """One after the other within this many minutes."""
    return [Value(value=1, minutes_ago=0.1 + number * within / count) for number in range(count)]


# By the end of the alarm's name, the longest first: its metric, values that raise it, and ordinary
# values, which do not.
CASES: Mapping[str, tuple[Sequence[str], list[Value], list[Value]]] = {
    "-not-empty": (QUEUE, [Value(value=1)], [Value(value=0)]),
    "manifest-dropped-lost": (RULE, [Value(value=1)], []),
    "state-changed-lost": (RULE, [Value(value=1)], []),
    "execution-ended-lost": (RULE, [Value(value=1)], []),
    "hour-passed-lost": (RULE, [Value(value=1)], []),
    "calendar-opened-lost": (RULE, [Value(value=1)], []),
    "people-told-lost": (RULE, [Value(value=1)], []),
    "-lost": (NOT_KEPT, [Value(value=1)], []),
    "open-release-errors": (ERRORS, times(7, within=18), times(6, within=18)),
    "run-pipeline-errors": (ERRORS, times(13, within=18), times(12, within=18)),
    "close-release-errors": (ERRORS, times(9, within=55), times(8, within=55)),
    "api-errors": (API, times(3, within=14), times(2, within=14)),
    # Many events of a release that is stopped are early, and come again a minute later.
    "-errors": (ERRORS, LASTING, [Value(value=50, minutes_ago=1), Value(value=2, minutes_ago=6)]),
    "-throttled": (THROTTLES, LASTING, [Value(value=50, minutes_ago=1)]),
    "workflow-failed": (FAULTS, [Value(value=1)], []),
    "waits-too-long": (WAIT, [Value(value=7201)], [Value(value=7200)]),
    "past-deadline": (LATE, [Value(value=1)], [Value(value=0)]),
}
MISSING_FIRES = {"waits-too-long", "past-deadline"}


@pytest.fixture(scope="module")
def alarms(account: Account) -> Alarms:
    """The deployed alarms."""
    return Alarms(account)


def case_of(name: str) -> str:
    """The key of the case of an alarm."""
    return max((end for end in CASES if name.endswith(end)), key=len)


def test_every_alarm_fires(alarms: Alarms) -> None:
    """Each deployed alarm has a case, and each case an alarm; it fires, and is silent otherwise."""
    deployed = alarms.deployed()
    missing = {case for case in CASES if case not in {case_of(name) for name in deployed}}
    assert missing <= {"calendar-opened-lost"}
    for name, alarm in deployed.items():
        (namespace, metric, *dimensions), fires, ordinary = CASES[case_of(name)]
        assert (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric), name
        assert sorted(each["Name"] for each in alarm["Dimensions"]) == dimensions, name
        assert alarms.state_with(alarm, fires) == "ALARM", name
        assert alarms.state_with(alarm, ordinary) == "OK", name
        without_data = "ALARM" if name in MISSING_FIRES else "OK"
        assert alarms.state_with(alarm, []) == without_data, name


def test_every_alarm_watches_what_exists(alarms: Alarms, account: Account) -> None:
    """The values of the dimensions are names of what is deployed."""
    machine = account.outputs["state_machine_arn"].rpartition(":")[2]
    queues = {url.rpartition("/")[2] for url in account.outputs["dead_letter_queue_urls"].values()}
    rules = {each["Name"] for each in account.events.list_rules(NamePrefix=machine)["Rules"]}
    names = {
        "QueueName": queues,
        "RuleName": rules,
        "FunctionName": set(account.outputs["function_names"].values()),
        "ApiName": {each["name"] for each in account.api.get_rest_apis()["items"]},
        "Stage": {account.outputs["api_root_url"].rpartition("/")[2]},
        "Deployment": {machine},
    }
    for name, alarm in alarms.deployed().items():
        for dimension in alarm["Dimensions"]:
            assert dimension["Value"] in names[dimension["Name"]], name


@pytest.mark.minute
def test_a_message_in_a_dead_letter_queue_fires(alarms: Alarms, account: Account) -> None:
    """LocalStack measures queues once a minute, as AWS does."""
    url = account.outputs["dead_letter_queue_urls"]["hour_passed"]
    sent = account.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(HOUR))
    assert sent["MessageId"]

    name = "hour-passed-undelivered-not-empty"
    wait_until("the alarm fires", lambda: alarms.state(name) == "ALARM", 200)

    account.sqs.purge_queue(QueueUrl=url)


def lines_of(account: Account, since: datetime) -> list[dict[str, Any]]:
    """What close_release has logged since then."""
    pages = account.logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{account.function('close_release')}",
        startTime=int(since.timestamp() * 1000),
    )
    texts = [event["message"] for page in pages for event in page["events"]]
    return [json.loads(text) for text in texts if text.startswith("{")]


def counted(account: Account, since: datetime, execution_arn: str) -> dict[str, float] | None:
    """What close_release has measured for a workflow execution; None if it has not seen its end."""
    lines = [
        each for each in lines_of(account, since) if each.get("execution_arn") == execution_arn
    ]
    return totals(json.dumps(each) for each in lines if "_aws" in each) if lines else None


def largest(account: Account, since: datetime, metric: str) -> float | None:
    """The largest value of a metric that close_release has logged since then."""
    values = [each[metric] for each in lines_of(account, since) if metric in each]
    return max(values, default=None)


def test_a_release_that_hangs_fires(
    alarms: Alarms,
    account: Account,
    functions: Functions,
    releases: Releases,
    pipelines: Pipelines,
    ledger: Ledger,
) -> None:
    """The hourly check measures a task that has not looked for three hours; its value fires."""
    name, release_id, since = pipelines.make(approval=True), unique("hangs"), datetime.now(UTC)
    arn = releases.start(manifest(release_id, name))
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)
    three_hours_ago = (since - timedelta(hours=3)).isoformat(timespec="milliseconds")
    before = {each: three_hours_ago.replace("+00:00", "Z") for each in ("token_registered_at",)}
    ledger.change_pipeline(release_id, name, before)
    ledger.change_header(release_id, {"opened_at": before["token_registered_at"]})

    functions.call("close_release", HOUR)

    measured = wait_until(
        "the wait is measured",
        lambda: found if (found := largest(account, since, WAIT[1])) else None,
    )
    assert 3 * 3600 <= measured < 3 * 3600 + 600
    alarm = alarms.deployed()["waits-too-long"]
    assert alarms.state_with(alarm, [Value(value=measured)]) == "ALARM"
    pipelines.approve(name, execution_id)
    assert releases.end(arn)["status"] == "SUCCEEDED"


def test_a_workflow_that_fails_by_itself_fires(
    alarms: Alarms, account: Account, functions: Functions
) -> None:
    """close_release counts it; its value fires."""
    since = datetime.now(UTC)
    machine = account.outputs["state_machine_arn"].replace(":stateMachine:", ":execution:")
    arn = f"{machine}:{unique('fault')}"
    detail = {"executionArn": arn, "status": "FAILED", "error": "States.Runtime"}
    functions.call("close_release", {"source": "aws.states", "detail": detail})

    found = wait_until("it is counted", lambda: counted(account, since, arn))

    assert found == {FAULTS[1]: 1}
    alarm = alarms.deployed()["workflow-failed"]
    assert alarms.state_with(alarm, [Value(value=1)]) == "ALARM"


def test_ordinary_ends_are_not_counted(
    account: Account, releases: Releases, pipelines: Pipelines, faults: Faults
) -> None:
    """Neither a rejected manifest nor a release whose pipeline failed."""
    name, since = pipelines.make(), datetime.now(UTC)
    rejected = releases.start(manifest(unique("rejected"), unique("plain-missing")))
    with faults.action("fail", pipeline=name, code="JobFailed"):
        failed = releases.start(manifest(unique("failed"), name))
        assert releases.end(failed)["error"] == "ReleaseFailed"
    assert releases.end(rejected)["error"] == "ManifestInvalid"

    def not_seen() -> set[str]:
        ends = "the workflow execution failed"
        lines = [each for each in lines_of(account, since) if ends in each.get("message", "")]
        return {rejected, failed} - {each.get("execution_arn", "") for each in lines}

    wait_until("close_release gets the events of their ends", lambda: not not_seen())
    for arn in (rejected, failed):
        assert FAULTS[1] not in (counted(account, since, arn) or {})
