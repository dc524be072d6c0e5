"""The command finds an event that a function gave up, sends it again, and deletes it."""

import json
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def letters_of(word: str) -> list[dict[str, Any]]:
    """The messages that mention a word; of messages that somebody else reads, none."""
    answer = run_command("dead-letters", "--json")
    assert answer.returncode == 0, answer.stderr
    return [each for each in json.loads(answer.stdout) if word in json.dumps(each)]


def test_an_event_that_a_function_gave_up(account: Account) -> None:
    """Lambda writes what the function failed with; a replay fails again, until it is deleted."""
    execution = unique("broken")
    machine = account.outputs["state_machine_arn"].replace(":stateMachine:", ":execution:")
    # The function is asked to close a release that does not exist, so it fails three times.
    event = {
        "release_id": unique("nowhere"),
        "execution_arn": f"{machine}:{execution}",
        "detail": {"executionArn": f"{machine}:{execution}", "status": "FAILED"},
    }
    rule = f"{machine.rpartition(':')[2]}-execution-ended"
    (target,) = account.events.list_targets_by_rule(Rule=rule)["Targets"]
    account.functions.invoke(
        FunctionName=target["Arn"], InvocationType="Event", Payload=json.dumps(event)
    )

    (letter,) = wait_until("the event is given up", lambda: letters_of(execution), 120)

    assert letter["queue"] == f"{account.function('close_release')}-failures"
    assert letter["executionArn"] == f"{machine}:{execution}"
    assert letter["releaseId"] is None
    assert letter["why"].startswith("the function failed: LookupError: there is no release")
    assert letter["why"].endswith("(after 3 tries)")
    (shown,) = json.loads(run_command("dead-letters", "show", letter["id"], "--json").stdout)
    assert shown["message"] == event
    replayed = run_command("dead-letters", "replay", letter["id"])
    assert replayed.returncode == 0, replayed.stderr
    (again,) = wait_until("it is given up again", lambda: letters_of(execution), 120)
    assert again["id"] != letter["id"]
    deleted = run_command("dead-letters", "delete", again["id"], "--yes")
    assert deleted.returncode == 0, deleted.stderr
    assert letters_of(execution) == []


def test_a_manifest_that_was_not_delivered(
    account: Account, releases: Releases, pipelines: Pipelines
) -> None:
    """A replay starts its release once; the message of a delivered one starts nothing new."""
    name, release_id = pipelines.make(), unique("undelivered")
    key = releases.drop(json.dumps(manifest(release_id, name)), key=f"{release_id}.json")
    first = releases.execution_of(key)
    assert releases.end(first)["status"] == "SUCCEEDED"
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": account.outputs["manifest_bucket"]},
            "object": {"key": key},
        },
    }
    sent = account.sqs.send_message(
        QueueUrl=account.outputs["dead_letter_queue_urls"]["manifest_dropped"],
        MessageBody=json.dumps(event),
    )

    wait_until("it is listed", lambda: letters_of(release_id))
    replayed = run_command("dead-letters", "replay", sent["MessageId"])

    assert replayed.returncode == 0, replayed.stderr
    arn = replayed.stdout.split()[-1]
    assert arn.endswith(f":replay-{sent['MessageId']}")
    ended = releases.end(arn)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["released_by"] == first
    assert len(pipelines.executions(name)) == 1
